package httpapi

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/spec"
)

// documentPath is where the document is served.
const documentPath = "/openapi.json"

// Health is the answer of what runs.
type Health struct {
	Status string   `json:"status" required:"true" enum:"ok,ready"`
	Paused []string `json:"paused,omitempty" description:"Projections and other followers that an operator paused: reads show what they have."`

	Warnings []string `json:"warnings,omitempty" description:"What an operator should look at though calls are answered."`
}

var operations = spec.Tag{Name: "Operations", About: "What operators and tools ask; anyone may."}

// outside are the operations outside the table that clients and tools have a use for.
var outside = []spec.Operation{
	{
		Path: "/healthz", ID: "health", Summary: "Ask whether the process answers",
		About: "Says that, and nothing more.", Out: Health{},
	},
	{
		Path: "/readyz", ID: "readiness", Summary: "Ask whether calls can be answered now",
		About: "Where they can't, errors names what is not in order.",
		Out:   Health{}, Statuses: []int{http.StatusServiceUnavailable},
	},
	{
		Path: documentPath, ID: "openapi", Summary: "Read this document",
		About: "OpenAPI 3.1, made from the table that calls are served by.",
		Out:   map[string]any{}, Answered: []string{"ETag"}, Headers: []string{"If-None-Match"},
		Statuses: []int{http.StatusNotModified, http.StatusBadRequest},
	},
}

// describe makes the OpenAPI 3.1 document of what the API serves, from the
// table it is served by and the schemas that requests are checked with.
func describe(a *API) ([]byte, error) {
	var all []spec.Operation
	for i := range a.table {
		all = append(all, a.table[i].operation())
	}
	for _, o := range outside {
		o.Method, o.Tag, o.Status = http.MethodGet, operations, http.StatusOK
		o.Headers = append([]string{"X-Request-Id"}, o.Headers...)
		o.Answered = append([]string{"X-Request-Id"}, o.Answered...)
		o.Statuses = append(slices.Clone(o.Statuses), http.StatusInternalServerError)
		all = append(all, o)
	}
	return spec.Make(all, a.front.Public())
}

// operation describes the route.
func (r *Route) operation() spec.Operation {
	o := spec.Operation{
		Method: r.Method, Path: r.Path, ID: r.ID, Summary: r.Summary, About: r.About, Tag: r.Tag, Security: r.schemes(),
		In: r.Handler.In, Binder: r.binder, Uploads: r.Handler.uploads, Takes: r.Handler.takes, Ranges: r.Handler.ranges, Headers: r.requestHeaders(),
		Status: r.Status, Out: r.Handler.Out, Stream: r.stream(), Choices: r.Choices, Answered: r.answerHeaders(), Statuses: r.refusals(),
	}
	if o.About == "" {
		o.About = r.Summary + "."
	}
	if _, none := r.Handler.Out.(Empty); none {
		o.Out = nil
	}
	if r.reads() && r.versioned() {
		o.Statuses = append(o.Statuses, http.StatusNotModified)
	}
	return o
}

// schemes lists the ways to prove who is calling, nil where anyone may call.
func (r *Route) schemes() []string {
	switch r.Who {
	case Anyone:
		return nil
	case InPerson:
		return []string{spec.BySession}
	}
	return []string{spec.BySession, spec.ByToken}
}

// stream returns the media type of a stream, "" for JSON.
func (r *Route) stream() string {
	name, _, _ := strings.Cut(r.Handler.Media[0], ";")
	if name == jsonType {
		return ""
	}
	return name
}

// requestHeaders lists the headers that a call understands.
func (r *Route) requestHeaders() []string {
	names := []string{"X-Request-Id"}
	if r.reads() {
		if r.versioned() {
			names = append(names, "If-None-Match")
		}
		if r.Handler.ranges {
			names = append(names, "If-None-Match", "Range")
		}
		return append(names, "Min-Event-Position")
	}
	names = append(names, "Idempotency-Key")
	if r.writes() {
		names = append(names, "If-Match", "Prefer")
	}
	return names
}

// answerHeaders lists the headers that a call's success may carry.
func (r *Route) answerHeaders() []string {
	names := spec.UsualHeaders()
	if r.reads() {
		names = append(names, "Projection-Position")
	} else {
		names = append(names, "Idempotency-Replayed")
	}
	if r.writes() {
		names = append(names, "Event-Position", "Preference-Applied")
	}
	if r.Status == http.StatusCreated {
		names = append(names, "Location")
	}
	if r.versioned() || r.Handler.ranges {
		names = append(names, "ETag")
	}
	if r.Handler.ranges {
		names = append(names, "Accept-Ranges", "Content-Range", "Content-Security-Policy")
	}
	if _, paged := reflect.TypeOf(r.Handler.In).FieldByName("Listing"); paged {
		names = append(names, "Link")
	}
	return append(names, r.Headers...)
}

// refusals lists the statuses of refusal that a call can give. They follow
// from the order of work in the package comment; what does not is in the route.
func (r *Route) refusals() []int {
	all := []int{http.StatusBadRequest, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}
	if r.Who != Anyone {
		all = append(all, http.StatusUnauthorized)
	}
	if strings.Contains(r.Path, "{") {
		all = append(all, http.StatusNotFound)
	}
	if !r.reads() {
		all = append(all, http.StatusForbidden, http.StatusConflict, http.StatusPreconditionFailed,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	if r.Handler.ranges {
		all = append(all, http.StatusNotModified, http.StatusRequestedRangeNotSatisfiable)
	}
	all = append(all, r.Also...)
	all = slices.DeleteFunc(all, func(status int) bool { return slices.Contains(r.Never, status) })
	slices.Sort(all)
	return slices.Compact(all)
}

// reads reports whether a call changes nothing.
func (r *Route) reads() bool { return r.Method == http.MethodGet }

// writes reports whether a call appends to the log: then it has versions to match.
func (r *Route) writes() bool { return slices.Contains(r.refusals(), http.StatusPreconditionFailed) }

// versioned reports whether a call answers something that has an ETag: a
// structure with a version.
func (r *Route) versioned() bool {
	t := reflect.TypeOf(r.Handler.Out)
	return t != nil && t.Kind() == reflect.Struct && bind.HasMember(t, "version")
}

// servedDocument is the document as it goes out.
type servedDocument struct {
	text []byte
	etag string
}

func (a *API) makeDocument() (servedDocument, error) {
	text, err := describe(a)
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
