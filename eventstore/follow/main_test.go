package follow

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// patience is far above what anything waited for takes.
const patience = 30 * time.Second

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

var (
	ann     = domain.UserID{UUID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")}
	bob     = domain.UserID{UUID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8058")}
	instant = time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)
	comment = ticket.CommentID{UUID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8059")}
)

// newCodec makes the codec of all aggregates, and of more events.
func newCodec(keys eventstore.Keys, more ...domain.EventType) *eventstore.Codec {
	return eventstore.NewCodec(keys, ticket.Events(), user.Events(), email.Events(), access.Events(), more)
}

// log is a store with a database of its own.
type log struct {
	*eventstore.Store
	pool     *pgxpool.Pool
	db       *pgtest.DB
	notifier *eventstore.Notifier
}

func newLog(t testing.TB, opts ...pgtest.Option) log {
	t.Helper()
	db := pgtest.New(t, opts...)
	notifier := eventstore.NewNotifier()
	pool := db.Pool(t)
	store := eventstore.New(pool, newCodec(nil), notifier.NotifyOf)
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
func opening(id uuid.UUID) eventstore.Append {
	return appending(id, 0, ticket.Opened{Title: "Printer", Description: "It smokes.", Priority: ticket.High})
}

func appending(id uuid.UUID, version int, events ...domain.Event) eventstore.Append {
	return eventstore.Append{
		StreamID: id, StreamType: domain.TicketStream, ExpectedVersion: version, Events: events,
		Metadata: eventstore.Metadata{ActorKind: domain.ActorSystem, CorrelationID: "test"},
	}
}

// mustAppend fails the test when the append is refused.
func (l log) mustAppend(t testing.TB, a eventstore.Append) eventstore.Appended {
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

// effects is a table a test follower writes, to see what was applied.
const effectsSQL = `CREATE TABLE effects (nth bigserial PRIMARY KEY, follower text, position bigint, type text);
GRANT ALL ON effects TO PUBLIC; GRANT ALL ON effects_nth_seq TO PUBLIC`

func (l log) makeEffects(t testing.TB) {
	t.Helper()
	if _, err := l.db.OwnerPool(t).Exec(testContext(t), effectsSQL); err != nil {
		t.Fatal(err)
	}
}

// recorder is a follower that writes down what it is given.
func recorder(name string) Follower {
	return Follower{Name: name, Apply: func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		return record(ctx, tx, name, events)
	}}
}

func record(ctx context.Context, tx pgx.Tx, name string, events []eventstore.Envelope) error {
	rows := make([][]any, len(events))
	for i, e := range events {
		rows[i] = []any{name, e.Position, e.Type}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"effects"}, []string{"follower", "position", "type"}, pgx.CopyFromRows(rows))
	return err
}

// recorded returns the positions a follower applied, in the order it did.
func (l log) recorded(t testing.TB, name string) []int64 {
	t.Helper()
	rows, _ := l.pool.Query(testContext(t), `SELECT position FROM effects WHERE follower = $1 ORDER BY nth`, name)
	positions, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	return positions
}

// upTo is 1, 2, … n: what a follower must have applied.
func upTo(n int64) []int64 {
	all := make([]int64, n)
	for i := range all {
		all[i] = int64(i + 1)
	}
	return all
}

// follow runs followers until the test ends and returns them with the notifier
// they notifies.
func (l log) follow(t testing.TB, config Config, followers ...Follower) (*Followers, *Freshness) {
	t.Helper()
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	applied := eventstore.NewNotifier()
	f := New(l.pool, l.Codec(), l.notifier, applied, config, followers...)
	run(t, f.Run)
	fresh := NewFreshness(l.pool, applied, followers...)
	t.Cleanup(fresh.Close)
	return f, fresh
}

// run runs a loop until the test ends or stop is called, and waits for its end.
func run(t testing.TB, loop func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- loop(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("the loop ended with %v", err)
			}
		case <-time.After(patience):
			t.Error("the loop did not end")
		}
	}
	t.Cleanup(stop)
	return stop
}

// waitFor fails the test when the followers do not reach position.
func waitFor(t testing.TB, f *Freshness, position int64) {
	t.Helper()
	if err := f.Wait(testContext(t), position); err != nil {
		t.Fatal(err)
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

func mustJSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
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
