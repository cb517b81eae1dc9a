package eventstore

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

// redaction appends that texts of a ticket at a version were destroyed.
func (l *log) redaction(t testing.TB, of Append, version int, texts ...TextOf) {
	t.Helper()
	a := appending(of.StreamID, version, ticket.TextRedacted{Field: ticket.FieldTitle, Text: domain.Redacted, Reason: "a name"})
	a.Person, a.Destroys = bob, texts
	l.mustAppend(t, a)
}

func (l *log) says(t testing.TB, of Append) (events []domain.Event) {
	t.Helper()
	loaded, err := l.Load(testContext(t), of.StreamID)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range loaded {
		events = append(events, e.Event)
	}
	return events
}

func TestATextThatWasDestroyedReadsRedactedAndNoOther(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.sealing(t)
	opened := ticket.Opened{Number: 1, Title: "Printer", Description: "It smokes.", Priority: ticket.High, CreatedBy: ann, OpenedBy: bob}
	said := ticket.CommentAdded{CommentID: comment, Author: bob, Text: "Which model?", AddedAt: instant}
	a := appending(newID(t), 0, opened, said)
	first := l.mustAppend(t, a).FirstPosition
	before, err := l.Load(testContext(t), a.StreamID)
	if err != nil {
		t.Fatal(err)
	}
	l.redaction(t, a, 2, TextOf{first, "title"})
	redacted := ticket.TextRedacted{Field: ticket.FieldTitle, Text: domain.Redacted, Reason: "a name"}
	opened.Title = domain.Redacted
	if diff := cmp.Diff([]domain.Event{opened, said, redacted}, l.says(t, a)); diff != "" {
		t.Errorf("(-want +read):\n%s", diff)
	}
	after, err := l.Load(testContext(t), a.StreamID)
	if err != nil || string(before[0].Data) != string(after[0].Data) {
		t.Errorf("the bytes of the event changed from %s to %s, %v", before[0].Data, after[0].Data, err)
	}
	l.redaction(t, a, 3, TextOf{first, "title"}, TextOf{first + 1, "text"}) // once more, and another
	if got := l.says(t, a)[1].(ticket.CommentAdded).Text; got != domain.Redacted {
		t.Errorf("the comment reads %q", got)
	}
}

func TestATextFromBeforeTextsHadKeysReadsRedacted(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.sealing(t)
	a := opening(newID(t)) // of nobody: not sealed at all
	first := l.mustAppend(t, a).FirstPosition
	l.redaction(t, a, 1, TextOf{first, "title"})
	if got := l.says(t, a)[0].(ticket.Opened); got.Title != domain.Redacted || got.Description != "It smokes." {
		t.Errorf("it reads %+v", got)
	}
}

func TestATextWithoutItsKeyIsNotTakenForRedacted(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.sealing(t)
	a := appending(newID(t), 0, ticket.Opened{Number: 1, Title: "Printer", Description: "d", Priority: ticket.High, CreatedBy: ann})
	l.mustAppend(t, a)
	for name, q := range map[string]string{
		"another's key": `UPDATE text_keys SET key = sha256('') WHERE member = 'title'`,
		"no key":        `DELETE FROM text_keys`,
	} {
		if _, err := l.db.OwnerPool(t).Exec(testContext(t), q); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Load(testContext(t), a.StreamID); err == nil || !strings.Contains(err.Error(), "it does not open") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
