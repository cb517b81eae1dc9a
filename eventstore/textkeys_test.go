package eventstore

import (
	"errors"
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
		"another's key": `UPDATE streams SET key = decode(md5(''), 'hex')`,
		"no key":        `UPDATE streams SET key = NULL`,
	} {
		if _, err := l.db.OwnerPool(t).Exec(testContext(t), q); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Load(testContext(t), a.StreamID); err == nil || !strings.Contains(err.Error(), "it does not open") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// keys returns how many keys of streams and of texts there are.
func (l *log) keys(t testing.TB) (streams, texts int) {
	t.Helper()
	const q = `SELECT (SELECT count(key) FROM streams), (SELECT count(*) FROM text_keys WHERE key IS NOT NULL)`
	if err := l.pool.QueryRow(testContext(t), q).Scan(&streams, &texts); err != nil {
		t.Fatal(err)
	}
	return streams, texts
}

// TestTheKeyOfAStreamIsDestroyedWithATextOfIt has what was destroyed open under nothing
// that is left.
func TestTheKeyOfAStreamIsDestroyedWithATextOfIt(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.sealing(t)
	a := appending(newID(t), 0, ticket.Opened{Number: 1, Title: "Printer", Description: "It smokes.", Priority: ticket.High, CreatedBy: ann})
	first := l.mustAppend(t, a).FirstPosition
	if streams, texts := l.keys(t); streams != 1 || texts != 0 {
		t.Errorf("%d keys of streams, %d of texts: want one for all texts of the stream", streams, texts)
	}
	var before, after []byte
	if err := l.pool.QueryRow(testContext(t), streamKeySQL, a.StreamID).Scan(&before); err != nil {
		t.Fatal(err)
	}
	l.redaction(t, a, 1, TextOf{first, "title"})
	if err := l.pool.QueryRow(testContext(t), streamKeySQL, a.StreamID).Scan(&after); err != nil {
		t.Fatal(err)
	}
	if string(before) == string(after) {
		t.Error("the stream has the key still that its title was hidden under")
	}
	if streams, texts := l.keys(t); streams != 1 || texts != 1 {
		t.Errorf("%d keys of streams, %d of texts: want a new one, and that of the description", streams, texts)
	}
	comment := appending(a.StreamID, 2, ticket.CommentAdded{CommentID: comment, Author: bob, Text: "Which model?", AddedAt: instant})
	l.mustAppend(t, comment)
	l.redaction(t, a, 3, TextOf{first, "description"}) // whose key is of text_keys by now
	said := l.says(t, a)
	if got := said[0].(ticket.Opened); got.Title != domain.Redacted || got.Description != domain.Redacted {
		t.Errorf("it reads %+v", got)
	}
	if got := said[2].(ticket.CommentAdded); got.Text != "Which model?" {
		t.Errorf("the comment reads %q", got.Text)
	}
}

// TestAnAppendUnderAKeyThatTheStreamHasNoMoreIsRefused has a process write that lately
// loaded the stream, of which another has it that it is at the same version.
func TestAnAppendUnderAKeyThatTheStreamHasNoMoreIsRefused(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.sealing(t)
	a := appending(newID(t), 0, ticket.Opened{Number: 1, Title: "Printer", Description: "d", Priority: ticket.High, CreatedBy: ann})
	l.mustAppend(t, a)
	l.writer.keys.keep(a.StreamID, newStreamKey())
	said := appending(a.StreamID, 1, ticket.CommentAdded{CommentID: comment, Author: bob, Text: "Which model?", AddedAt: instant})
	if _, err := l.Append(testContext(t), said); !errors.Is(err, ErrConflict) {
		t.Fatalf("got %v, want a conflict", err)
	}
	l.mustAppend(t, said) // which has looked the key up
	if got := l.says(t, a)[1].(ticket.CommentAdded).Text; got != "Which model?" {
		t.Errorf("it reads %q", got)
	}
}

// TestAStreamFromBeforeStreamsHadKeysGetsOne has texts that have keys of their own.
func TestAStreamFromBeforeStreamsHadKeysGetsOne(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.sealing(t)
	a := appending(newID(t), 0, ticket.Opened{Number: 1, Title: "Printer", Description: "d", Priority: ticket.High, CreatedBy: ann})
	l.mustAppend(t, a)
	tx, err := l.db.OwnerPool(t).Begin(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.codec.keepTextKeys(testContext(t), tx, a.StreamID); err != nil { // as it was then
		t.Fatal(err)
	}
	if _, err := tx.Exec(testContext(t), `UPDATE streams SET key = NULL`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(testContext(t)); err != nil {
		t.Fatal(err)
	}
	other := New(l.pool, l.codec, l.notifier.NotifyOf) // which remembers no key
	t.Cleanup(other.Close)
	said := appending(a.StreamID, 1, ticket.CommentAdded{CommentID: comment, Author: bob, Text: "Which model?", AddedAt: instant})
	if _, err := other.Append(testContext(t), said); err != nil {
		t.Fatal(err)
	}
	events := l.says(t, a)
	if got := events[0].(ticket.Opened).Title + events[1].(ticket.CommentAdded).Text; got != "PrinterWhich model?" {
		t.Errorf("it reads %q", got)
	}
	if streams, texts := l.keys(t); streams != 1 || texts != 2 {
		t.Errorf("%d keys of streams, %d of texts: want 1 and 2", streams, texts)
	}
}
