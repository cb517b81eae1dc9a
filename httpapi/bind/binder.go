package bind

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	swaggest "github.com/swaggest/jsonschema-go"

	"helpdesk/domain"
	"helpdesk/httpapi/problem"
)

// field is a member of an In struct that a tag marks.
type field struct {
	name  string
	index []int
}

// fieldsOf lists the members of struct type t that carry tag, those of
// embedded structs too.
func fieldsOf(t reflect.Type, tag string) []field {
	var all []field
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
		if name != "" && name != "-" && f.IsExported() {
			all = append(all, field{name: name, index: f.Index})
		}
	}
	return all
}

// taggedFields lists the JSON members on which tag is "true".
func taggedFields(t reflect.Type, tag string) []string {
	var names []string
	for _, f := range fieldsOf(t, "json") {
		if t.FieldByIndex(f.index).Tag.Get(tag) == "true" {
			names = append(names, f.name)
		}
	}
	return names
}

// queryShape is what a route knows of its parameters.
type queryShape struct {
	shape
	fields []field
}

// Bounds of the query of an address.
const (
	maxParameters = 100
	maxListed     = 100 // values of one parameter
)

// decode checks the query of u and fills in, a pointer to a struct, from it.
func (q queryShape) decode(u *url.URL, in any) error {
	if strings.Count(u.RawQuery, "&") >= maxParameters {
		return problem.Bad("too_many_parameters", fmt.Sprintf("the address may have at most %d parameters", maxParameters))
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return problem.Bad("malformed_query", "the query string of the address is not valid")
	}
	tree := map[string]any{}
	var faults []problem.Violation
	for name, given := range values {
		value, fault := parameter(q.types[name], given)
		if fault != nil {
			fault.Pointer = pointerTo([]string{name}, problem.ParamPrefix)
			faults = append(faults, *fault)
			continue
		}
		tree[name] = value
	}
	faults = append(faults, q.check(tree, problem.ParamPrefix)...)
	if len(faults) > 0 {
		return problem.Invalid(faults...)
	}
	into := reflect.ValueOf(in).Elem()
	for _, f := range q.fields {
		value, given := tree[f.name]
		if !given {
			continue
		}
		data, err := json.Marshal(value)
		if err == nil {
			err = json.Unmarshal(data, into.FieldByIndex(f.index).Addr().Interface())
		}
		if err != nil {
			return problem.Invalid(problem.Violation{Pointer: problem.ParamPrefix + f.name, Code: "format", Detail: "is not a valid value"})
		}
	}
	return nil
}

var wholeNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})$`)

// parameter turns the texts given for one parameter into a JSON value of its
// type. Which values are allowed is the schema's to say.
func parameter(jsonType string, given []string) (any, *problem.Violation) {
	for _, text := range given {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return nil, &problem.Violation{Code: "control_character", Detail: "must be UTF-8 text without control characters"}
		}
	}
	if jsonType == "array" {
		parts := strings.SplitN(strings.Join(given, ","), ",", maxListed+1)
		if len(parts) > maxListed {
			return nil, &problem.Violation{Code: "max_items", Detail: fmt.Sprintf("at most %d are allowed", maxListed)}
		}
		var all []any
		for _, part := range parts {
			all = append(all, part)
		}
		return all, nil
	}
	if len(given) > 1 {
		return nil, &problem.Violation{Code: "repeated", Detail: "must be given only once"}
	}
	text := given[0]
	switch {
	case jsonType == "integer" && wholeNumber.MatchString(text):
		return json.Number(text), nil
	case jsonType == "boolean" && (text == "true" || text == "false"):
		return text == "true", nil
	case jsonType == "date-time":
		return UnspacedZone(text), nil
	case jsonType == "integer" || jsonType == "boolean":
		return nil, &problem.Violation{Code: "type", Detail: "must be " + kindWord(jsonType)}
	}
	return text, nil
}

// UnspacedZone gives back the plus sign of a zone that a client forgot to
// percent-encode: in a query it stands for a space.
func UnspacedZone(instant string) string {
	if at := len(instant) - len(" 02:00"); at > 0 && instant[at] == ' ' {
		return instant[:at] + "+" + instant[at+1:]
	}
	return instant
}

// Binder fills a struct from a request: its members tagged path, query and json
// from the address and the body, each checked against the schema that their tags
// make. The zero Binder binds nothing.
type Binder struct {
	path   []field
	query  queryShape
	body   bodyShape
	bounds Bounds // of the body
	// secret: the body holds a password, a member tagged secret:"true".
	secret bool
}

// New makes the binder of a struct type: it reads the tags of in, which MUST be a
// struct. bounds are those of the body.
func New(in any, bounds Bounds) (b Binder, err error) {
	t := reflect.TypeOf(in)
	b.bounds = bounds
	b.path = fieldsOf(t, "path")
	b.query.fields = fieldsOf(t, "query")
	b.body.trimmed = taggedFields(t, "trim")
	b.secret = len(taggedFields(t, "secret")) > 0
	if b.query.shape, err = reflectShape(in, "query"); err != nil {
		return b, err
	}
	b.body.shape, err = reflectShape(in, "json")
	return b, err
}

// Secret reports whether the body holds a password.
func (b Binder) Secret() bool { return b.secret }

// Param is a parameter of a path or a query.
type Param struct {
	Name, About string
	Of          any // zero value of the member it fills
}

// Path lists the parameters of the path that the struct t takes.
func (b Binder) Path(t reflect.Type) []Param { return params(t, b.path) }

func params(t reflect.Type, fields []field) (all []Param) {
	for _, f := range fields {
		member := t.FieldByIndex(f.index)
		all = append(all, Param{Name: f.name, About: member.Tag.Get("description"), Of: reflect.Zero(member.Type).Interface()})
	}
	return all
}

// Query lists the parameters of the query that the struct t takes, and returns the
// schema they are checked with.
func (b Binder) Query(t reflect.Type) ([]Param, swaggest.Schema) {
	return params(t, b.query.fields), b.query.schema
}

// Body returns the schema that the body is checked with.
func (b Binder) Body() swaggest.Schema { return b.body.schema }

// Bind fills in, a pointer to the struct the binder was made for, and returns
// the body it was filled from, in a form of its own that is the same for equal
// bodies. param returns the parts of the path by name.
func (b Binder) Bind(w http.ResponseWriter, r *http.Request, param func(string) string, in any) (body []byte, err error) {
	for _, f := range b.path {
		reflect.ValueOf(in).Elem().FieldByIndex(f.index).SetString(strings.TrimPrefix(param(f.name), "/")) // gin's rest of a path begins with it
	}
	if err := b.query.decode(r.URL, in); err != nil {
		return nil, err
	}
	if Safe(r) || b.bounds == Unread {
		return nil, nil
	}
	if body, err = b.bounds.read(w, r); err != nil {
		return nil, err
	}
	return b.body.decode(body, b.bounds, in)
}

// Safe reports whether a request changes nothing.
func Safe(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// HasMember reports whether the JSON of struct type t has a member of that name.
func HasMember(t reflect.Type, name string) bool {
	for _, f := range fieldsOf(t, "json") {
		if f.name == name {
			return true
		}
	}
	return false
}

// ParseUUID reads the form with hyphens alone, for uuid.Parse takes others too:
// [domain.ErrNotFound] for what is none.
func ParseUUID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 || id == uuid.Nil {
		return uuid.Nil, domain.ErrNotFound
	}
	return id, nil
}
