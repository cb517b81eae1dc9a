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

// MaxBody is the largest body taken, in bytes (API.md "Conventions").
const MaxBody = 1 << 20

// readBody returns the body of a request, nil for none. It refuses one that is
// too large or says it is something else than JSON.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > MaxBody {
		w.Header().Set("Connection", "close") // rather than read it to the end
		return nil, errTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("read the body: %w", err)
	case err != nil:
		return nil, problem.Bad("unreadable_body", "the body could not be read to its end")
	case len(body) == 0:
		return nil, nil
	}
	return body, checkMediaType(r.Header)
}

var errTooLarge = &problem.Refusal{
	Status: http.StatusRequestEntityTooLarge, Code: "body_too_large",
	Detail: fmt.Sprintf("a body may have at most %d bytes", MaxBody),
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
func (b bodyShape) decode(body []byte, in any) (clean []byte, err error) {
	var tree any = map[string]any{}
	if body != nil {
		if tree, err = parseJSON(body); err != nil {
			return nil, err
		}
	}
	if object, ok := tree.(map[string]any); ok {
		b.trim(object)
	}
	if faults := append(controlled(tree, ""), b.check(tree, problem.BodyPrefix)...); len(faults) > 0 {
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
