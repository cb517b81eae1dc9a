package domain

import (
	"fmt"
	"time"
)

// Kind is what sort of refusal an [Error] is. The HTTP edge maps each kind
// to one status.
type Kind int

// The kinds of refusal, with the status each becomes at the HTTP edge.
const (
	KindInvalid         Kind = iota + 1 // 400: a value outside its documented shape
	KindUnauthenticated                 // 401: nobody is signed in
	KindForbidden                       // 403: never allowed to this role
	KindNotFound                        // 404: does not exist, or the caller can't see it
	KindConflict                        // 409: something else holds what was asked for
	KindStale                           // 412: decided on an older version
	KindRejected                        // 422: well-formed, refused by a rule
	KindUnavailable                     // 503: cannot be answered now
	KindTooMany                         // 429: more than is allowed within a while
)

// Error is a refusal: what kind, a stable code for programs and a message for
// people. Sentinels of this type are compared with [errors.Is], which looks at
// Kind and Code only, so that one refusal may carry its own message.
type Error struct {
	Kind    Kind
	Code    string // stable, snake_case, part of the API contract
	Message string
	Field   string        // JSON name of the member at fault, "" when none is
	Wait    time.Duration // until it may be asked again, of KindTooMany
}

func (e *Error) Error() string { return e.Message }

// Is reports whether target is the same refusal, whatever its message.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Code == e.Code
}

// With returns a copy of the refusal with its own message.
func (e *Error) With(format string, args ...any) *Error {
	own := *e
	own.Message = fmt.Sprintf(format, args...)
	return &own
}

// After returns a copy of the refusal that says when to ask again.
func (e *Error) After(wait time.Duration) *Error {
	later := *e
	later.Wait = wait
	return &later
}

// On returns a copy of the refusal that names the member at fault.
func (e *Error) On(field string) *Error {
	on := *e
	on.Field = field
	return &on
}

// Refusals that more than one aggregate gives.
var (
	ErrForbidden = &Error{Kind: KindForbidden, Code: "forbidden", Message: "your role may not do this"}
	ErrNotFound  = &Error{Kind: KindNotFound, Code: "not_found", Message: "not found, or you may not see it"}
	ErrStale     = &Error{Kind: KindStale, Code: "stale_version", Message: "it was changed since the version you named"}
	ErrTooLate   = &Error{Kind: KindRejected, Code: "too_late", Message: "this can no longer be done"}
	ErrUnknown   = &Error{Kind: KindRejected, Code: "unknown_reference", Message: "it does not exist, or you may not see it"}

	ErrRequired  = &Error{Kind: KindInvalid, Code: "required", Message: "a value is required"}
	ErrTooLong   = &Error{Kind: KindInvalid, Code: "max_length", Message: "the value is too long"}
	ErrCharacter = &Error{Kind: KindInvalid, Code: "control_character", Message: "control characters are not allowed"}
	ErrEnum      = &Error{Kind: KindInvalid, Code: "enum", Message: "this is not one of the allowed values"}
)
