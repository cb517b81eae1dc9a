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
	name  string // after those that it is within, with dots between
	key   []byte // its own name in quotes, and a colon
	empty []byte // the value that is left out; nil: none is
	text  bool   // of a person: it may be sealed
	value written
	inner form // of an object, in place of value
}

// written returns the length of the value at the beginning of data: 0 where it is not
// just as encoding/json would write it.
type written func(data []byte) int

// formOf returns the form of a type; not ok where it has members that are not so
// simple, and events of it have to be decoded.
func formOf(t domain.EventType) (f form, ok bool) {
	return formOfObject(reflect.ValueOf(t.Zero), "", t.TextMembers())
}

func formOfObject(zero reflect.Value, within string, texts []string) (f form, ok bool) {
	if zero.Kind() != reflect.Struct || ownForm(zero.Type()) {
		return nil, false
	}
	for i := range zero.NumField() {
		field := zero.Type().Field(i)
		name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous || name == "" {
			return nil, false
		}
		m := formMember{name: within + name, key: []byte(`"` + name + `":`), value: writtenAs(field.Type)}
		m.text = slices.Contains(texts, m.name)
		left := "omitempty"
		if m.value == nil || isID(field.Type) || field.Type == reflect.TypeFor[time.Time]() {
			left = "omitzero"
		}
		if m.value == nil {
			if m.inner, ok = formOfObject(zero.Field(i), m.name+".", texts); !ok {
				return nil, false
			}
		}
		switch option {
		case "":
		case left:
			m.empty, _ = json.Marshal(zero.Field(i).Interface()) // it is of simple values
		default:
			return nil, false
		}
		f = append(f, m)
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
	return f.reread(reread{room: room, data: data, to: to, text: text})
}

// measured returns data with each text of a person that measure has changed, without a
// copy of it; not ok as of [form.open].
func (f form) measured(data []byte, measure func(stored []byte) (string, error), text func(room []byte, s string) []byte) (short []byte, ok bool) {
	short, _, ok = f.reread(reread{data: data, measure: measure, text: text})
	return short, ok
}

func (f form) reread(o reread) (opened, rest []byte, ok bool) {
	room, data := o.room, o.data
	if !o.object(f) || o.at != len(data) {
		return nil, room, false
	}
	if o.copied == 0 {
		return data, room, true
	}
	o.room = append(o.room, data[o.copied:]...)
	return o.room[len(room):len(o.room):len(o.room)], o.room, true
}

// reread is data on their way through a form.
type reread struct {
	room, data []byte
	at         int // of data, up to where they are in form
	copied     int // of data, up to where room has them
	to         domain.ChangeText
	measure    func(stored []byte) (string, error) // in place of to; nil: it is asked
	text       func(room []byte, s string) []byte
}

// past goes past a part of data, if it comes next.
func (o *reread) past(part string) bool {
	if len(o.data)-o.at < len(part) || string(o.data[o.at:o.at+len(part)]) != part {
		return false
	}
	o.at += len(part)
	return true
}

// object goes past an object; not ok: it is not in form.
func (o *reread) object(f form) (ok bool) {
	if !o.past("{") {
		return false
	}
	first := true
	for i := range f {
		m, before := &f[i], o.at
		if !(first || o.past(",")) || !bytes.HasPrefix(o.data[o.at:], m.key) {
			if m.empty == nil {
				return false
			}
			o.at = before // it was left out
			continue
		}
		o.at += len(m.key)
		if !o.member(m) {
			return false
		}
		first = false
	}
	return o.past("}")
}

// member goes past the value of a member.
func (o *reread) member(m *formMember) (ok bool) {
	begin := o.at
	if m.inner != nil {
		ok = o.object(m.inner)
	} else {
		size := m.value(o.data[begin:])
		ok = size > 0
		o.at += size
	}
	value := o.data[begin:o.at]
	if !ok || (m.empty != nil && bytes.Equal(value, m.empty)) {
		return false
	}
	if !m.text || (o.to == nil && o.measure == nil) || len(value) == len(`""`) {
		return true
	}
	var plain string
	var err error
	if stored := value[1 : len(value)-1]; o.measure != nil {
		plain, err = o.measure(stored)
	} else {
		plain, err = o.to(domain.Member{Name: m.name}, string(stored))
	}
	if err != nil || (m.empty != nil && plain == "") {
		return false
	}
	o.room = o.text(append(o.room, o.data[o.copied:begin]...), plain)
	o.copied = o.at
	return true
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
