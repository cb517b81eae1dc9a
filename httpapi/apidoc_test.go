package httpapi_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"helpdesk/httpapi/spec"
	"helpdesk/test/prose"
)

// TestTheReferenceIsMadeOfTheDocument keeps docs/api.md true.
func TestTheReferenceIsMadeOfTheDocument(t *testing.T) {
	var r reference
	if err := json.Unmarshal(described(t), &r.document); err != nil {
		t.Fatal(err)
	}
	r.write()
	golden(t, "../docs/api.md", []byte(prose.Wrap(r.text.String())))
}

type tree = map[string]any

// reference writes the document down for people.
type reference struct {
	document struct {
		Info       struct{ Description string }
		Tags       []struct{ Name, Description string }
		Paths      map[string]map[string]describedCall
		Components struct {
			Schemas    map[string]tree
			Parameters map[string]describedParameter
			Responses  map[string]struct{ Description string }
		}
	}
	text strings.Builder
}

type describedCall struct {
	OperationID          string
	Summary, Description string
	Tags                 []string
	Parameters           []describedParameter
	RequestBody          struct {
		Content map[string]struct{ Schema tree }
	}
	Responses map[string]struct {
		Ref     string `json:"$ref"`
		Content map[string]struct{ Schema tree }
	}
	Security []tree
}

type describedParameter struct {
	Ref                   string `json:"$ref"`
	Name, In, Description string
	Schema                tree
}

func (r *reference) line(format string, args ...any) {
	fmt.Fprintf(&r.text, format+"\n", args...)
}

func (r *reference) write() {
	r.line("# The API, call by call\n")
	r.line("Made from `/openapi.json` by a test; `go test ./httpapi -run Reference -update` writes it.\n")
	r.line("%s", r.document.Info.Description)
	for _, tag := range r.document.Tags {
		r.line("\n## %s\n\n%s", tag.Name, tag.Description)
		for _, path := range slices.Sorted(maps.Keys(r.document.Paths)) {
			for _, method := range []string{"get", "post", "put", "patch", "delete"} {
				if call, ok := r.document.Paths[path][method]; ok && call.Tags[0] == tag.Name {
					r.call(strings.ToUpper(method), path, call)
				}
			}
		}
	}
	r.line("\n## Refusals\n")
	for _, status := range slices.Sorted(maps.Keys(spec.AboutProblem)) {
		r.line("- %d: %s", status, r.document.Components.Responses[spec.ResponseName(status)].Description)
	}
	r.line("\n## Headers of requests\n")
	for _, name := range slices.Sorted(maps.Keys(r.document.Components.Parameters)) {
		r.line("- `%s`: %s", name, r.document.Components.Parameters[name].Description)
	}
	r.line("\n## Schemas")
	for _, name := range slices.Sorted(maps.Keys(r.document.Components.Schemas)) {
		r.line("\n### %s\n", name)
		r.members(r.document.Components.Schemas[name])
	}
}

func (r *reference) call(method, path string, call describedCall) {
	r.line("\n### %s %s\n\n%s. %s", method, path, strings.TrimSuffix(call.Summary, "."), call.Description)
	switch {
	case len(call.Security) != 1:
	case len(call.Security[0]) == 0:
		r.line("Anyone may call it.")
	default:
		r.line("It takes a session; an API token is refused.")
	}
	r.line("")
	var headers []string
	for _, p := range call.Parameters {
		switch {
		case p.Ref != "":
			headers = append(headers, "`"+p.Ref[strings.LastIndex(p.Ref, "/")+1:]+"`")
		default:
			r.line("- `%s` (%s): %s. %s", p.Name, p.In, typeName(p.Schema), p.Description)
		}
	}
	r.line("- headers: %s", strings.Join(headers, ", "))
	for _, mediaType := range slices.Sorted(maps.Keys(call.RequestBody.Content)) {
		r.line("- body: %s", typeName(call.RequestBody.Content[mediaType].Schema))
	}
	var refusals []string
	for _, status := range slices.Sorted(maps.Keys(call.Responses)) {
		response := call.Responses[status]
		if response.Ref != "" {
			refusals = append(refusals, status)
			continue
		}
		var answers []string
		for _, mediaType := range slices.Sorted(maps.Keys(response.Content)) {
			answer := typeName(response.Content[mediaType].Schema)
			if mediaType != "application/json" {
				answer = mediaType + " " + answer
			}
			answers = append(answers, answer)
		}
		answer := cmp.Or(strings.Join(answers, ", or "), "nothing")
		r.line("- %s: %s", status, answer)
	}
	r.line("- else: %s", strings.Join(refusals, ", "))
}

// members lists those of a schema, or says what it is.
func (r *reference) members(schema tree) {
	properties, _ := schema["properties"].(tree)
	if len(properties) == 0 {
		r.line("%s", typeName(schema))
		return
	}
	required, _ := schema["required"].([]any)
	r.line("| member | type | |\n|---|---|---|")
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		member := properties[name].(tree)
		about, _ := member["description"].(string)
		if !slices.Contains(required, any(name)) {
			about = strings.TrimSpace("Optional. " + about)
		}
		r.line("| `%s` | %s | %s |", name, typeName(member), about)
	}
}

// typeName returns what a schema allows, in one phrase.
func typeName(schema tree) string {
	if ref, ok := schema["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, spec.SchemasAt)
		return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
	}
	for _, choice := range []string{"oneOf", "anyOf"} {
		if of, ok := schema[choice].([]any); ok {
			return bounded(schema, eachName(of))
		}
	}
	if values, ok := schema["enum"].([]any); ok {
		return bounded(schema, eachValue(values))
	}
	if items, ok := schema["items"].(tree); ok {
		return "array of " + typeName(items)
	}
	of := fmt.Sprint(schema["type"])
	if list, ok := schema["type"].([]any); ok {
		of = eachValue(list)
	}
	if format, ok := schema["format"].(string); ok && format != "int64" {
		of += ", " + format
	}
	return bounded(schema, of)
}

// bounded adds what bounds the values of a type.
func bounded(schema tree, of string) string {
	for _, bound := range []struct{ name, words string }{
		{"minimum", "at least %v"}, {"maximum", "at most %v"}, {"maxLength", "at most %v characters"}, {"default", "default %v"},
	} {
		if value, ok := schema[bound.name]; ok {
			of += ", " + fmt.Sprintf(bound.words, value)
		}
	}
	return of
}

func eachName(schemas []any) string {
	var all []string
	for _, one := range schemas {
		all = append(all, typeName(one.(tree)))
	}
	return strings.Join(all, " or ")
}

func eachValue(values []any) string {
	var all []string
	for _, one := range values {
		all = append(all, fmt.Sprint(one))
	}
	return strings.Join(all, " or ")
}
