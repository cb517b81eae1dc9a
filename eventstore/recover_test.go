package eventstore

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/test/faulty"
	"helpdesk/test/logcheck"
)

// over makes a store over a line.
func (l log) over(t *testing.T, line *faulty.Line) *Store {
	t.Helper()
	store := New(line.Pool(t, l.db.ServiceURL), newCodec(nil), func([]string) {})
	t.Cleanup(store.Close)
	return store
}

func TestAnAppendIsCarriedThroughWhenTheLineDies(t *testing.T) {
	t.Parallel()
	const mark = "a-mark-of-its-own"
	for name, unsent := range map[string]bool{
		"the answer of an append that was written is lost": false,
		"the append itself is lost":                        true,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			l.fill(t, 1)
			line := &faulty.Line{Mark: []byte(mark), Unsent: unsent}
			store := l.over(t, line)
			a := appending(newID(t), 0, ticket.Opened{}, ticket.Started{})
			a.Metadata.CorrelationID, a.CommandID = mark, newID(t)
			line.Armed.Store(true)
			got, err := store.Append(testContext(t), a)
			if want := (place{2, 3, 2}); err != nil || placeOf(got) != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
			if line.Interrupts.Load() != 1 {
				t.Error("the line did not die")
			}
			logcheck.Whole(t, l.pool, 3)
			if _, err := store.Append(testContext(t), a); !errors.Is(err, ErrDuplicateCommand) {
				t.Errorf("the command again: got %v, want %v", err, ErrDuplicateCommand)
			}
		})
	}
}

// In the batch whose answer was lost, those that had won are told apart from
// those that had lost.
func TestWhoWonIsKnownThoughTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	taken, grown, done := newID(t), newID(t), opening(newID(t))
	l.mustAppend(t, opening(taken))
	l.mustAppend(t, opening(grown))
	done.CommandID = newID(t)
	l.mustAppend(t, done)

	line := &faulty.Line{Mark: []byte("a-mark-of-its-own")}
	store := l.over(t, line)
	marked, repeated := opening(newID(t)), opening(newID(t))
	marked.Metadata.CorrelationID, repeated.CommandID = string(line.Mark), done.CommandID
	var batch []*waiting
	for _, a := range []Append{opening(taken), marked, repeated, appending(grown, 1, ticket.Started{})} {
		e, err := store.codec.prepare(testContext(t), a, store.writer.keys.of)
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, &waiting{encoded: e, done: make(chan result, 1)})
	}
	line.Armed.Store(true)
	store.writer.write(batch)
	wants := []struct {
		place
		err error
	}{
		{err: ErrConflict},
		{place: place{4, 4, 1}},
		{err: ErrDuplicateCommand},
		{place: place{5, 5, 2}},
	}
	for i, want := range wants {
		if got := <-batch[i].done; placeOf(got.Appended) != want.place || !errors.Is(got.err, want.err) {
			t.Errorf("append %d: got %+v, want %+v", i, got, want)
		}
	}
	if line.Interrupts.Load() != 1 {
		t.Error("the line did not die")
	}
	logcheck.Whole(t, l.pool, 5)
}

// Of an append with a transaction of its own nobody can tell: it says so.
func TestAnAppendWithMoreBesideItSaysWhenItsEndIsNotKnown(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	line := &faulty.Line{Mark: []byte("commit\x00")}
	store := l.over(t, line)
	a := opening(newID(t))
	a.CommandID = newID(t)
	a.Also = func(context.Context, pgx.Tx) error {
		line.Armed.Store(true)
		return nil
	}
	if _, err := store.Append(testContext(t), a); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v, want %v", err, ErrUnavailable)
	}
	if line.Interrupts.Load() != 1 {
		t.Error("the line did not die")
	}
	if done, err := l.Carried(testContext(t), a.CommandID); err != nil || !done {
		t.Errorf("the command tells what became of it: got %v, %v; want true", done, err)
	}
	logcheck.Whole(t, l.pool, 1)
}
