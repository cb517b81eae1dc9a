package tickets

import (
	"cmp"
	"encoding/json"
	"errors"
	"time"

	"helpdesk/domain"
)

// inWords returns the refusal of a line, or of a field of it, that could not be read.
func inWords(err error, field string) error {
	if refusal, ok := errors.AsType[*domain.Error](err); ok {
		return refusal.On(cmp.Or(refusal.Field, field))
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errImport.With("a JSON %s is not allowed here", wrong.Value).On(field)
	}
	if wrong, ok := errors.AsType[*time.ParseError](err); ok {
		return errImport.With("%q is not an instant such as 2020-01-31T08:00:00Z", wrong.Value).On(field)
	}
	return errImport.With("it is not a JSON object: %v", err).On(field)
}
