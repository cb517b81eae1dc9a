package spec

import (
	"net/http"
	"reflect"
	"slices"

	swaggest "github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go/openapi31"

	"helpdesk/httpapi/bind"
)

// SchemasAt is where in the document the schemas are.
const SchemasAt = "#/components/schemas/"

// parameters describes what a call takes from its address and its headers.
func (d *Document) parameters(o *Operation) ([]openapi31.ParameterOrReference, error) {
	var all []openapi31.ParameterOrReference
	for _, in := range o.Binder.Path(reflect.TypeOf(o.In)) {
		schema, err := d.shapeOf(in, map[string]any{"type": "string", "minLength": 1})
		if err != nil {
			return nil, err
		}
		p := openapi31.Parameter{Name: in.Name, In: openapi31.ParameterInPath, Schema: schema}
		p.WithRequired(true)
		p.WithDescription(in.About)
		all = append(all, openapi31.ParameterOrReference{Parameter: &p})
	}
	params, query := o.Binder.Query(reflect.TypeOf(o.In))
	for _, in := range params {
		p, err := queryParameter(in.Name, query)
		if err != nil {
			return nil, err
		}
		if p.Schema, err = d.shapeOf(in, p.Schema); err != nil {
			return nil, err
		}
		all = append(all, openapi31.ParameterOrReference{Parameter: p})
	}
	for _, name := range o.Headers {
		all = append(all, refParameter(name))
	}
	return all, nil
}

// shapeOf returns the schema of a parameter: usual, or a reference to the type's own
// where its JSON shape is not its Go shape. In a client that is a type with a name.
func (d *Document) shapeOf(in bind.Param, usual map[string]any) (map[string]any, error) {
	if _, shaped := in.Of.(bind.Shaped); !shaped {
		return usual, nil
	}
	err := d.define(in.Of)
	return map[string]any{"$ref": SchemasAt + bind.SchemaName(reflect.TypeOf(in.Of))}, err
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

// upload describes the body of a call that takes a file: of one media type, else of any, as
// the part of a form or as it is.
func upload(takes string) *openapi31.RequestBodyOrReference {
	file := map[string]any{"type": "string", "format": "binary"}
	body := &openapi31.RequestBody{}
	body.WithRequired(true)
	if takes != "" {
		body.WithContentItem(takes, openapi31.MediaType{Schema: file})
		return &openapi31.RequestBodyOrReference{RequestBody: body}
	}
	body.WithContentItem("multipart/form-data", openapi31.MediaType{Schema: map[string]any{
		"type": "object", "required": []string{"file"}, "properties": map[string]any{"file": file},
	}})
	body.WithContentItem("application/octet-stream", openapi31.MediaType{Schema: file})
	return &openapi31.RequestBodyOrReference{RequestBody: body}
}

// requestBody describes the body a call takes, nil for none: by the very
// schema that it is checked with.
func (d *Document) requestBody(o *Operation) (*openapi31.RequestBodyOrReference, error) {
	if o.Uploads {
		return upload(o.Takes), nil
	}
	schema := o.Binder.Body()
	if o.Method == http.MethodGet || len(schema.Properties) == 0 {
		return nil, nil
	}
	name := reflect.TypeOf(o.In).Name()
	d.note(o.In)
	content, err := schema.ToSchemaOrBool().ToSimpleMap()
	if err != nil {
		return nil, err
	}
	delete(content, "title")
	d.SpecEns().ComponentsEns().WithSchemasItem(name, content)
	body := &openapi31.RequestBody{}
	body.WithContentItem("application/json", openapi31.MediaType{Schema: map[string]any{"$ref": SchemasAt + name}})
	body.WithRequired(len(schema.Required) > 0)
	return &openapi31.RequestBodyOrReference{RequestBody: body}, nil
}
