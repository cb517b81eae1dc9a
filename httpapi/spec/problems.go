package spec

import (
	"net/http"
	"strings"

	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"

	"helpdesk/httpapi/problem"
)

// AboutProblem is what each status of refusal means, wherever it is given.
var AboutProblem = map[int]string{
	http.StatusBadRequest:                   "The request is not valid; errors says where: a JSON Pointer into the body, or ?name of a parameter or header.",
	http.StatusUnauthorized:                 "Nobody is signed in, or not as they say.",
	http.StatusForbidden:                    "The caller's role may never do this, or a browser sent it from a page of another origin.",
	http.StatusNotFound:                     "There is no such thing, or none that the caller can see.",
	http.StatusConflict:                     "The username or mail address is taken, or the idempotency key is in use.",
	http.StatusPreconditionFailed:           "It is not at a version that If-Match names.",
	http.StatusRequestEntityTooLarge:        "The body is larger than 1 MiB, than 16 KiB where nobody has to be signed in, or a file than HELPDESK_ATTACHMENT_MAX.",
	http.StatusUnsupportedMediaType:         "The body is not application/json in UTF-8.",
	http.StatusUnprocessableEntity:          "Well-formed, but refused by a rule; code says by which.",
	http.StatusRequestedRangeNotSatisfiable: "The file has not so many bytes; Content-Range says how many it has.",
	http.StatusTooManyRequests:              "Too many calls; try again after Retry-After.",
	http.StatusInternalServerError:          "Something went wrong; the request id finds it in the log.",
	http.StatusServiceUnavailable:           "Not now: what is read has not come so far, or the service is busy. Try again after Retry-After.",
}

// UsualHeaders are on every answer of the API.
func UsualHeaders() []string {
	return []string{"X-Request-Id", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
}

// problemHeaders are those of refusals, beside the usual ones.
var problemHeaders = map[int][]string{
	http.StatusUnauthorized:                 {"WWW-Authenticate"},
	http.StatusForbidden:                    {"WWW-Authenticate"},
	http.StatusConflict:                     {"Idempotency-Replayed", "Retry-After"},
	http.StatusPreconditionFailed:           {"Idempotency-Replayed"},
	http.StatusUnprocessableEntity:          {"Idempotency-Replayed"},
	http.StatusTooManyRequests:              {"Retry-After"},
	http.StatusRequestedRangeNotSatisfiable: {"Content-Range"},
	http.StatusServiceUnavailable:           {"Retry-After"},
}

// addProblems makes the responses that calls refer to.
func (d *Document) addProblems() error {
	// The reflector makes the schema of a problem; the operation is thrown away.
	oc, err := d.NewOperationContext(http.MethodGet, "/")
	if err != nil {
		return err
	}
	oc.AddRespStructure(problem.Problem{}, openapi.WithContentType(problem.MediaType))
	if err := d.AddOperation(oc); err != nil {
		return err
	}
	content := d.Spec.Paths.MapOfPathItemValues["/"].Get.Responses.MapOfResponseOrReferenceValues["200"].Response.Content
	delete(d.Spec.Paths.MapOfPathItemValues, "/")

	components := d.SpecEns().ComponentsEns()
	for status, about := range AboutProblem {
		headers := append(UsualHeaders(), problemHeaders[status]...)
		r := &openapi31.Response{Description: about, Headers: refHeaders(headers...), Content: content}
		components.WithResponsesItem(ResponseName(status), openapi31.ResponseOrReference{Response: r})
	}
	unchanged := &openapi31.Response{
		Description: "The client has what is current.", Headers: refHeaders(append(UsualHeaders(), "ETag")...),
	}
	components.WithResponsesItem(ResponseName(http.StatusNotModified), openapi31.ResponseOrReference{Response: unchanged})
	return nil
}

// ResponseName is the name of the component for a status: "NotFound".
func ResponseName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }

func refResponse(status int) openapi31.ResponseOrReference {
	return openapi31.ResponseOrReference{Reference: &openapi31.Reference{
		Ref: "#/components/responses/" + ResponseName(status),
	}}
}
