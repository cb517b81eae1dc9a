package bind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"helpdesk/httpapi/problem"
)

// Bounds are how much a body may hold.
type Bounds struct {
	Bytes  int64
	Values int // members and elements, at whatever depth
}

// The bounds of bodies: of people who proved who they are, and of anybody, which is
// enough for a form.
var (
	Proven  = Bounds{Bytes: 1 << 20, Values: 2_000} // API.md "Conventions"; a hundred operations of a bulk call are 801 values
	Anybody = Bounds{Bytes: 16 << 10, Values: 100}
	Unread  = Bounds{} // of a body that is no JSON, which the handler reads by itself
)

func (b Bounds) tooLarge() error {
	return &problem.Refusal{
		Status: http.StatusRequestEntityTooLarge, Code: "body_too_large",
		Detail: fmt.Sprintf("a body may have at most %d bytes here", b.Bytes),
	}
}

func (b Bounds) tooMany() error {
	return problem.Bad("too_many_values", fmt.Sprintf("a body may have at most %d members and elements here", b.Values))
}

// read returns the body of a request, nil for none. It refuses one that is
// too large or says it is something else than JSON.
func (b Bounds) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > b.Bytes {
		w.Header().Set("Connection", "close") // rather than read it to the end
		return nil, b.tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, b.Bytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, b.tooLarge()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("read the body: %w", err)
	case err != nil:
		return nil, problem.Bad("unreadable_body", "the body could not be read to its end")
	case len(body) == 0:
		return nil, nil
	}
	return body, checkMediaType(r.Header)
}

func checkMediaType(h http.Header) error {
	refused := &problem.Refusal{
		Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type",
		Detail: "a body must be application/json in UTF-8, without a content coding",
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return refused
	}
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return refused
	}
	for name, value := range params {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return refused
		}
	}
	return nil
}

// bodyShape is what a route knows of the body it takes.
type bodyShape struct {
	shape
	trimmed []string // members whose surrounding white space does not count
}

// decode checks body against the shape, fills in from it and returns what it was
// filled from: members in order, without white space. No body at all is an
// object without members.
func (b bodyShape) decode(body []byte, bounds Bounds, in any) (clean []byte, err error) {
	var tree any = map[string]any{}
	if body != nil {
		if tree, err = parseJSON(body, bounds, &b.schema); err != nil {
			return nil, err
		}
	}
	if object, ok := tree.(map[string]any); ok {
		b.trim(object)
	}
	if faults := append(controlled(tree, nil), b.check(tree, problem.BodyPrefix)...); len(faults) > 0 {
		return nil, problem.Invalid(faults...)
	}
	// From the tree, not from the bytes: it is what was checked.
	if clean, err = json.Marshal(tree); err != nil {
		return nil, fmt.Errorf("write the checked body: %w", err)
	}
	if err := json.Unmarshal(clean, in); err != nil {
		return nil, problem.Bad("malformed_json", "the body is not valid")
	}
	return clean, nil
}

func (b bodyShape) trim(object map[string]any) {
	for _, name := range b.trimmed {
		if s, ok := object[name].(string); ok {
			object[name] = strings.TrimSpace(s)
		}
	}
}
