package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/edge"
)

// Problem is the body of every refusal (RFC 9457).
type Problem struct {
	Type     string      `json:"type" required:"true" description:"Stable identifier of the kind of problem; not an address."`
	Title    string      `json:"title" required:"true"`
	Status   int         `json:"status" required:"true"`
	Detail   string      `json:"detail,omitempty"`
	Code     string      `json:"code" required:"true" description:"The problem for programs."`
	Instance string      `json:"instance" required:"true" description:"Identifies this occurrence by its request id."`
	Errors   []Violation `json:"errors,omitempty"`

	retryAfter int // seconds, for the header; 0: not said
}

// Violation is one fault of a request.
type Violation struct {
	Pointer string `json:"pointer" required:"true" description:"JSON Pointer into the body, or ?name of a parameter or header."`
	Code    string `json:"code" required:"true"`
	Detail  string `json:"detail" required:"true"`
}

// problemType is the media type of a problem (RFC 9457 §3).
const problemType = "application/problem+json"

// maxViolations bounds how many faults one answer lists.
const maxViolations = 20

// refusal is what the edge itself refuses, before any rule is asked.
type refusal struct {
	status     int
	code       string
	detail     string
	violations []Violation
	retryAfter int // seconds; 0: not said
}

func (r *refusal) Error() string { return r.code }

// invalid refuses a request that is out of shape, naming each fault.
func invalid(violations ...Violation) *refusal {
	slices.SortStableFunc(violations, func(a, b Violation) int { return strings.Compare(a.Pointer, b.Pointer) })
	if len(violations) > maxViolations {
		violations = violations[:maxViolations]
	}
	return &refusal{
		status: http.StatusBadRequest, code: codeInvalid,
		detail: "the request is out of shape; errors says where", violations: violations,
	}
}

// Codes that more than one place gives.
const (
	codeInvalid     = "invalid_request"
	codeUnavailable = "unavailable"
	codeInternal    = "internal"
)

// errUnreadable returns a reader whose own profile is not projected yet.
var errUnreadable = &domain.Error{
	Kind: domain.KindUnavailable, Code: "not_fresh",
	Message: "the read side has not caught up yet, try again",
}

// problemOf turns any error into what may be told of it. known is false for an
// error nobody foresaw: that is to be logged.
func problemOf(err error) (p Problem, known bool) {
	var refused *refusal
	if errors.As(err, &refused) {
		return Problem{Status: refused.status, Code: refused.code, Detail: refused.detail, Errors: refused.violations, retryAfter: refused.retryAfter}, true
	}
	var beyond *edge.TooMany
	if errors.As(err, &beyond) {
		return problemOf(tooMany(beyond.Code, beyond.Detail, beyond.Retry))
	}
	var rule *domain.Error
	if errors.As(err, &rule) {
		if status, ok := edge.StatusOf[rule.Kind]; ok {
			return ruleProblem(rule, status), true
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Problem{
			Status: http.StatusServiceUnavailable, Code: codeUnavailable,
			Detail: "the request was not finished in time",
		}, true
	}
	return Problem{
		Status: http.StatusInternalServerError, Code: codeInternal,
		Detail: "something went wrong; the request id finds it in the log",
	}, false
}

func ruleProblem(rule *domain.Error, status int) Problem {
	p := Problem{Status: status, Code: rule.Code, Detail: rule.Message}
	if rule.Field == "" {
		return p
	}
	p.Errors = []Violation{{Pointer: "/" + escapePointer(rule.Field), Code: rule.Code, Detail: rule.Message}}
	if rule.Kind == domain.KindInvalid {
		p.Code = codeInvalid
	}
	return p
}

// problemReply makes the answer of p, completed with what follows from its
// status and the request.
func problemReply(h http.Header, requestID string, p Problem) reply {
	p.Type = "/problems/" + p.Code
	p.Title = http.StatusText(p.Status)
	p.Instance = "/requests/" + url.PathEscape(requestID)
	h.Del("ETag") // is of what was not answered
	switch {
	case p.Status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", challenge(p.Code))
	case p.Code == errReadOnlyToken.Code:
		h.Set("WWW-Authenticate", challenge("insufficient_scope"))
	case p.Status == http.StatusServiceUnavailable, p.Code == errKeyRunning.Code:
		p.retryAfter = 1
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	body, err := json.Marshal(p)
	if err != nil { // strings and integers always marshal
		panic(err)
	}
	return reply{status: p.Status, mediaType: problemType, body: body}
}

// challenge says how to prove oneself, and what was wrong with how the client
// did (RFC 6750 §3).
func challenge(code string) string {
	const scheme = `Bearer realm="helpdesk"`
	if code == auth.ErrNoToken.Code || code == "insufficient_scope" {
		return scheme + `, error="` + code + `"`
	}
	return scheme
}

// inField names the member at fault in a refusal by a rule.
func inField(err error, field string) error {
	var rule *domain.Error
	if errors.As(err, &rule) {
		return rule.On(field)
	}
	return err
}
