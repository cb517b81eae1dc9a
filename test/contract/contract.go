// Package contract holds answers of the API against the OpenAPI document that
// describes them: an answer whose status, media type, header or body is not in
// the document is an error, and so is a member the document does not name.
package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Document is an OpenAPI document, ready to hold answers against. It is safe
// for concurrent use.
type Document struct {
	// Operations are all calls, by path and method.
	Operations []*Operation

	problem *jsonschema.Schema
}

// Operation is one call.
type Operation struct {
	ID, Method, Path string
	Parameters       []Parameter
	// Body is the schema of the request's body, nil for none.
	Body map[string]any
	// Anyone reports whether it needs no session.
	Anyone bool
	// Responses are by status.
	Responses map[int]*Response

	parts []string
}

// Endless reports whether the answer of success goes on until the client leaves.
func (o *Operation) Endless() bool {
	response, ok := o.Responses[http.StatusOK]
	if !ok {
		return false
	}
	_, ok = response.bodies["text/event-stream"]
	return ok
}

// Parameter is a parameter of an operation.
type Parameter struct {
	Name, In string
	Required bool
	Schema   map[string]any
}

// Response is a documented answer.
type Response struct {
	headers []string
	// bodies are by media type; nil for one that is not JSON. None: no body.
	bodies map[string]*jsonschema.Schema
}

// location is the name the compiler knows the document by.
const location = "openapi.json"

// Golden returns the document of this source tree, parsed once.
var Golden = sync.OnceValues(func() (*Document, error) {
	text, err := GoldenText()
	if err != nil {
		return nil, err
	}
	return Parse(text)
})

// GoldenText returns the document of this source tree as it is served.
func GoldenText() ([]byte, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(root, "httpapi", "testdata", "openapi.json"))
}

// Root returns the folder of go.mod, looked for from the working folder up.
func Root() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod at or above the working folder")
		}
	}
	return "", err
}

// Parse reads a document and compiles every schema of an answer.
func Parse(text []byte) (*Document, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	root, _ := value.(map[string]any)
	r := reader{root: root, compiler: jsonschema.NewCompiler()}
	r.compiler.AssertFormat()
	closeObjects(object(root, "components", "schemas"))
	if err := r.compiler.AddResource(location, root); err != nil {
		return nil, err
	}
	d := &Document{}
	if d.problem, err = r.compile("#/components/schemas/Problem"); err != nil {
		return nil, err
	}
	for _, path := range names(object(root, "paths")) {
		for _, method := range names(object(root, "paths", path)) {
			op, err := r.operation(path, method)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			d.Operations = append(d.Operations, op)
		}
	}
	return d, nil
}

// closeObjects refuses members that the schemas do not name. The document
// leaves them open, for clients to live with those to come.
func closeObjects(schemas map[string]any) {
	cases := map[string]bool{} // of a structure that has further members
	for name := range schemas {
		for _, one := range list(object(schemas, name)["oneOf"]) {
			ref, _ := one.(map[string]any)["$ref"].(string)
			cases[path.Base(ref)] = true
		}
	}
	for name := range schemas {
		schema := object(schemas, name)
		if cases[name] {
			continue
		}
		if _, said := schema["additionalProperties"]; !said && len(object(schema, "properties")) > 0 {
			schema["additionalProperties"] = false
		}
	}
}

// reader takes a document apart.
type reader struct {
	root     map[string]any
	compiler *jsonschema.Compiler
}

func (r reader) operation(path, method string) (*Operation, error) {
	raw := object(r.root, "paths", path, method)
	op := &Operation{
		Method: strings.ToUpper(method), Path: path, Responses: map[int]*Response{}, parts: split(path),
	}
	op.ID, _ = raw["operationId"].(string)
	for _, need := range list(raw["security"]) {
		op.Anyone = op.Anyone || len(need.(map[string]any)) == 0
	}
	for _, entry := range list(raw["parameters"]) {
		_, p := r.resolve(entry, "")
		name, _ := p["name"].(string)
		in, _ := p["in"].(string)
		required, _ := p["required"].(bool)
		op.Parameters = append(op.Parameters, Parameter{Name: name, In: in, Required: required, Schema: object(p, "schema")})
	}
	if content := object(raw, "requestBody", "content", "application/json"); content != nil {
		_, op.Body = r.resolve(content["schema"], "")
	}
	for _, code := range names(object(raw, "responses")) {
		status, err := strconv.Atoi(code)
		if err != nil {
			return nil, err
		}
		at := pointer("paths", path, method, "responses", code)
		if op.Responses[status], err = r.response(object(raw, "responses", code), at); err != nil {
			return nil, err
		}
	}
	return op, nil
}

func (r reader) response(entry map[string]any, at string) (*Response, error) {
	at, raw := r.resolve(entry, at)
	response := &Response{headers: names(object(raw, "headers")), bodies: map[string]*jsonschema.Schema{}}
	for _, mediaType := range names(object(raw, "content")) {
		response.bodies[mediaType] = nil
		if !strings.HasSuffix(mediaType, "json") || strings.HasSuffix(mediaType, "ndjson") {
			continue
		}
		schema, err := r.compile(at + pointer("content", mediaType, "schema")[1:])
		if err != nil {
			return nil, err
		}
		response.bodies[mediaType] = schema
	}
	return response, nil
}

// resolve follows the reference that an entry may be, and returns where it led.
func (r reader) resolve(entry any, at string) (string, map[string]any) {
	raw, _ := entry.(map[string]any)
	ref, ok := raw["$ref"].(string)
	if !ok {
		return at, raw
	}
	return ref, object(r.root, split(strings.TrimPrefix(ref, "#"))...)
}

func (r reader) compile(at string) (*jsonschema.Schema, error) {
	return r.compiler.Compile(location + at)
}

// pointer writes a JSON Pointer as the fragment of an address. The compiler
// takes braces for no part of one unless they are escaped.
func pointer(tokens ...string) string {
	at := "#"
	for _, token := range tokens {
		token = strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
		at += "/" + strings.NewReplacer("%2F", "/").Replace(url.PathEscape(token))
	}
	return at
}

// split returns the parts of a path, with and without a slash at its end the same.
func split(path string) []string {
	return strings.Split(strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"), "/")
}

// object returns the object at a path of members, nil when there is none.
func object(v map[string]any, path ...string) map[string]any {
	for _, name := range path {
		v, _ = v[name].(map[string]any)
	}
	return v
}

func list(v any) []any {
	all, _ := v.([]any)
	return all
}

func names(v map[string]any) []string {
	all := make([]string, 0, len(v))
	for name := range v {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// decode reads a body with numbers as they are written.
func decode(body []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var value any
	err := dec.Decode(&value)
	return value, err
}
