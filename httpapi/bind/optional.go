package bind

import (
	"bytes"
	"encoding/json"
	"time"

	"helpdesk/edge"
)

// Optional is a member of a request that may be left out: absent, null and a
// value are three different things to a PATCH. The zero Optional is absent.
// Whether null is allowed at all is the schema's matter (tag nullable).
type Optional[T any] struct {
	Set   bool // the member was there
	Null  bool // it was null
	Value T    // the zero T when absent or null
}

// UnmarshalJSON implements [json.Unmarshaler].
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	*o = Optional[T]{Set: true}
	if bytes.Equal(data, []byte("null")) {
		o.Null = true
		return nil
	}
	if at, ok := any(&o.Value).(*time.Time); ok {
		return (*edge.Instant)(at).UnmarshalJSON(data)
	}
	return json.Unmarshal(data, &o.Value)
}

// Ptr returns the value, nil when absent or null.
func (o Optional[T]) Ptr() *T {
	if !o.Set || o.Null {
		return nil
	}
	return &o.Value
}

// InlineJSONSchema keeps the type out of the schema's definitions.
func (Optional[T]) InlineJSONSchema() {}

// underlying is what the schema of the member is reflected from.
func (o Optional[T]) underlying() any { return o.Value }
