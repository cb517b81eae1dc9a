// Package problem is what the API refuses a request with: a problem document
// (RFC 9457). What the edge itself refuses is a [Refusal]; what the rules refuse
// is a [domain.Error], and one table turns its kind into a status. Any other
// error is a bare 500 whose text goes to the log alone.
package problem

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"helpdesk/domain"
	"helpdesk/edge"
)

// MediaType is the media type of a problem (RFC 9457 §3).
const MediaType = "application/problem+json"

// Problem is the body of every refusal (RFC 9457).
type Problem struct {
	Type     string      `json:"type" required:"true" description:"Stable identifier of the kind of problem; not an address."`
	Title    string      `json:"title" required:"true"`
	Status   int         `json:"status" required:"true"`
	Detail   string      `json:"detail,omitempty"`
	Code     string      `json:"code" required:"true" description:"The problem for programs."`
	Instance string      `json:"instance" required:"true" description:"Identifies this occurrence by its request id."`
	Errors   []Violation `json:"errors,omitempty"`

	// RetryAfter is in seconds, for the header; 0: there is none.
	RetryAfter int `json:"-"`
}

// Example is a problem as the document shows it.
func (Problem) Example() string {
	return `{"type": "/problems/invalid_request", "title": "Bad Request", "status": 400, "code": "invalid_request",
		"detail": "the request is not valid; errors says where", "instance": "/requests/checkout-42",
		"errors": [{"pointer": "/title", "code": "required", "detail": "a value is required"}]}`
}

// Violation is one fault of a request.
type Violation struct {
	Pointer string `json:"pointer" required:"true" description:"JSON Pointer into the body, or ?name of a parameter or header."`
	Code    string `json:"code" required:"true"`
	Detail  string `json:"detail" required:"true"`
}

// What stands before a name in the pointer of a violation.
const (
	BodyPrefix  = "/"
	ParamPrefix = "?"
)

// MaxViolations bounds how many faults one refusal lists.
const MaxViolations = 20

// Codes that more than one place gives.
const (
	CodeInvalid     = "invalid_request"
	CodeUnavailable = "unavailable"
	CodeInternal    = "internal"
)

// Refusal is what the edge itself refuses, before any rule is asked.
type Refusal struct {
	Status     int
	Code       string
	Detail     string
	Violations []Violation
	RetryAfter int // seconds; 0: there is none
}

// Error implements [error].
func (r *Refusal) Error() string { return r.Code }

// Invalid refuses a request that is not valid, naming each fault.
func Invalid(violations ...Violation) *Refusal {
	slices.SortStableFunc(violations, func(a, b Violation) int { return strings.Compare(a.Pointer, b.Pointer) })
	if len(violations) > MaxViolations {
		violations = violations[:MaxViolations]
	}
	return &Refusal{
		Status: http.StatusBadRequest, Code: CodeInvalid,
		Detail: "the request is not valid; errors says where", Violations: violations,
	}
}

// Param refuses a request for one of its parameters.
func Param(name, code, detail string) error {
	return Invalid(Violation{Pointer: ParamPrefix + name, Code: code, Detail: detail})
}

// Header refuses a request for one of its headers.
func Header(name, detail string) error { return Param(name, "header", detail) }

// Member refuses a request for one member of its body.
func Member(name, code, detail string) error {
	return Invalid(Violation{Pointer: BodyPrefix + name, Code: code, Detail: detail})
}

// Bad refuses a request that cannot be read at all.
func Bad(code, detail string) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Code: code, Detail: detail}
}

// TooMany refuses a request until retry has passed.
func TooMany(code, detail string, retry time.Duration) error {
	return &Refusal{Status: http.StatusTooManyRequests, Code: code, Detail: detail, RetryAfter: max(edge.Seconds(retry), 1)}
}

// InField names the member at fault in a refusal by a rule.
func InField(err error, field string) error {
	var rule *domain.Error
	if errors.As(err, &rule) {
		return rule.On(field)
	}
	return err
}

// Of turns any error into what the client may know of it. known is false for an
// error nobody foresaw: that is to be logged.
func Of(err error) (p Problem, known bool) {
	var refused *Refusal
	if errors.As(err, &refused) {
		return Problem{Status: refused.Status, Code: refused.Code, Detail: refused.Detail, Errors: refused.Violations, RetryAfter: refused.RetryAfter}, true
	}
	var beyond *edge.TooMany
	if errors.As(err, &beyond) {
		return Of(TooMany(beyond.Code, beyond.Detail, beyond.Retry))
	}
	var rule *domain.Error
	if errors.As(err, &rule) {
		if status, ok := edge.StatusOf[rule.Kind]; ok {
			return ofRule(rule, status), true
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Problem{
			Status: http.StatusServiceUnavailable, Code: CodeUnavailable,
			Detail: "the request was not finished in time",
		}, true
	}
	return Problem{
		Status: http.StatusInternalServerError, Code: CodeInternal,
		Detail: "something went wrong; the request id finds it in the log",
	}, false
}

func ofRule(rule *domain.Error, status int) Problem {
	p := Problem{Status: status, Code: rule.Code, Detail: rule.Message, RetryAfter: edge.Seconds(rule.Wait)}
	if rule.Field == "" {
		return p
	}
	p.Errors = []Violation{{Pointer: BodyPrefix + Escape(rule.Field), Code: rule.Code, Detail: rule.Message}}
	if rule.Kind == domain.KindInvalid {
		p.Code = CodeInvalid
	}
	return p
}

// Escape writes a member's name as one token of a JSON Pointer (RFC 6901 §3).
func Escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// Clip keeps a name of the client's own making from filling the answer.
func Clip(name string) string {
	if runes := []rune(name); len(runes) > 100 {
		return string(runes[:100]) + "…"
	}
	return name
}
