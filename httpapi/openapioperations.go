package httpapi

import (
	"net/http"
	"strconv"

	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"
)

const operationsTag = "Operations"

// documentPath is where the document is served.
const documentPath = "/openapi.json"

// Health is the answer of what runs.
type Health struct {
	Status string   `json:"status" required:"true" enum:"ok,ready"`
	Paused []string `json:"paused,omitempty" description:"Read models and others that an operator holds: they answer with what they have."`
}

// operation is a call outside the table.
type operation struct {
	path, id, summary, about string
	answer                   any
	headers, parameters      []string // beside X-Request-Id
	statuses                 []int    // other than success
}

// operations are those of operate that clients and tools have a use for.
var operations = []operation{
	{
		path: "/healthz", id: "health", summary: "Ask whether the process answers",
		about: "Says that, and nothing more.", answer: Health{},
	},
	{
		path: "/readyz", id: "readiness", summary: "Ask whether calls can be answered now",
		about:  "Where they can't, errors names what is not in order.",
		answer: Health{}, statuses: []int{http.StatusServiceUnavailable},
	},
	{
		path: documentPath, id: "openapi", summary: "Read this document",
		about:   "OpenAPI 3.1, made from the table that calls are served by.",
		answer:  map[string]any{},
		headers: []string{"ETag"}, parameters: []string{"If-None-Match"},
		statuses: []int{http.StatusNotModified, http.StatusBadRequest},
	},
}

// addOperation describes one of operations.
func (d *document) addOperation(o operation) error {
	oc, err := d.NewOperationContext(http.MethodGet, o.path)
	if err != nil {
		return err
	}
	oc.SetID(o.id)
	oc.SetSummary(o.summary)
	oc.SetDescription(o.about)
	oc.SetTags(d.tag("/api/operations/"))
	op := oc.(openapi31.OperationExposer).Operation()
	op.Security = security(Anyone)
	for _, name := range append([]string{"X-Request-Id"}, o.parameters...) {
		op.Parameters = append(op.Parameters, refParameter(name))
	}
	oc.AddRespStructure(o.answer, openapi.WithHTTPStatus(http.StatusOK), openapi.WithCustomize(func(c openapi.ContentOrReference) {
		c.(*openapi31.ResponseOrReference).Response.Headers = refHeaders(append([]string{"X-Request-Id"}, o.headers...)...)
	}))
	for _, status := range append(o.statuses, http.StatusInternalServerError) {
		op.ResponsesEns().WithMapOfResponseOrReferenceValuesItem(strconv.Itoa(status), refResponse(status))
	}
	return d.AddOperation(oc)
}
