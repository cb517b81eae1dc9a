package eventstore

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"helpdesk/domain/ticket"
	"helpdesk/test/logcheck"
)

func TestAStaleAppendIsRefusedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	id := newID(t)
	l.mustAppend(t, opening(id))
	for name, a := range map[string]Append{
		"a stream that exists is opened again":   opening(id),
		"a version that is ahead is expected":    appending(id, 2, ticket.Started{}),
		"a stream that does not exist goes on":   appending(newID(t), 1, ticket.Started{}),
		"the second event would be written also": appending(id, 5, ticket.Started{}, ticket.Resolved{}),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := l.Append(testContext(t), a); !errors.Is(err, ErrConflict) {
				t.Errorf("got %v, want %v", err, ErrConflict)
			}
		})
	}
	if got := l.head(t); got != 1 {
		t.Errorf("head is %d after refused appends, want 1", got)
	}
}

func TestOfSixtyFourWritersOnOneVersionOneWins(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	id := newID(t)
	for version := range 5 {
		var won atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				a := appending(id, version, ticket.Retitled{Title: "x"})
				switch _, err := l.Append(testContext(t), a); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, ErrConflict):
					t.Errorf("got %v, want %v", err, ErrConflict)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("version %d: %d winners, want 1", version+1, won.Load())
		}
	}
	logcheck.Whole(t, l.pool, 5)
}

func TestAnAppendIsRefusedBehindAnotherEvent(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	id := newID(t)
	done := l.mustAppend(t, opening(id))
	a := appending(id, 1, ticket.Started{})
	a.ExpectedEvent = newID(t)
	if _, err := l.Append(testContext(t), a); !errors.Is(err, ErrConflict) {
		t.Errorf("behind another event: got %v, want %v", err, ErrConflict)
	}
	a.ExpectedEvent = done.Events[0].EventID
	l.mustAppend(t, a)
}
