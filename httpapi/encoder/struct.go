package encoder

import (
	"reflect"
	"strings"
	"unicode/utf8"
)

// member is a field of a struct as a member of an object.
type member struct {
	index     []int
	name      []byte // in quotes, and a colon
	omitEmpty bool
	write     writer
}

func structWriter(t reflect.Type) writer {
	members, plain := membersOf(t)
	if !plain {
		return standard
	}
	return func(b []byte, v reflect.Value) (_ []byte, err error) {
		before := byte('{')
		for i := range members {
			m := &members[i]
			of := v.FieldByIndex(m.index)
			if m.omitEmpty && empty(of) {
				continue
			}
			b = append(append(b, before), m.name...)
			before = ','
			if b, err = m.write(b, of); err != nil {
				return b, err
			}
		}
		if before == '{' {
			b = append(b, '{')
		}
		return append(b, '}'), nil
	}
}

// membersOf returns the members of a struct in their order. plain is false where
// encoding/json has more to say of them than that: options, and fields that hide
// others.
func membersOf(t reflect.Type) (members []member, plain bool) {
	met := map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && (name != "" || f.Type.Kind() != reflect.Struct):
			return nil, false
		case f.Anonymous, !f.IsExported(), name == "-" && option == "":
			continue
		case name == "":
			name = f.Name
		}
		if met[name] || (option != "" && option != "omitempty") {
			return nil, false
		}
		met[name] = true
		members = append(members, member{
			index: f.Index, name: append(appendString(nil, name), ':'), omitEmpty: option != "", write: writerOf(f.Type),
		})
	}
	return members, true
}

// empty reports whether a value is left out with omitempty.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// appendString appends a string in quotes.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0 // of what is to be written as it is
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && size == 1:
				b, from = append(append(b, s[from:i]...), `\ufffd`...), i+1
			case r == '\u2028':
				b, from = append(append(b, s[from:i]...), `\u2028`...), i+size
			case r == '\u2029':
				b, from = append(append(b, s[from:i]...), `\u2029`...), i+size
			}
			i += size
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			b, from = appendEscape(append(b, s[from:i]...), c), i+1
		}
		i++
	}
	return append(append(b, s[from:]...), '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', '0', '0', "01"[c>>4], "0123456789abcdef"[c&0xf])
}
