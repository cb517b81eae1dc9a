package eventstore

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// form is how events of a type are written: an object of these members, in this order.
// Data that are in it are shown as they are stored, but for the texts in them, without
// being decoded and encoded again.
type form []formMember

type formMember struct {
	name     string
	key      []byte // the name in quotes, and a colon
	optional bool   // left out when it is empty
	text     bool   // of a person: it may be sealed
	value    written
}

// written returns the length of the value at the beginning of data: 0 where it is not
// just as encoding/json would write it.
type written func(data []byte) int

// formOf returns the form of a type; not ok where it has members that are not so
// simple, and events of it have to be decoded.
func formOf(t domain.EventType) (f form, ok bool) {
	of, texts := reflect.TypeOf(t.Zero), t.TextMembers()
	if of.Kind() != reflect.Struct || ownForm(of) {
		return nil, false
	}
	for i := range of.NumField() {
		field := of.Field(i)
		name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		value := writtenAs(field.Type)
		if field.Anonymous || value == nil || name == "" || (option != "" && option != "omitempty") {
			return nil, false
		}
		f = append(f, formMember{
			name: name, key: []byte(`"` + name + `":`), optional: option != "", text: slices.Contains(texts, name), value: value,
		})
	}
	return f, true
}

// writtenAs returns how values of a type of Go are written; nil: not simply.
func writtenAs(t reflect.Type) written {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return writtenTime
	case isID(t):
		return writtenID
	case ownForm(t):
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		return writtenText
	case reflect.Bool:
		return writtenBool
	case reflect.Int, reflect.Int64:
		return writtenInt
	}
	return nil
}

// isID reports whether a type is that of ids, or holds one and no more.
func isID(t reflect.Type) bool {
	id := reflect.TypeFor[uuid.UUID]()
	return t == id || (t.Kind() == reflect.Struct && t.NumField() == 1 && t.Field(0).Anonymous && t.Field(0).Type == id)
}

// ownForm reports whether a type has a say in how its values are written or read.
func ownForm(t reflect.Type) bool {
	to := reflect.PointerTo(t)
	return slices.ContainsFunc([]reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](),
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}, to.Implements)
}

// open returns data with each text of a person changed by to, which may be nil, and
// written by text; not ok where they are not in the form, or have a text that cannot be
// changed. What it makes it appends to room, of which it returns the rest.
func (f form) open(room, data []byte, to domain.ChangeText, text func(room []byte, s string) []byte) (opened, rest []byte, ok bool) {
	from, at := 0, 1 // of data, what is not copied yet and what is not read yet
	begin := len(room)
	if len(data) == 0 || data[0] != '{' {
		return nil, room, false
	}
	for i := range f {
		m := &f[i]
		key := at
		if at > 1 && bytes.HasPrefix(data[at:], []byte(",")) {
			key++
		} else if at > 1 {
			key = len(data)
		}
		if !bytes.HasPrefix(data[key:], m.key) {
			if m.optional {
				continue
			}
			return nil, room, false
		}
		at = key + len(m.key)
		size := m.value(data[at:])
		if value := data[at : at+size]; size == 0 || (m.optional && emptyJSON(value)) {
			return nil, room, false
		} else if m.text && to != nil && size > len(`""`) {
			plain, err := to(m.name, string(value[1:size-1]))
			if err != nil || (m.optional && plain == "") {
				return nil, room, false
			}
			room = text(append(room, data[from:at]...), plain)
			from = at + size
		}
		at += size
	}
	if string(data[at:]) != "}" {
		return nil, room, false
	}
	if from == 0 {
		return data, room, true
	}
	room = append(room, data[from:]...)
	return room[begin:len(room):len(room)], room, true
}

// emptyJSON reports whether a value is left out with omitempty.
func emptyJSON(value []byte) bool {
	return string(value) == `""` || string(value) == "0" || string(value) == "false"
}

// writtenText takes texts of ASCII without escapes alone, as what is sealed is.
func writtenText(data []byte) int {
	if len(data) == 0 || data[0] != '"' {
		return 0
	}
	for i, c := range data[1:] {
		switch {
		case c == '"':
			return i + len(`""`)
		case c < ' ' || c == '\\' || c > '~':
			return 0
		}
	}
	return 0
}

func writtenBool(data []byte) int {
	for _, word := range []string{"true", "false"} {
		if bytes.HasPrefix(data, []byte(word)) {
			return len(word)
		}
	}
	return 0
}

// writtenInt takes numbers of which every one fits into 64 bits.
func writtenInt(data []byte) int {
	const most = 18 // digits
	n := 0
	for n < len(data) && n <= most && data[n] >= '0' && data[n] <= '9' {
		n++
	}
	if n > most || (n > 1 && data[0] == '0') || (n < len(data) && data[n] != ',' && data[n] != '}') {
		return 0
	}
	return n
}

func writtenID(data []byte) int {
	const size = len(`"00000000-0000-0000-0000-000000000000"`)
	if len(data) < size || data[0] != '"' || data[size-1] != '"' {
		return 0
	}
	for i, c := range data[1 : size-1] {
		hyphen := i == 8 || i == 13 || i == 18 || i == 23
		if hyphen != (c == '-') || (!hyphen && (c < '0' || c > '9') && (c < 'a' || c > 'f')) {
			return 0
		}
	}
	return size
}

func writtenTime(data []byte) int {
	size := writtenText(data)
	if size == 0 {
		return 0
	}
	var t time.Time
	var again [64]byte
	if t.UnmarshalJSON(data[:size]) != nil {
		return 0
	}
	if b := t.AppendFormat(append(again[:0], '"'), time.RFC3339Nano+`"`); !bytes.Equal(b, data[:size]) {
		return 0
	}
	return size
}
