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

// title is a title that [titles] kept, and where it stood.
type title struct {
	Position int64
	Title    string
}

func (l *log) titles(t *testing.T) []title {
	t.Helper()
	rows, _ := l.Pool.Query(kit.Context(t), `SELECT position, type FROM effects ORDER BY position`) // CollectRows returns its error
	kept, err := pgx.CollectRows(rows, pgx.RowToStructByPos[title])
	if err != nil {
		t.Fatal(err)
	}
	return kept
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

	want := []title{{1, domain.Erased}, {2, "his"}, {3, "his too"}, {4, domain.Erased}, {6, "his again"}}
	if diff := cmp.Diff(want, l.titles(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFollowerReadsStreamsAgainThatItWantsAfresh(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	f := titles()
	f.Afresh = func(e domain.Event) bool { _, ok := e.(ticket.Retitled); return ok }
	apply := f.Apply
	f.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		last := map[uuid.UUID]int{}
		for _, e := range events {
			if e.Version != last[e.StreamID]+1 {
				t.Errorf("version %d came after %d", e.Version, last[e.StreamID])
			}
			last[e.StreamID] = e.Version
		}
		return apply(ctx, tx, events)
	}
	one, other := kit.NewID(), kit.NewID()
	l.MustAppend(t, kit.Appending(one, 0, ticket.Opened{Title: "one"}))
	l.MustAppend(t, kit.Appending(other, 0, ticket.Opened{Title: "other"}))
	_, fresh := l.follow(t, Config{}, f)
	waitFor(t, fresh, 2)
	l.MustAppend(t, kit.Appending(one, 1, ticket.Retitled{Title: "once more"}))
	waitFor(t, fresh, 3)

	want := []title{{1, "one"}, {2, "other"}, {3, "once more"}}
	if diff := cmp.Diff(want, l.titles(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A follower that dropped what was deleted is given it once more when it is restored.
func TestAFollowerReadsRestoredStreamsAgain(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	f := titles()
	f.Types = append(f.Types, "ticket.deleted", "ticket.restored")
	forget, apply := f.Forget, f.Apply
	again := map[string]bool{}
	f.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		var gone []uuid.UUID
		for _, e := range events {
			if e.Again {
				again[e.Type] = true
			}
			if _, deleted := e.Event.(ticket.Deleted); deleted && !e.Again {
				gone = append(gone, e.StreamID)
			}
		}
		if err := apply(ctx, tx, events); err != nil {
			return err
		}
		return forget(ctx, tx, gone)
	}
	one, other := kit.NewID(), kit.NewID()
	l.MustAppend(t, kit.Appending(one, 0, ticket.Opened{Title: "one"}))
	l.MustAppend(t, kit.Appending(other, 0, ticket.Opened{Title: "other"}))
	_, fresh := l.follow(t, Config{}, f)
	l.MustAppend(t, kit.Appending(one, 1, ticket.Deleted{}))
	waitFor(t, fresh, 3)
	if diff := cmp.Diff([]title{{2, "other"}}, l.titles(t)); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	l.MustAppend(t, kit.Appending(one, 2, ticket.Restored{}))
	waitFor(t, fresh, 4)
	if diff := cmp.Diff([]title{{1, "one"}, {2, "other"}}, l.titles(t)); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]bool{"ticket.opened": true, "ticket.deleted": true}, again); diff != "" {
		t.Errorf("what was given again (-want +got):\n%s", diff)
	}
}
