package httpapi

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	swaggest "github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"

	"helpdesk/edge"
)

// contractVersion is the version of the API that the document describes: its
// first part is raised when clients have to change.
const contractVersion = "1.0.0"

const aboutAPI = `A helpdesk whose every change is an event.

Every path works with and without the slash at its end. Bodies are JSON in UTF-8; members and parameters that are not named here are refused, and so is text with control characters. White space around a text does not count, but in passwords. Times are RFC 3339 in UTC with microseconds.

A ticket is named by its id or its number, a user by id or username. What the caller may not see is answered as if it did not exist: 404. An address that does not exist is 404 too, a method that an address does not know 405 with the header Allow, and HEAD is understood wherever GET is.

A write answers once what is read next shows it, at most two seconds later; where the reading side is not there in time the answer is a receipt with the position to wait for. Every refusal is a problem document (RFC 9457).`

// document describes the calls of the API.
type document struct {
	*openapi31.Reflector
	tags []string // in the order of the table
}

// describe makes the OpenAPI 3.1 document of what the API serves, from the
// table it is served by and the schemas that requests are checked with.
func (a *API) describe() ([]byte, error) {
	d := &document{Reflector: openapi31.NewReflector()}
	d.DefaultOptions = append(append(d.DefaultOptions, schemaOptions()...), nullability)
	spec := d.SpecEns()
	spec.Info = openapi31.Info{Title: "Helpdesk", Version: contractVersion}
	spec.Info.WithDescription(aboutAPI)
	spec.Info.WithContact(*new(openapi31.Contact).WithName("The helpdesk").WithEmail("helpdesk@example.com"))
	spec.Info.WithLicense(*(&openapi31.License{Name: "All rights reserved"}).WithIdentifier("LicenseRef-all-rights-reserved"))
	// First where the document is: a page may speak to its own origin alone.
	spec.WithServers(*(&openapi31.Server{URL: "/"}).WithDescription("This helpdesk"))
	if a.front.Public() != "" {
		spec.Servers = append(spec.Servers, *(&openapi31.Server{URL: a.front.Public()}).WithDescription("This helpdesk, as others reach it"))
	}
	d.addSecurity()
	d.addHeaders()
	if err := d.addProblems(); err != nil {
		return nil, err
	}
	for i := range a.table {
		if err := d.addRoute(&a.table[i]); err != nil {
			return nil, fmt.Errorf("describe %s: %w", a.table[i].ID, err)
		}
	}
	for _, o := range operations {
		if err := d.addOperation(o); err != nil {
			return nil, fmt.Errorf("describe %s: %w", o.path, err)
		}
	}
	for _, name := range d.tags {
		spec.Tags = append(spec.Tags, *(&openapi31.Tag{Name: name}).WithDescription(aboutTag(name)))
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

// nullability says of answers what encoding/json does: a pointer is null where
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

// The ways to say who is calling.
const (
	bySession = "session"
	byToken   = "token"
)

func (d *document) addSecurity() {
	d.Spec.SetAPIKeySecurity(bySession, edge.SessionCookie, openapi.InCookie, "The cookie that signing in sets.")
	d.Spec.SetHTTPBearerTokenSecurity(byToken, "hd_…", "An API token.")
}

// security says who may make a call. The empty requirement is nobody in particular.
func security(who Who) []map[string][]string {
	switch who {
	case Anyone:
		return []map[string][]string{{}}
	case InPerson:
		return []map[string][]string{{bySession: {}}}
	}
	return []map[string][]string{{bySession: {}}, {byToken: {}}}
}

// tag returns the group that a path belongs to, and notes it.
func (d *document) tag(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, "/api"), "/"), "/")
	name, ok := groups[first]
	if !ok {
		name = strings.ToUpper(first[:1]) + first[1:]
	}
	if !slices.Contains(d.tags, name) {
		d.tags = append(d.tags, name)
	}
	return name
}

// groups are the tags of what is not called by the first part of its path.
var groups = map[string]string{
	"register": "Account", "login": "Account", "logout": "Account", "me": "Account", "reports": "Report",
}

// aboutTags says what the calls of a group are for.
var aboutTags = map[string]string{
	"Account":     "Registering, signing in and one's own profile.",
	"Users":       "People and their roles.",
	"Tickets":     "Tickets and what can be done with them.",
	"Comments":    "What is said on tickets, and notes among staff.",
	"Events":      "What happens, as it happens, and the log of all of it.",
	"Report":      "What happened, counted.",
	"Projections": "The read models: where they stand, and building them anew.",
	"Audit":       "The log as a Merkle tree, for public tools to verify.",
	operationsTag: "What operators and tools ask; anyone may.",
}

func aboutTag(name string) string {
	if about, ok := aboutTags[name]; ok {
		return about
	}
	return name + "."
}

// addRoute describes one call of the table.
func (d *document) addRoute(route *Route) error {
	oc, err := d.NewOperationContext(route.Method, route.Path)
	if err != nil {
		return err
	}
	oc.SetID(route.ID)
	oc.SetSummary(route.Summary)
	oc.SetDescription(aboutRoute(route))
	oc.SetTags(d.tag(route.Path))
	op := oc.(openapi31.OperationExposer).Operation()
	op.Security = security(route.Who)
	if op.Parameters, err = d.parameters(route); err != nil {
		return err
	}
	if op.RequestBody, err = d.requestBody(route); err != nil {
		return err
	}
	oc.AddRespStructure(answerOf(route), openapi.WithHTTPStatus(route.Status), openapi.WithCustomize(func(c openapi.ContentOrReference) {
		response := c.(*openapi31.ResponseOrReference).Response
		response.Description = http.StatusText(route.Status)
		response.Headers = headersOf(route)
		for _, mediaType := range streamsOf(route) {
			response.WithContentItem(mediaType, openapi31.MediaType{Schema: map[string]any{"type": "string"}})
		}
	}))
	answers := op.ResponsesEns()
	if reads(route) && versioned(route) {
		answers.WithMapOfResponseOrReferenceValuesItem("304", refResponse(http.StatusNotModified))
	}
	for _, status := range problemsOf(route) {
		answers.WithMapOfResponseOrReferenceValuesItem(strconv.Itoa(status), refResponse(status))
	}
	return d.AddOperation(oc)
}

// answerOf is the structure of success, nil for an answer without a body.
func answerOf(route *Route) any {
	if _, none := route.Handler.Out.(Empty); none {
		return nil
	}
	return route.Handler.Out
}

// streamsOf lists the media types, beside JSON, that success may have.
func streamsOf(route *Route) []string {
	var types []string
	for _, media := range route.Handler.Media {
		if name, _, _ := strings.Cut(media, ";"); name != jsonType {
			types = append(types, name)
		}
	}
	return types
}

// aboutRoute is what is worth saying of a call beside its summary.
func aboutRoute(route *Route) string {
	text := notes[route.ID].text
	if text == "" {
		text = route.Summary + "."
	}
	return text
}

// servedDocument is the document as it goes out.
type servedDocument struct {
	text []byte
	etag string
}

func (a *API) makeDocument() (servedDocument, error) {
	text, err := a.describe()
	if err != nil {
		return servedDocument{}, fmt.Errorf("describe the API: %w", err)
	}
	return servedDocument{text: text, etag: fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(text))[:32])}, nil
}

// serveDocument returns the document, made at the first request for it.
func (a *API) serveDocument(g *gin.Context) {
	d, err := a.spec()
	if err != nil {
		a.refuse(g, err)
		return
	}
	header := g.Writer.Header()
	public(header)
	header.Set("ETag", d.etag)
	switch same, err := unmodified(g.Request.Header, d.etag); {
	case err != nil:
		a.refuse(g, err)
	case same:
		g.Writer.WriteHeader(http.StatusNotModified)
		g.Writer.WriteHeaderNow()
	default:
		writeBody(g.Writer, http.StatusOK, "application/json", d.text)
	}
}
