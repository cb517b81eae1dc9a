package follow

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/email"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ann     = domain.UserID{UUID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")}
	bob     = domain.UserID{UUID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8058")}
	instant = time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)
	comment = ticket.CommentID{UUID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8059")}
)

// newCodec makes the codec of all aggregates, and of more events.
func newCodec(keys eventstore.Keys, more ...domain.EventType) *eventstore.Codec {
	return eventstore.NewCodec(keys, ticket.Events(), user.Events(), email.Events(), mailbox.Events(), message.Events(), access.Events(), more)
}

// log is a log whose followers write down what they are given.
type log struct{ *kit.Log }

func newLog(t testing.TB, opts ...pgtest.Option) log {
	t.Helper()
	return log{kit.Plain(t, opts...)}
}

// effects is a table a test follower writes, to see what was applied.
const effectsSQL = `CREATE TABLE effects (nth bigserial PRIMARY KEY, follower text, position bigint, type text);
GRANT ALL ON effects TO PUBLIC; GRANT ALL ON effects_nth_seq TO PUBLIC`

func (l log) makeEffects(t testing.TB) {
	t.Helper()
	if _, err := l.DB.OwnerPool(t).Exec(kit.Context(t), effectsSQL); err != nil {
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
	rows, _ := l.Pool.Query(kit.Context(t), `SELECT position FROM effects WHERE follower = $1 ORDER BY nth`, name)
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
// they notify.
func (l log) follow(t testing.TB, config Config, followers ...Follower) (*Followers, *Freshness) {
	t.Helper()
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	applied := eventstore.NewNotifier()
	f := New(l.Pool, l.Codec(), l.Notifier, applied, config, followers...)
	kit.Run(t, f.Run)
	fresh := NewFreshness(l.Pool, applied, followers...)
	t.Cleanup(fresh.Close)
	return f, fresh
}

// waitFor fails the test when the followers do not reach position.
func waitFor(t testing.TB, f *Freshness, position int64) {
	t.Helper()
	if err := f.Wait(kit.Context(t), position); err != nil {
		t.Fatal(err)
	}
}

func mustJSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
