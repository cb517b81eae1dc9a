package contract

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Answer is an answer to hold against the document.
type Answer struct {
	Method string
	Path   string // or the address, with or without a query
	Status int
	Header http.Header
	Body   []byte
}

// plumbing is the headers that say nothing of a call: those of the transport,
// of caches and of browsers. A session may be renewed by any call.
var plumbing = []string{
	"Allow", "Cache-Control", "Connection", "Content-Disposition", "Content-Length", "Content-Type", "Cross-Origin-Resource-Policy",
	"Date", "Referrer-Policy", "Set-Cookie", "Transfer-Encoding", "Vary", "X-Content-Type-Options",
}

// outside is what the document is not about: pages, and the metrics, which may
// be at another address.
func outside(path string) bool {
	return path == "/" || path == "/metrics" || path == "/swagger" || strings.HasPrefix(path, "/swagger/") || strings.HasPrefix(path, "/assets/")
}

// Check returns what of an answer the document does not foresee, nil for nothing.
func (d *Document) Check(a Answer) error {
	path, _, _ := strings.Cut(a.Path, "?")
	if address, err := url.Parse(a.Path); err == nil {
		path = address.Path
	}
	if outside(path) {
		return nil
	}
	method := a.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	op := d.Find(method, path)
	if export := d.exported(method, path, a); export != nil {
		op = export
	}
	if op == nil {
		return d.checkStray(a)
	}
	response, ok := op.Responses[a.Status]
	if !ok {
		return fmt.Errorf("%s %s: status %d is not documented", a.Method, op.Path, a.Status)
	}
	if err := response.check(a); err != nil {
		return fmt.Errorf("%s %s: %d: %w", a.Method, op.Path, a.Status, err)
	}
	return nil
}

// Find returns the operation that a request belongs to, nil for none.
func (d *Document) Find(method, path string) *Operation {
	parts := split(path)
	var found *Operation
	for _, op := range d.Operations {
		// A path that is written out counts before one with a placeholder.
		if op.Method == method && op.covers(parts) && (found == nil || !strings.Contains(op.Path, "{")) {
			found = op
		}
	}
	return found
}

// exported returns the operation that an answer in another media type is described
// by, which a client chose by Accept; nil: there is none, or it is not one.
func (d *Document) exported(method, path string, a Answer) *Operation {
	const export = "/export/"
	op := d.Find(method, strings.TrimSuffix(path, "/")+export)
	mediaType, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if op == nil || err != nil || a.Status != http.StatusOK || !strings.HasSuffix(op.Path, export) {
		return nil
	}
	if _, ok := op.Responses[a.Status].bodies[mediaType]; !ok {
		return nil
	}
	return op
}

// covers reports whether a path in parts is one of the operation's. A name is not
// empty, but before a rest that takes slashes: one in a name ends it there.
func (o *Operation) covers(parts []string) bool {
	n := len(o.parts)
	takesSlashes := o.parts[n-1] == "{rest}"
	if takesSlashes && len(parts) > n {
		parts = parts[:n]
	}
	if len(parts) != len(o.parts) {
		return false
	}
	for i, part := range o.parts {
		if named := strings.HasPrefix(part, "{"); !named && part != parts[i] || named && parts[i] == "" && !takesSlashes {
			return false
		}
	}
	return true
}

// checkStray looks at the answer to a request that belongs to no operation:
// a problem that says so, or that the request came from elsewhere.
func (d *Document) checkStray(a Answer) error {
	switch a.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusForbidden:
	default:
		return fmt.Errorf("%s %s: status %d, and no such operation", a.Method, a.Path, a.Status)
	}
	if a.Method == http.MethodHead {
		return nil
	}
	value, err := decode(a.Body)
	if err == nil {
		err = d.problem.Validate(value)
	}
	return err
}

func (r *Response) check(a Answer) error {
	for name := range a.Header {
		documented := slices.ContainsFunc(r.headers, func(h string) bool { return strings.EqualFold(h, name) })
		if !documented && !slices.Contains(plumbing, name) {
			return fmt.Errorf("header %s is not documented", name)
		}
	}
	switch {
	case a.Method == http.MethodHead: // the server sends no body, whatever was written
		return nil
	case len(r.bodies) == 0 && len(a.Body) > 0:
		return errors.New("there is a body, and none is documented")
	case len(r.bodies) == 0:
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("media type %q: %w", a.Header.Get("Content-Type"), err)
	}
	schema, ok := r.bodies[mediaType]
	if !ok {
		schema, ok = r.bodies["*/*"]
	}
	if !ok {
		return fmt.Errorf("media type %s is not documented", mediaType)
	}
	if schema == nil {
		return nil
	}
	value, err := decode(a.Body)
	if err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	return schema.Validate(value)
}
