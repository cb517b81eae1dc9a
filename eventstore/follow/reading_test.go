package follow

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// reader returns what a reading says of types, through a transaction of its own;
// ended: one that reads nothing any more.
func (l log) reader(t *testing.T, r *Reading, ended bool) func(upto int64, of ...domain.Event) ([]domain.Event, error) {
	return func(upto int64, of ...domain.Event) ([]domain.Event, error) {
		t.Helper()
		tx, err := l.Pool.Begin(kit.Context(t))
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(kit.Context(t)) // it has only read
		if ended {
			if err := tx.Rollback(kit.Context(t)); err != nil {
				t.Fatal(err)
			}
		}
		events, err := r.events(kit.Context(t), tx, eventstore.Types(of...), 0, upto)
		var said []domain.Event
		for _, e := range events {
			said = append(said, e.Event)
		}
		return said, err
	}
}

func TestAPageIsReadOnceForAllFollowers(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	keys := l.sealing(t)
	id := kit.NewID()
	opened := ticket.Opened{Number: 1, Title: "Printer", Description: "It smokes.", CreatedBy: ann, OpenedBy: ann}
	said := ticket.CommentAdded{CommentID: comment, Author: bob, Text: "Which model?", AddedAt: instant}
	l.MustAppend(t, kit.Appending(id, 0, opened, said, ticket.Closed{}))
	r := NewReading(l.Codec(), Follower{Types: eventstore.Types(opened, said)}, Follower{Types: eventstore.Types(opened)})
	reading, keeping := l.reader(t, r, false), l.reader(t, r, true)
	check := func(got []domain.Event, err error, want ...domain.Event) {
		t.Helper()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}

	got, err := reading(3, opened)
	check(got, err, opened)
	got, err = keeping(3, opened, said)
	check(got, err, opened, said)
	if _, err := keeping(2, opened); !errors.Is(err, pgx.ErrTxClosed) {
		t.Errorf("another page: got %v, want it to be read", err)
	}

	got, err = reading(3, said)
	check(got, err, said)
	keys.Destroy(ann.UUID) // what was opened before must not be told any more
	if _, err := keeping(3, opened); !errors.Is(err, pgx.ErrTxClosed) {
		t.Errorf("after an erasure: got %v, want the page to be read again", err)
	}
	erased := opened
	erased.Title, erased.Description = domain.Erased, domain.Erased
	got, err = reading(3, opened, said)
	check(got, err, erased, said)
	got, err = keeping(3, said)
	check(got, err, said)
}

func TestAFollowerWithoutTypesReadsAll(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	id := kit.NewID()
	l.MustAppend(t, kit.Opening(id))
	l.MustAppend(t, kit.Appending(id, 1, ticket.Closed{}))
	r := NewReading(l.Codec(), Follower{Types: eventstore.Types(ticket.Opened{})}, Follower{})
	tx, err := l.Pool.Begin(kit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(kit.Context(t)) // it has only read
	for _, c := range []struct {
		types []string
		want  int
	}{{nil, 2}, {eventstore.Types(ticket.Closed{}), 1}} {
		if got, err := r.events(kit.Context(t), tx, c.types, 0, 2); err != nil || len(got) != c.want {
			t.Errorf("of %v: got %v, %v, want %d events", c.types, got, err, c.want)
		}
	}
}

func TestAnEventThatCannotBeReadConcernsOnlyWhoWantsIt(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.MustAppend(t, kit.Opening(kit.NewID()))
	older := eventstore.NewCodec(nil, []domain.EventType{domain.EventOf[ticket.Opened]()}) // than one of the events
	r := NewReading(older, Follower{Types: eventstore.Types(ticket.Opened{}, ticket.Closed{})})
	l.MustAppend(t, kit.Opening(kit.NewID()))
	const later = `INSERT INTO events SELECT (jsonb_populate_record(e, '{"position": 3, "version": 2, "type": "ticket.closed", "data": {}, "event_id": "00000000-0000-0000-0000-000000000003"}')).*
FROM events AS e WHERE position = 2`
	if _, err := l.DB.OwnerPool(t).Exec(kit.Context(t), later); err != nil {
		t.Fatal(err)
	}
	reading := l.reader(t, r, false)
	if got, err := reading(3, ticket.Opened{}); err != nil || len(got) != 2 {
		t.Errorf("without it: %v, %v", got, err)
	}
	if _, err := reading(3, ticket.Opened{}, ticket.Closed{}); !errors.Is(err, eventstore.ErrUnknownEvent) {
		t.Errorf("with it: got %v, want %v", err, eventstore.ErrUnknownEvent)
	}
}
