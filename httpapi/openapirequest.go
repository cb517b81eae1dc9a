package httpapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"

	swaggest "github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go/openapi31"
)

const schemasAt = "#/components/schemas/"

// parameters describes what a call takes from its address and its headers.
func (d *document) parameters(route *Route) ([]openapi31.ParameterOrReference, error) {
	var all []openapi31.ParameterOrReference
	for _, f := range route.binder.path {
		schema := map[string]any{"type": "string", "minLength": 1}
		p := openapi31.Parameter{Name: f.name, In: openapi31.ParameterInPath, Schema: schema}
		p.WithRequired(true)
		p.WithDescription(reflect.TypeOf(route.Handler.In).FieldByIndex(f.index).Tag.Get("description"))
		all = append(all, openapi31.ParameterOrReference{Parameter: &p})
	}
	query := route.binder.query
	for _, f := range query.fields {
		p, err := queryParameter(f.name, query.schema)
		if err != nil {
			return nil, err
		}
		all = append(all, openapi31.ParameterOrReference{Parameter: p})
	}
	for _, name := range requestHeadersOf(route) {
		all = append(all, refParameter(name))
	}
	return all, nil
}

func queryParameter(name string, of swaggest.Schema) (*openapi31.Parameter, error) {
	p := &openapi31.Parameter{Name: name, In: openapi31.ParameterInQuery}
	property := *of.Properties[name].TypeObject
	p.Description, property.Description = property.Description, nil
	schema, err := property.ToSchemaOrBool().ToSimpleMap()
	if err != nil {
		return nil, err
	}
	if property.HasType(swaggest.Array) {
		// What is sent is never null, and commas are as good as repeating.
		schema["type"], schema["minItems"] = "array", 1
		p.WithStyle(openapi31.ParameterStyleForm).WithExplode(false)
	}
	p.Schema = schema
	if slices.Contains(of.Required, name) {
		p.WithRequired(true)
	}
	return p, nil
}

// requestBody describes the body a call takes, nil for none: by the very
// schema that it is checked with.
func (d *document) requestBody(route *Route) (*openapi31.RequestBodyOrReference, error) {
	schema := route.binder.body.schema
	if reads(route) || len(schema.Properties) == 0 {
		return nil, nil
	}
	name := reflect.TypeOf(route.Handler.In).Name()
	content, err := schema.ToSchemaOrBool().ToSimpleMap()
	if err != nil {
		return nil, err
	}
	delete(content, "title")
	d.SpecEns().ComponentsEns().WithSchemasItem(name, content)
	body := &openapi31.RequestBody{}
	body.WithContentItem("application/json", openapi31.MediaType{Schema: map[string]any{"$ref": schemasAt + name}})
	body.WithRequired(len(schema.Required) > 0)
	return &openapi31.RequestBodyOrReference{RequestBody: body}, nil
}

// addExamples puts an example into each schema that has one.
func (d *document) addExamples() error {
	for name, text := range examples {
		schema, ok := d.Spec.Components.Schemas[name]
		if !ok {
			continue // a test says so
		}
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return err
		}
		schema["examples"] = []any{value}
	}
	return nil
}

// reads reports whether a call changes nothing.
func reads(route *Route) bool { return route.Method == http.MethodGet }
