package eventstore

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
)

// sentLetter is [email.Sent] as it was stored when emails were called letters.
type sentLetter struct {
	Attempt int `json:"attempt"`
}

func (sentLetter) EventType() string { return "letter.sent" }

// appendOld appends an opened ticket, an event under its former name in a stream of
// the former type, and the same under its present name, behind each other.
func (l log) appendOld(t *testing.T) {
	t.Helper()
	l.mustAppend(t, opening(newID(t)))
	old := New(l.pool, NewCodec(nil, []domain.EventType{domain.EventOf[sentLetter]()}), l.notifier.NotifyOf)
	t.Cleanup(old.Close)
	id := newID(t)
	a := appending(id, 0, sentLetter{Attempt: 1})
	a.StreamType = "letter"
	if _, err := old.Append(testContext(t), a); err != nil {
		t.Fatal(err)
	}
	a = appending(id, 1, email.Sent{Attempt: 2})
	a.StreamType = domain.EmailStream
	l.mustAppend(t, a)
}

func TestAnEventIsReadUnderItsPresentName(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.appendOld(t)
	stored, err := l.Read(testContext(t), 1, 9)
	if err != nil {
		t.Fatal(err)
	}
	checkNames(t, "as it is stored", stored, "letter letter.sent", "email email.sent")

	opened, err := l.Codec().Open(testContext(t), stored...)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := l.Codec().Show(testContext(t), stored...)
	if err != nil {
		t.Fatal(err)
	}
	var asOpened, asShown []Recorded
	for i := range opened {
		asOpened, asShown = append(asOpened, opened[i].Recorded), append(asShown, shown[i].Recorded)
	}
	checkNames(t, "opened", asOpened, "email email.sent", "email email.sent")
	checkNames(t, "shown", asShown, "email email.sent", "email email.sent")
	if diff := cmp.Diff([]domain.Event{email.Sent{Attempt: 1}, email.Sent{Attempt: 2}}, []domain.Event{opened[0].Event, opened[1].Event}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func checkNames(t *testing.T, how string, events []Recorded, want ...string) {
	t.Helper()
	var got []string
	for _, e := range events {
		got = append(got, string(e.StreamType)+" "+e.Type)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", how, diff)
	}
}

func TestASelectionByTypeFindsFormerNames(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.appendOld(t)
	for _, name := range []string{"email.sent", "letter.sent"} {
		t.Run(name, func(t *testing.T) {
			got, err := l.Select(testContext(t), Selection{Upto: 9, Types: []string{name}}, 9)
			if err != nil || len(got) != 2 {
				t.Errorf("%d events, %v; want 2", len(got), err)
			}
		})
	}
}

func TestTheNamesOfTypes(t *testing.T) {
	if diff := cmp.Diff([]string{"ticket.started", "email.sent", "letter.sent"}, Types(ticket.Started{}, email.Sent{})); diff != "" {
		t.Errorf("of events (-want +got):\n%s", diff)
	}
	all := TypesOf(email.Events())
	if len(all) != len(email.Events())+7 || !slices.Contains(all, "email.cancelled") || !slices.Contains(all, "letter.requeued") {
		t.Errorf("of an aggregate: %q", all)
	}
	codec := newCodec(nil)
	if _, written := codec.Types()["letter.sent"]; written || !codec.Knows("letter.sent") || !codec.Knows("email.sent") {
		t.Error("a former name is written, or is not known")
	}
	if _, _, err := codec.encode(sentLetter{}); err == nil {
		t.Error("an event is written under a former name")
	}
}
