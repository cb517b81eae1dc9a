package follow

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
	"helpdesk/test/memorykeys"
)

// sealing makes the log one whose texts are sealed.
func (l *log) sealing(t testing.TB) *memorykeys.Ring {
	t.Helper()
	keys := memorykeys.New()
	l.Store = eventstore.New(l.Pool, newCodec(keys), l.Notifier.NotifyOf)
	t.Cleanup(l.Store.Close)
	return keys
}

// titles is a follower that keeps the newest title of every ticket, as a table
// of texts would.
func titles() Follower {
	return Follower{
		Name: "titles", Types: []string{"ticket.opened", "ticket.retitled", "user.texts_erased"},
		Apply: func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
			for _, e := range events {
				var title string
				switch d := e.Event.(type) {
				case ticket.Opened:
					title = d.Title
				case ticket.Retitled:
					title = d.Title
				default:
					continue
				}
				const q = `INSERT INTO effects (follower, position, type) VALUES ($1, $2, $3)`
				if _, err := tx.Exec(ctx, q, e.StreamID.String(), e.Position, title); err != nil {
					return err
				}
			}
			return nil
		},
		Forget: func(ctx context.Context, tx pgx.Tx, streamIDs []uuid.UUID) error {
			_, err := tx.Exec(ctx, `DELETE FROM effects WHERE follower = ANY ($1::text[])`, streamIDs)
			return err
		},
	}
}

func TestAFollowerReadsStreamsWithErasedTextsAgain(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	keys := l.sealing(t)
	l.makeEffects(t)
	of := func(id uuid.UUID, version int, person domain.UserID, title string) {
		a := kit.Appending(id, version, ticket.Retitled{Title: title})
		if version == 0 {
			a.Events[0] = ticket.Opened{Title: title, CreatedBy: person}
		}
		a.Person = person
		l.MustAppend(t, a)
	}
	hers, his, both := kit.NewID(), kit.NewID(), kit.NewID()
	of(hers, 0, ann, "hers")
	of(his, 0, bob, "his")
	of(both, 0, bob, "his too")
	of(both, 1, ann, "now hers")
	_, fresh := l.follow(t, Config{}, titles())
	waitFor(t, fresh, 4)

	keys.Destroy(ann.UUID)
	streams, err := l.StreamsOf(kit.Context(t), ann.UUID)
	if err != nil || len(streams) != 2 {
		t.Fatalf("streams with texts of hers: %v, %v", streams, err)
	}
	erased := kit.Appending(ann.UUID, 0, user.TextsErased{Streams: streams})
	erased.StreamType = domain.UserStream
	l.MustAppend(t, erased)
	of(both, 2, bob, "his again") // in the same page or the next
	waitFor(t, fresh, 6)

	rows, _ := l.Pool.Query(kit.Context(t), `SELECT position, type FROM effects ORDER BY position`)
	type row struct {
		Position int64
		Type     string
	}
	got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		t.Fatal(err)
	}
	want := []row{{1, domain.Erased}, {2, "his"}, {3, "his too"}, {4, domain.Erased}, {6, "his again"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
