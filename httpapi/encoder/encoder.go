// Package encoder writes answers as JSON: byte for byte what encoding/json writes
// without escaping HTML, in a fraction of the time. It looks at a type once, and
// knows from then on what there is to write of its values.
package encoder

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"sync"

	"github.com/google/uuid"
)

// Appender is a type that appends its values as JSON: what its MarshalJSON returns.
type Appender interface{ AppendJSON(b []byte) []byte }

// Append appends v as JSON. What it does not know how to write, as maps, it has
// written by encoding/json, whose error it returns.
func Append(b []byte, v any) ([]byte, error) {
	if v == nil {
		return append(b, "null"...), nil
	}
	t := reflect.TypeOf(v)
	of := reflect.New(t).Elem() // addressable: what is in it need not be copied
	of.Set(reflect.ValueOf(v))
	return writerOf(t)(b, of)
}

// writer appends a value of one type, which is addressable.
type writer func(b []byte, v reflect.Value) ([]byte, error)

var writers sync.Map // by reflect.Type

func writerOf(t reflect.Type) writer {
	if w, known := writers.Load(t); known {
		return w.(writer)
	}
	w := newWriter(t)
	writers.Store(t, w)
	return w
}

var (
	appenders      = reflect.TypeFor[Appender]()
	marshalers     = reflect.TypeFor[json.Marshaler]()
	textMarshalers = reflect.TypeFor[encoding.TextMarshaler]()
)

func newWriter(t reflect.Type) writer {
	switch t {
	case reflect.TypeFor[uuid.UUID]():
		return writeID
	case reflect.TypeFor[json.RawMessage]():
		return writeRaw
	}
	of := reflect.PointerTo(t)
	switch {
	case t.Kind() == reflect.Pointer:
		return pointerWriter(t)
	case t.Implements(appenders):
		return writeItself
	case of.Implements(marshalers), of.Implements(textMarshalers):
		return standard
	}
	switch t.Kind() {
	case reflect.Struct:
		return structWriter(t)
	case reflect.Slice:
		return sliceWriter(t)
	case reflect.Interface:
		return writeDynamic
	case reflect.String:
		return func(b []byte, v reflect.Value) ([]byte, error) { return appendString(b, v.String()), nil }
	case reflect.Bool:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(b, v.Bool()), nil }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(b, v.Int(), 10), nil }
	}
	return standard
}

// standard has encoding/json write a value.
func standard(b []byte, v reflect.Value) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v.Interface()); err != nil {
		return b, err
	}
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...), nil
}

func writeItself(b []byte, v reflect.Value) ([]byte, error) {
	return v.Addr().Interface().(Appender).AppendJSON(b), nil
}

func writeID(b []byte, v reflect.Value) ([]byte, error) {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i, octet := range v.Addr().Interface().(*uuid.UUID) {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[octet>>4], digits[octet&0xf])
	}
	return append(b, '"'), nil
}

// writeRaw writes what is JSON already, without spaces.
func writeRaw(b []byte, v reflect.Value) ([]byte, error) {
	raw := v.Bytes()
	if raw == nil {
		return append(b, "null"...), nil
	}
	out := bytes.NewBuffer(b)
	err := json.Compact(out, raw)
	return out.Bytes(), err
}

// writeDynamic writes what an interface holds.
func writeDynamic(b []byte, v reflect.Value) ([]byte, error) { return Append(b, v.Interface()) }

// A type may be made of itself: of what one is made of is asked when there is a
// value of it.

func pointerWriter(t reflect.Type) writer {
	to := sync.OnceValue(func() writer { return writerOf(t.Elem()) })
	return func(b []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return to()(b, v.Elem())
	}
}

func sliceWriter(t reflect.Type) writer {
	if t.Elem().Kind() == reflect.Uint8 { // base64
		return standard
	}
	of := sync.OnceValue(func() writer { return writerOf(t.Elem()) })
	return func(b []byte, v reflect.Value) (_ []byte, err error) {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = of()(b, v.Index(i)); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
}
