package eventstore

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/test/memorykeys"
)

// changed returns what a text becomes in these tests: nothing that is written as it is.
func changed(m domain.Member, text string) (string, error) {
	return "\"<" + m.Name + ">\n\u2028ü " + text, nil
}

// written returns the data of an event as they are after decoding and encoding, with
// texts of people changed.
func (c *Codec) written(name string, data json.RawMessage, to domain.ChangeText) (json.RawMessage, error) {
	e, err := c.decode(name, c.types[name].SchemaVersion(), data, to)
	if err != nil {
		return nil, err
	}
	again, _, err := c.encode(e)
	return again, err
}

// TestWhatIsInFormIsShownAsItWouldBeWritten opens what was ever written both ways.
func TestWhatIsInFormIsShownAsItWouldBeWritten(t *testing.T) {
	t.Parallel()
	codec := newCodec(nil)
	o := codec.newOpener(nil)
	var decoded []string
	for _, g := range goldens {
		name := g.event.EventType()
		stored, err := os.ReadFile(goldenFile(name, g.version))
		if err != nil {
			t.Fatal(err)
		}
		stored = bytes.TrimSuffix(stored, []byte("\n"))
		for _, to := range []domain.ChangeText{nil, changed} {
			got, room, ok := codec.forms[name].open([]byte("before"), stored, to, o.appendText)
			if !ok {
				decoded = append(decoded, name)
				continue
			}
			want, err := codec.written(name, stored, to)
			if diff := cmp.Diff(string(want), string(got)); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
			if !bytes.HasPrefix(room, []byte("before")) {
				t.Errorf("%s: it overwrote what was there: %s", name, room)
			}
		}
	}
	// Members that are no simple values; texts that are not sealed, with escapes or
	// beyond ASCII.
	want := []string{
		"access.sign_in_failed", "email.bounced", "email.postponed", "ticket.described", "ticket.opened", "user.notifications_changed", "user.texts_erased",
	}
	slices.Sort(decoded)
	if diff := cmp.Diff(want, slices.Compact(decoded)); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

// TestSealedEventsAreShownWithoutBeingDecoded has all that people write in form.
func TestSealedEventsAreShownWithoutBeingDecoded(t *testing.T) {
	t.Parallel()
	codec := newCodec(memorykeys.New())
	for _, g := range goldens {
		name := g.event.EventType()
		if slices.Contains([]string{"user.notifications_changed", "user.texts_erased"}, name) {
			continue // members that are no simple values
		}
		a := appending(newID(t), 0, g.event)
		a.Person = bob
		e, err := codec.prepare(testContext(t), a, newKey)
		if err != nil {
			t.Fatal(err)
		}
		r := Recorded{EventID: e.events[0].id, Type: name, SchemaVersion: e.events[0].schemaVersion, Data: e.events[0].data, PersonID: nullable(e.events[0].person)}
		if e.key != nil {
			r.TextKeys = [][]byte{keyForm("", e.key)}
		}
		o, err := codec.opener(testContext(t), []Recorded{r})
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := codec.encode(g.event)
		if err != nil {
			t.Fatal(err)
		}
		got, _, ok := o.shown(nil, r)
		if !ok || string(got) != string(want) {
			t.Errorf("%s: got %s, %t; want %s", name, got, ok, want)
		}
		shown, err := codec.Show(testContext(t), r)
		if err != nil || string(shown[0].Data) != string(want) {
			t.Errorf("%s: shown as %s, %v", name, shown[0].Data, err)
		}
	}
}

// FuzzForm alters data: what is still taken for data in form reads as before.
func FuzzForm(f *testing.F) {
	codec := newCodec(nil)
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range codec.forms {
			if !yield(name) {
				return
			}
		}
	})
	for i, name := range names {
		stored, err := os.ReadFile(goldenFile(name, codec.types[name].SchemaVersion()))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint(i), bytes.TrimSuffix(stored, []byte("\n")))
	}
	for _, data := range []string{
		`{}`, `{,}`, `{"title":"x"}`, `{"title":"x","title":"y"}`, `{"TITLE":"x"}`, `{"title":"x" }`, `{"title":""}`, `{"reason":""}`, `{"attempt":1,"email":{}}`, `{"attempt":1,"email":null}`,
		`{"attempt":1,"email":{"kind":"","ticket_id":"00000000-0000-0000-0000-000000000000","ticket_number":0,"cause_version":0,"recipient":"00000000-0000-0000-0000-000000000000","address":"","at":"0001-01-01T00:00:00Z"}}`,
		`{"reason":null}`,
		`{"attempt":01}`, `{"attempt":-0}`, `{"attempt":1e3}`, `{"attempt":9223372036854775808}`, `{"attempt":1}x`,
		`{"at":"2026-02-30T00:00:00Z"}`, `{"at":"2026-03-04T05:06:07.890Z"}`, `{"at":"2026-03-04t05:06:07z"}`,
		`{"assigned_to":"01890A5D-AC96-774B-BCCE-B302099A8058"}`, `{"assigned_to":"01890a5d-ac96-774b-bcce-b302099a8058"}`,
	} {
		for i := range names {
			f.Add(uint(i), []byte(data))
		}
	}
	o := codec.newOpener(nil)
	f.Fuzz(func(t *testing.T, which uint, data []byte) {
		name := names[which%uint(len(names))]
		for _, to := range []domain.ChangeText{nil, changed} {
			got, _, ok := codec.forms[name].open(nil, data, to, o.appendText)
			if !ok {
				continue
			}
			if want, err := codec.written(name, data, to); err != nil || string(want) != string(got) {
				t.Errorf("%s %s: got %s; want %s, %v", name, data, got, want, err)
			}
		}
	})
}
