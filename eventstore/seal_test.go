package eventstore

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/test/memorykeys"
)

// sealing makes the log one whose texts are sealed.
func (l *log) sealing(t testing.TB) *memorykeys.Ring {
	t.Helper()
	keys := memorykeys.New()
	l.Store = New(l.pool, newCodec(keys), l.notifier.NotifyOf)
	t.Cleanup(l.Store.Close)
	return keys
}

// newKey gives each stream a new key.
func newKey(context.Context, Append) (key []byte, made bool, err error) {
	return newStreamKey(), true, nil
}

// texts of the events below, none of which may stand in the database.
var secrets = []string{"Printer", "smokes", "drum", "Which model", "Which one", "ann@example.org", "Lee"}

func TestTextsOfPeopleAreStoredSealedAndReadAsTheyWere(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.sealing(t)
	id := newID(t)
	want := []domain.Event{
		ticket.Opened{Number: 1, Title: "Printer", Description: "It smokes.", Priority: ticket.High, CreatedBy: ann, OpenedBy: bob},
		ticket.Prioritised{Priority: ticket.Low},
		ticket.Resolved{Reason: "new drum"},
		ticket.Reopened{}, // nothing to seal in it
		ticket.CommentAdded{CommentID: comment, Author: bob, Text: "Which model?", AddedAt: instant},
		ticket.CommentEdited{CommentID: comment, Text: "Which one?"},
		user.Registered{Username: "ann", Email: "ann@example.org", LastName: "Lee", Role: domain.RoleUser},
	}
	a := appending(id, 0, want...)
	a.Person = bob
	l.mustAppend(t, a)

	events, err := l.Load(testContext(t), id)
	if err != nil {
		t.Fatal(err)
	}
	var got []domain.Event
	var people []domain.UserID
	for _, e := range events {
		got, people = append(got, e.Event), append(people, domain.UserID{UUID: e.PersonID.UUID})
		for _, secret := range secrets {
			if strings.Contains(string(e.Data), secret) {
				t.Errorf("%s is stored as %s", e.Type, e.Data)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-appended +read):\n%s", diff)
	}
	none := domain.UserID{}
	if diff := cmp.Diff([]domain.UserID{ann, none, bob, none, bob, bob, bob}, people); diff != "" {
		t.Errorf("whose texts (-want +got):\n%s", diff)
	}
}

func TestWhatIsNobodysIsNotSealed(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.sealing(t)
	id := newID(t)
	l.mustAppend(t, opening(id)) // of nobody, by the system
	events, err := l.Load(testContext(t), id)
	if err != nil {
		t.Fatal(err)
	}
	if e := events[0]; e.PersonID.Valid || !strings.Contains(string(e.Data), "It smokes.") {
		t.Errorf("stored as %s, of %v", e.Data, e.PersonID)
	}
}

func TestOfSomebodyErasedNothingIsReadOrStored(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	keys := l.sealing(t)
	id := newID(t)
	l.mustAppend(t, appending(id, 0, ticket.Opened{Title: "Printer", Description: "It smokes.", CreatedBy: ann}))
	of := appending(id, 1, ticket.Retitled{Title: "Plotter"})
	of.Person = bob
	l.mustAppend(t, of)
	keys.Destroy(ann.UUID)
	late := appending(id, 2, ticket.Described{Description: "It smokes no more."}, ticket.Closed{})
	late.Person = ann
	l.mustAppend(t, late)
	events, err := l.Load(testContext(t), id)
	if err != nil {
		t.Fatal(err)
	}
	var got []domain.Event
	for _, e := range events {
		got = append(got, e.Event)
	}
	want := []domain.Event{
		ticket.Opened{Title: domain.Erased, Description: domain.Erased, CreatedBy: ann},
		ticket.Retitled{Title: "Plotter"}, ticket.Described{Description: domain.Erased}, ticket.Closed{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if data := string(events[2].Data); strings.Contains(data, "smokes") || events[2].PersonID.Valid {
		t.Errorf("written after the erasure: %s of %v", data, events[2].PersonID)
	}
}

func TestASealedTextOpensNowhereElse(t *testing.T) {
	t.Parallel()
	codec := newCodec(memorykeys.New())
	e, err := codec.prepare(testContext(t), appending(newID(t), 0, ticket.Opened{Title: "Printer", Description: "It smokes.", CreatedBy: ann}), newKey)
	if err != nil {
		t.Fatal(err)
	}
	was := Recorded{Type: "ticket.opened", SchemaVersion: 1, EventID: e.events[0].id, Data: e.events[0].data, PersonID: uuid.NullUUID{UUID: ann.UUID, Valid: true}}
	was.TextKeys = [][]byte{keyForm("", e.key)}
	if _, err := codec.Open(testContext(t), was); err != nil {
		t.Fatalf("as it was written: %v", err)
	}
	if _, _, err := codec.keys.Sealing(testContext(t), bob.UUID); err != nil {
		t.Fatal(err)
	}
	for name, alter := range map[string]func(*Recorded){
		"in another event":   func(r *Recorded) { r.EventID = newID(t) },
		"under other keys":   func(r *Recorded) { r.TextKeys = append(r.TextKeys, keyForm("title", newStreamKey())) },
		"of another stream":  func(r *Recorded) { r.TextKeys = [][]byte{keyForm("", newStreamKey())} },
		"without its keys":   func(r *Recorded) { r.TextKeys = nil },
		"as somebody else's": func(r *Recorded) { r.PersonID.UUID = bob.UUID },
		"as another text": func(r *Recorded) {
			r.Data = []byte(strings.NewReplacer(`"title"`, `"other"`, `"description"`, `"title"`).Replace(string(r.Data)))
		},
		"cut short":               func(r *Recorded) { r.Data = []byte(`{"title":"AAAA"}`) },
		"plain, but said sealed":  func(r *Recorded) { r.Data = []byte(`{"title":"Printer, plain"}`) },
		"with one character else": func(r *Recorded) { r.Data = []byte(strings.Replace(string(r.Data), `"title":"`, `"title":"A`, 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			r := was
			r.Data = append([]byte(nil), was.Data...)
			alter(&r)
			if events, err := codec.Open(testContext(t), r); err == nil {
				t.Errorf("it opens as %+v", events[0].Event)
			}
		})
	}
	if _, err := newCodec(nil).Open(testContext(t), was); err == nil {
		t.Error("it opens without keys")
	}
}

// The forms of what is sealed are as lasting as the events themselves: these were
// written once, and must open for good.
func TestEverySealedTextEverWrittenStaysReadable(t *testing.T) {
	codec := newCodec(memorykeys.New())
	if _, _, err := codec.keys.Sealing(testContext(t), ann.UUID); err != nil { // whose key comes of her id
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ data, key string }{
		"before texts had keys of their own": {`{"title":"Alm4eAZ/sxgmKjkqzMVWx2j4G5lKdErCtO/J6W/eaf+yKwn/wQBC2abv"}`, ""},
		"hidden under a key of its own":      {`{"title":":T2fwyOXDGqwWgNXb9hRq9T/Z2FCfz/pZ2nynX0Bn"}`, "W5LhF2W+wPX/dB1aHfRBdA=="},
		"sealed in full under a key of its own": {`{"title":".6lvKA8w7OoV1JXTo6fy3ZKuR593NW8krVCLF5zhjZonHOQkYgqcXdUB4OrC8gNzBsdmMqsGwPpQreQ"}`,
			"scdhct/If9PytX4qAIIWzaUaKpR+U5abDiMKNQFJSDk="},
	} {
		t.Run(name, func(t *testing.T) {
			r := Recorded{
				Type: "ticket.retitled", SchemaVersion: 1, EventID: comment.UUID, Data: []byte(c.data),
				PersonID: uuid.NullUUID{UUID: ann.UUID, Valid: true},
			}
			if key, err := base64.StdEncoding.DecodeString(c.key); err != nil {
				t.Fatal(err)
			} else if len(key) > 0 {
				r.TextKeys = [][]byte{keyForm("title", key)}
			}
			events, err := codec.Open(testContext(t), r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(ticket.Retitled{Title: "Plotter – ü"}, events[0].Event); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
