package kit

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/keys"
	"helpdesk/test/pgtest"
)

// Log is a store with a database of its own.
type Log struct {
	*eventstore.Store
	DB       *pgtest.DB
	Pool     *pgxpool.Pool
	Notifier *eventstore.Notifier
}

// New makes a log in which people's texts are sealed, with keys in its database.
func New(t testing.TB, opts ...pgtest.Option) *Log {
	t.Helper()
	return On(t, pgtest.New(t, opts...))
}

// On is New for a database that is there.
func On(t testing.TB, db *pgtest.DB) *Log {
	t.Helper()
	pool := db.Pool(t)
	return newLog(t, db, pool, keys.Codec(t, pool))
}

// Plain makes a log in which nothing is sealed.
func Plain(t testing.TB, opts ...pgtest.Option) *Log {
	t.Helper()
	return PlainOn(t, pgtest.New(t, opts...))
}

// PlainOn is Plain for a database that is there.
func PlainOn(t testing.TB, db *pgtest.DB) *Log {
	t.Helper()
	return newLog(t, db, db.Pool(t), keys.Plain())
}

func newLog(t testing.TB, db *pgtest.DB, pool *pgxpool.Pool, codec *eventstore.Codec) *Log {
	l := &Log{DB: db, Pool: pool, Notifier: eventstore.NewNotifier()}
	l.Store = eventstore.New(pool, codec, l.Notifier.NotifyOf)
	t.Cleanup(l.Close)
	return l
}

// Opening is the append that opens a ticket.
func Opening(id uuid.UUID) eventstore.Append {
	return Appending(id, 0, ticket.Opened{Title: "Printer", Description: "It smokes.", Priority: ticket.High})
}

// Appending is an append of events to a ticket.
func Appending(id uuid.UUID, version int, events ...domain.Event) eventstore.Append {
	return eventstore.Append{
		StreamID: id, StreamType: domain.TicketStream, ExpectedVersion: version, Events: events,
		Metadata: eventstore.Metadata{ActorKind: domain.ActorSystem, CorrelationID: "test"},
	}
}

// MustAppend fails the test when the append is refused.
func (l *Log) MustAppend(t testing.TB, a eventstore.Append) eventstore.Appended {
	t.Helper()
	done, err := l.Append(Context(t), a)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return done
}

// Fill appends n tickets of one event each.
func (l *Log) Fill(t testing.TB, n int) {
	t.Helper()
	for range n {
		l.MustAppend(t, Opening(NewID()))
	}
}

// End returns the position of the newest event.
func (l *Log) End(t testing.TB) int64 {
	t.Helper()
	head, err := l.Head(Context(t))
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// Stream returns a stream, and fails the test when its versions have a hole.
func (l *Log) Stream(t testing.TB, id uuid.UUID) []eventstore.Envelope {
	t.Helper()
	events, err := l.Load(Context(t), id)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		if e.Version != i+1 {
			t.Fatalf("event %d of the stream has version %d", i+1, e.Version)
		}
	}
	return events
}

// Super connects as a superuser until the test ends.
func (l *Log) Super(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), l.DB.SuperURL) // cleanups may still use it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}
