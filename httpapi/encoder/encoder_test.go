package encoder_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/httpapi"
	"helpdesk/httpapi/encoder"
	"helpdesk/httpapi/events"
	"helpdesk/httpapi/reports"
	"helpdesk/httpapi/wire"
)

// standard returns what encoding/json writes.
func standard(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func TestAnswersAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := &random{Rand: rand.New(rand.NewPCG(seed, 1))}
	for _, of := range []reflect.Type{
		reflect.TypeFor[httpapi.List[wire.Ticket]](), reflect.TypeFor[wire.TicketWithComments](), reflect.TypeFor[wire.Comment](),
		reflect.TypeFor[wire.User](), reflect.TypeFor[wire.HistoryEntry](), reflect.TypeFor[events.EventList](), reflect.TypeFor[reports.Report](),
		reflect.TypeFor[*wire.Ticket](), reflect.TypeFor[[]string](), reflect.TypeFor[map[string]int](), reflect.TypeFor[odd](), reflect.TypeFor[any](),
		reflect.TypeFor[wire.Time](), reflect.TypeFor[events.StreamedEvent](),
	} {
		for range 300 {
			v := reflect.New(of).Elem()
			r.fill(v)
			want, err := standard(v.Interface())
			got, gotErr := encoder.Append([]byte("before"), v.Interface())
			if err != nil || gotErr != nil || string(got) != "before"+string(want) {
				t.Fatalf("seed %d, %s:\ngot  %s, %v\nwant %s, %v", seed, of, got, gotErr, want, err)
			}
		}
	}
}

// odd has what answers do not: options, hidden fields, embedded pointers.
type odd struct {
	inner
	Named  inner `json:"named,omitempty"`
	Quoted int64 `json:"quoted,string"`
	Title  string
	Plain  struct{}          `json:"plain"`
	Bytes  []byte            `json:"bytes"`
	Floats []float64         `json:"floats"`
	Map    map[string]string `json:"map,omitempty"`
	Small  uint8             `json:"<small>"`
	Never  string            `json:"-"`
	Again  []leaf            `json:"again,omitempty"`
	_      string
}

type inner struct {
	Title string
	Other bool `json:",omitempty"`
}

type leaf struct {
	Of    []leaf `json:"of"`
	Left  *leaf  `json:"left,omitempty"`
	Count *int64 `json:"count,omitempty"`
	Any   any    `json:"any"`
}

func TestWhatIsNoJSONIsRefused(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]any{
		"a broken raw message": json.RawMessage(`{"a":`), "a function": func() {}, "one in a struct": struct{ F any }{func() {}},
		"one in a list": []any{make(chan int)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if b, err := encoder.Append(nil, v); err == nil {
				t.Errorf("got %s", b)
			}
		})
	}
}

func FuzzStrings(f *testing.F) {
	f.Add("a<b>&c\u2028\u2029\x00\x1f\x7f\"\\/\b\f\n\r\t\xff ü 王 \U0001F600")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := standard(s)
		got, gotErr := encoder.Append(nil, s)
		if err != nil || gotErr != nil || string(got) != string(want) {
			t.Errorf("%q: got %s, %v; want %s, %v", s, got, gotErr, want, err)
		}
	})
}

// random makes values of any type of an answer.
type random struct {
	*rand.Rand
	depth int
}

var pieces = []string{"", "a", "<b>&", "\"\\", "\n\r\t\b\f", "\x00\x1b\x7f", "\xff\xc3", "ü王", "\u2028\u2029", "\U0001F600", "long enough to be a title"}

func (r *random) text() (s string) {
	for range r.IntN(4) {
		s += pieces[r.IntN(len(pieces))]
	}
	return s
}

func (r *random) fill(v reflect.Value) {
	switch at := v.Addr().Interface().(type) {
	case *time.Time:
		*at = time.Unix(r.Int64N(4e9), r.Int64N(1e9)).In(time.FixedZone("", r.IntN(7200)))
		return
	case *json.RawMessage:
		*at = json.RawMessage(fmt.Sprintf(` { "n" : %d , "s": "<x>" } `, r.Int()))
		return
	case *wire.JSON:
		at.RawMessage = json.RawMessage(fmt.Sprintf(`{"n":%d,"s":"<x>"}`, r.Int()))
		return
	case *uuid.UUID:
		*at = uuid.New()
		return
	}
	r.depth++
	defer func() { r.depth-- }()
	const most = 8 // for a type that is made of itself
	if r.depth > most && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice) {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(r.text())
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt((r.Int64() >> r.IntN(64)) * int64(1-2*r.IntN(2)))
	case reflect.Uint8:
		v.SetUint(uint64(r.IntN(256)))
	case reflect.Float64:
		v.SetFloat(r.NormFloat64())
	case reflect.Pointer:
		if r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			r.fill(v.Elem())
		}
	case reflect.Slice:
		if r.IntN(4) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 3))
			for i := range v.Len() {
				r.fill(v.Index(i))
			}
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range r.IntN(3) {
			key, of := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			r.fill(key)
			r.fill(of)
			v.SetMapIndex(key, of)
		}
	case reflect.Interface:
		if some := []any{nil, r.text(), r.Int64(), r.Float64(), true, wire.At(time.Unix(r.Int64N(4e9), 0)), []string{r.text()}}[r.IntN(7)]; some != nil {
			v.Set(reflect.ValueOf(some))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				r.fill(v.Field(i))
			}
		}
	}
}

func BenchmarkTickets(b *testing.B) {
	r := &random{Rand: rand.New(rand.NewPCG(1, 1))}
	var list httpapi.List[wire.Ticket]
	for range 25 {
		var x wire.Ticket
		r.fill(reflect.ValueOf(&x).Elem())
		list.Results = append(list.Results, x)
	}
	b.Run("encoder", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := encoder.Append(nil, list); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := standard(list); err != nil {
				b.Fatal(err)
			}
		}
	})
}
