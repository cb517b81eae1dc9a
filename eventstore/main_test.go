package eventstore

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/email"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/test/pgtest"
)

// place is where an append ended up.
type place struct {
	first, last int64
	version     int
}

func placeOf(a Appended) place { return place{a.FirstPosition, a.Position, a.Version} }

func TestMain(m *testing.M) { pgtest.Main(m) }

// patience is far above what anything waited for takes.
const patience = 30 * time.Second

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// newCodec makes the codec of all aggregates, and of more events.
func newCodec(keys Keys, more ...domain.EventType) *Codec {
	return NewCodec(keys, ticket.Events(), user.Events(), email.Events(), mailbox.Events(), message.Events(), access.Events(), more)
}

// log is a store with a database of its own.
type log struct {
	*Store
	pool     *pgxpool.Pool
	db       *pgtest.DB
	notifier *Notifier
}

func newLog(t testing.TB, opts ...pgtest.Option) log {
	t.Helper()
	db := pgtest.New(t, opts...)
	notifier := NewNotifier()
	pool := db.Pool(t)
	store := New(pool, newCodec(nil), notifier.NotifyOf)
	t.Cleanup(store.Close)
	return log{Store: store, pool: pool, db: db, notifier: notifier}
}

func newID(t testing.TB) uuid.UUID {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// opening is the append that opens a ticket.
func opening(id uuid.UUID) Append {
	return appending(id, 0, ticket.Opened{Title: "Printer", Description: "It smokes.", Priority: ticket.High})
}

func appending(id uuid.UUID, version int, events ...domain.Event) Append {
	return Append{
		StreamID: id, StreamType: domain.TicketStream, ExpectedVersion: version, Events: events,
		Metadata: Metadata{ActorKind: domain.ActorSystem, CorrelationID: "test"},
	}
}

// mustAppend fails the test when the append is refused.
func (l log) mustAppend(t testing.TB, a Append) Appended {
	t.Helper()
	done, err := l.Append(testContext(t), a)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return done
}

// fill appends n tickets of one event each.
func (l log) fill(t testing.TB, n int) {
	t.Helper()
	for range n {
		l.mustAppend(t, opening(newID(t)))
	}
}

func (l log) head(t testing.TB) int64 {
	t.Helper()
	head, err := l.Head(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// poll looks until the condition holds, and fails the test when it never does.
func poll(t testing.TB, condition func() bool) {
	t.Helper()
	limit := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("what was waited for did not happen")
		}
	}
}

// upTo is 1, 2, … n: the positions of the first n events.
func upTo(n int64) []int64 {
	all := make([]int64, n)
	for i := range all {
		all[i] = int64(i + 1)
	}
	return all
}
