package wire

import (
	"encoding/json"
	"time"

	swaggest "github.com/swaggest/jsonschema-go"
)

// Time is an instant as the API writes it: RFC 3339, UTC, microseconds.
type Time struct{ time.Time }

const timeForm = "2006-01-02T15:04:05.000000Z"

// MarshalJSON implements [encoding/json.Marshaler].
func (t Time) MarshalJSON() ([]byte, error) { return t.AppendJSON(nil), nil }

// AppendJSON implements [encoder.Appender]. A list has a hundred instants, and package
// time reads the form of each anew.
func (t Time) AppendJSON(b []byte) []byte {
	at := t.UTC()
	year, month, day := at.Date()
	if year < 0 || year > 9999 {
		return at.AppendFormat(b, `"`+timeForm+`"`)
	}
	hour, minute, second := at.Clock()
	b = appendDigits(append(b, '"'), year, 4)
	b = appendDigits(append(b, '-'), int(month), 2)
	b = appendDigits(append(b, '-'), day, 2)
	b = appendDigits(append(b, 'T'), hour, 2)
	b = appendDigits(append(b, ':'), minute, 2)
	b = appendDigits(append(b, ':'), second, 2)
	b = appendDigits(append(b, '.'), at.Nanosecond()/int(time.Microsecond), 6)
	return append(b, 'Z', '"')
}

// appendDigits appends the last digits of a number.
func appendDigits(b []byte, n, digits int) []byte {
	end := len(b) + digits
	b = append(b, "000000"[:digits]...)
	for i := end - 1; n > 0 && i >= end-digits; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

// Text writes the instant as in JSON, and "" for none.
func (t *Time) Text() string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(timeForm)
}

// InlineJSONSchema keeps the type out of the schema's definitions.
func (Time) InlineJSONSchema() {}

// Shape describes an instant to the schema.
func (Time) Shape(s *swaggest.Schema) {
	s.AddType(swaggest.String)
	s.WithFormat("date-time")
}

// At is an instant as the API writes it.
func At(t time.Time) Time { return Time{t} }

// TimeOf writes an instant that there may be none of.
func TimeOf(t *time.Time) *Time {
	if t == nil {
		return nil
	}
	return &Time{*t}
}

// JSON is a value of any shape that is JSON already, without white space between its
// parts: it is written as it is.
type JSON struct{ json.RawMessage }

// AppendJSON implements [encoder.Appender].
func (j JSON) AppendJSON(b []byte) []byte { return append(b, j.RawMessage...) }

// InlineJSONSchema keeps the type out of the schema's definitions.
func (JSON) InlineJSONSchema() {}

// Shape leaves the schema open.
func (JSON) Shape(*swaggest.Schema) {}
