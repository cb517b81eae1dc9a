// Package spec makes the OpenAPI 3.1 document of an API from a description of
// its operations, with the schemas that requests are checked with.
package spec

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	swaggest "github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"

	"helpdesk/edge"
	"helpdesk/httpapi/bind"
)

// contractVersion is the version of the API that the document describes: its
// first part is raised when clients have to change.
const contractVersion = "1.0.0"

const aboutAPI = `A helpdesk whose every change is an event.

Every path works with and without the slash at its end. Bodies are JSON in UTF-8; members and parameters that are not named here are refused, and so is text with control characters. White space around a text does not count, but in passwords. Times are RFC 3339 in UTC with microseconds.

A ticket is named by its id or its number, a user by id, username or mail address. What the caller may not see is answered as if it did not exist: 404. An address that does not exist is 404 too, a method that an address does not know 405 with the header Allow, and HEAD is understood wherever GET is.

A write answers with the resource as the write left it, and no read is older than the log was when it came. Every refusal is a problem document (RFC 9457).`

// Operation is one call as the document describes it.
type Operation struct {
	Method, Path string
	ID           string
	Summary      string
	About        string // what is worth saying beside the summary
	Tag          Tag
	Security     []string    // the schemes that may be used, of [BySession] and [ByToken]; nil: anyone may call it
	In           any         // zero value of what it takes
	Binder       bind.Binder // of In; the zero one where it takes nothing
	Uploads      bool        // the body is a file
	Takes        string      // the media type of that file; "": any
	Ranges       bool        // it answers a part of its stream where it is asked for one
	Headers      []string    // of the request
	Status       int         // of success
	Out          any         // zero value of what it answers as JSON; nil: a stream, or nothing
	Stream       string      // the media type of a stream; "" for JSON
	Choices      []Choice    // of the schemas that it takes or answers
	Answered     []string    // the headers of success
	Statuses     []int       // the others that it answers with, each a response of its own
}

// Tag is the group of operations that one belongs to.
type Tag struct{ Name, About string }

// Document describes the calls of an API.
type Document struct {
	*openapi31.Reflector
	tags     []Tag             // in the order of the operations
	examples map[string]string // by name of a schema
}

// Make makes the document of operations. public is the address that others reach
// the API at, "" where it is not known.
func Make(operations []Operation, public string) ([]byte, error) {
	d := &Document{Reflector: openapi31.NewReflector(), examples: map[string]string{}}
	d.DefaultOptions = append(append(d.DefaultOptions, bind.SchemaOptions()...), nullability, swaggest.InterceptSchema(d.noteExample))
	spec := d.SpecEns()
	spec.Info = openapi31.Info{Title: "Helpdesk", Version: contractVersion}
	spec.Info.WithDescription(aboutAPI)
	spec.Info.WithContact(*new(openapi31.Contact).WithName("The helpdesk").WithEmail("helpdesk@example.com"))
	spec.Info.WithLicense(*(&openapi31.License{Name: "Apache License 2.0"}).WithIdentifier("Apache-2.0"))
	// First where the document is: a page may speak to its own origin alone.
	spec.WithServers(*(&openapi31.Server{URL: "/"}).WithDescription("This helpdesk"))
	if public != "" {
		spec.Servers = append(spec.Servers, *(&openapi31.Server{URL: public}).WithDescription("This helpdesk, as others reach it"))
	}
	d.addSecurity()
	d.addHeaders()
	if err := d.addProblems(); err != nil {
		return nil, err
	}
	for i := range operations {
		if err := d.add(&operations[i]); err != nil {
			return nil, fmt.Errorf("describe %s: %w", operations[i].ID, err)
		}
	}
	for i := range operations {
		for _, choice := range operations[i].Choices {
			if err := d.choose(choice); err != nil {
				return nil, fmt.Errorf("describe a choice of %s: %w", operations[i].ID, err)
			}
		}
	}
	for _, tag := range d.tags {
		spec.Tags = append(spec.Tags, *(&openapi31.Tag{Name: tag.Name}).WithDescription(tag.About))
	}
	if err := d.addExamples(); err != nil {
		return nil, err
	}
	for _, schema := range spec.Components.Schemas {
		allowNull(schema)
	}
	text, err := json.MarshalIndent(spec, "", "  ")
	return append(text, '\n'), err
}

// add describes one call.
func (d *Document) add(o *Operation) error {
	oc, err := d.NewOperationContext(o.Method, o.Path)
	if err != nil {
		return err
	}
	oc.SetID(o.ID)
	oc.SetSummary(o.Summary)
	oc.SetDescription(o.About)
	oc.SetTags(o.Tag.Name)
	if !slices.Contains(d.tags, o.Tag) {
		d.tags = append(d.tags, o.Tag)
	}
	op := oc.(openapi31.OperationExposer).Operation()
	op.Security = security(o.Security)
	if op.Parameters, err = d.parameters(o); err != nil {
		return err
	}
	if op.RequestBody, err = d.requestBody(o); err != nil {
		return err
	}
	statuses := []int{o.Status}
	if o.Ranges {
		statuses = append(statuses, http.StatusPartialContent)
	}
	for _, status := range statuses {
		oc.AddRespStructure(o.Out, openapi.WithHTTPStatus(status), openapi.WithCustomize(func(c openapi.ContentOrReference) {
			response := c.(*openapi31.ResponseOrReference).Response
			response.Description = http.StatusText(status)
			response.Headers = refHeaders(o.Answered...)
			if o.Stream != "" {
				response.WithContentItem(o.Stream, openapi31.MediaType{Schema: streamed(o)})
			}
		}))
	}
	for _, status := range o.Statuses {
		op.ResponsesEns().WithMapOfResponseOrReferenceValuesItem(strconv.Itoa(status), refResponse(status))
	}
	return d.AddOperation(oc)
}

// streamed returns the schema of a stream: text, or a file's bytes.
func streamed(o *Operation) map[string]any {
	if o.Ranges {
		return map[string]any{"type": "string", "format": "binary"}
	}
	return map[string]any{"type": "string"}
}

// noteExample notes the example of a type that has one, by the name of its schema.
func (d *Document) noteExample(p swaggest.InterceptSchemaParams) (stop bool, err error) {
	if p.Value.IsValid() && p.Value.CanInterface() && p.Value.Kind() != reflect.Pointer {
		d.note(p.Value.Interface())
	}
	return false, nil
}

func (d *Document) note(of any) {
	if e, ok := of.(interface{ Example() string }); ok && e.Example() != "" {
		d.examples[bind.SchemaName(reflect.TypeOf(of))] = e.Example()
	}
}

// addExamples puts an example into each schema that has one.
func (d *Document) addExamples() error {
	for name, text := range d.examples {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return fmt.Errorf("example of %s: %w", name, err)
		}
		d.Spec.Components.Schemas[name]["examples"] = []any{value}
	}
	return nil
}

// allowNull takes back the type that the reflector puts beside a choice between
// null and a struct it meets there for the first time: null is not of that type.
func allowNull(schema map[string]any) {
	if choice, ok := schema["anyOf"].([]any); ok && len(choice) == 2 && schema["type"] != nil {
		if first, ok := choice[0].(map[string]any); ok && first["type"] == "null" {
			delete(schema, "type")
		}
	}
	for _, member := range schema {
		if inner, ok := member.(map[string]any); ok {
			allowNull(inner)
		}
	}
}

// nullability states of answers what encoding/json does: a pointer is null where
// it points to nothing, unless it is then left out.
func nullability(rc *swaggest.ReflectContext) {
	rc.EnvelopNullability = true
	swaggest.InterceptNullability(func(p swaggest.InterceptNullabilityParams) {
		if p.OmitEmpty && p.Schema.HasType(swaggest.Null) {
			p.Schema.RemoveType(swaggest.Null)
		}
		// A pointer to a type that writes itself as text is left as it is.
		if to := p.Schema.Ref; to != nil && !p.OmitEmpty && p.Type.Kind() == reflect.Pointer {
			p.Schema.Ref = nil
			p.Schema.AnyOf = []swaggest.SchemaOrBool{swaggest.Null.ToSchemaOrBool(), (&swaggest.Schema{Ref: to}).ToSchemaOrBool()}
		}
	})(rc)
}

// The ways to prove who is calling.
const (
	BySession = "session"
	ByToken   = "token"
)

func (d *Document) addSecurity() {
	d.Spec.SetAPIKeySecurity(BySession, edge.SessionCookie, openapi.InCookie, "The cookie that signing in sets; over TLS its name is "+edge.SecureCookie+".")
	d.Spec.SetHTTPBearerTokenSecurity(ByToken, "hd_…", "An API token.")
}

// security lists the requirements of which one is to be met. The empty
// requirement is nobody in particular.
func security(schemes []string) (all []map[string][]string) {
	for _, scheme := range schemes {
		all = append(all, map[string][]string{scheme: {}})
	}
	if all == nil {
		return []map[string][]string{{}}
	}
	return all
}
