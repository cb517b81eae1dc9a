package follow

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// checkRecorded fails the test unless the follower applied exactly the
// positions of want, in that order.
func (l log) checkRecorded(t testing.TB, name string, want []int64) {
	t.Helper()
	if diff := cmp.Diff(want, l.recorded(t, name)); diff != "" {
		t.Errorf("applied by %s (-want +got):\n%s", name, diff)
	}
}

func TestEveryFollowerGetsEveryEventOnceInOrder(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	names := []string{"a", "b", "c", "d"}
	var followers []Follower
	for _, name := range names {
		followers = append(followers, recorder(name))
	}
	_, fresh := l.follow(t, Config{PageSize: 7}, followers...)
	const writers, each = 16, 20
	var g errgroup.Group
	for range writers {
		g.Go(func() error {
			for range each {
				if _, err := l.Append(kit.Context(t), kit.Opening(kit.NewID())); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, fresh, writers*each)
	for _, name := range names {
		l.checkRecorded(t, name, upTo(writers*each))
	}
}

func TestAFollowerIsGivenTheTypesItNamed(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	id := kit.NewID()
	l.MustAppend(t, kit.Opening(id))
	l.MustAppend(t, kit.Appending(id, 1, ticket.Started{}, ticket.Retitled{Title: "x"}, ticket.Resolved{}, ticket.Started{}))
	some, none := recorder("some"), recorder("none")
	some.Types = []string{"ticket.started"}
	none.Types = []string{"user.registered"}
	none.Apply = func(context.Context, pgx.Tx, []eventstore.Envelope) error {
		t.Error("a follower was called without events")
		return nil
	}
	_, fresh := l.follow(t, Config{PageSize: 2}, some, none)
	waitFor(t, fresh, 5) // both checkpoints: what is not wanted counts as applied
	l.checkRecorded(t, "some", []int64{2, 5})
}

// The fence of the stock schema waits for the oldest writing transaction of
// the whole cluster.
func TestAForeignWritingTransactionStallsNobody(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	foreign, err := l.DB.OwnerPool(t).Begin(kit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Rollback(context.Background()) // it is left open
	var xid string
	const q = `WITH w AS (INSERT INTO effects (follower) VALUES ('foreign') RETURNING 1)
SELECT pg_current_xact_id()::text FROM w`
	if err := foreign.QueryRow(kit.Context(t), q).Scan(&xid); err != nil {
		t.Fatal(err)
	}
	_, fresh := l.follow(t, Config{}, recorder("a"))
	l.Fill(t, 20)
	waitFor(t, fresh, 20)
	l.checkRecorded(t, "a", upTo(20))
	if err := foreign.QueryRow(kit.Context(t), `SELECT 1`).Scan(new(int)); err != nil {
		t.Errorf("the foreign transaction %s was not open all the time: %v", xid, err)
	}
}

func TestAnIdlePollWritesNothing(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	f, fresh := l.follow(t, Config{}, recorder("a"))
	l.Fill(t, 3)
	waitFor(t, fresh, 3)

	looked, stop := f.applied.Listen()
	defer stop()
	look := func() {
		l.Notifier.Notify()
		select {
		case <-looked:
		case <-kit.Context(t).Done():
			t.Fatal("the follower did not look")
		}
	}
	look()
	before := l.checkpointRow(t, "a")
	for range 10 {
		look()
	}
	if diff := cmp.Diff(before, l.checkpointRow(t, "a")); diff != "" {
		t.Errorf("the checkpoint's row was written to (-before +after):\n%s", diff)
	}
}

// checkpointRow shows where a checkpoint's row is and which transactions
// touched it: FOR UPDATE alone changes xmax.
func (l log) checkpointRow(t testing.TB, name string) string {
	t.Helper()
	var row string
	const q = `SELECT concat_ws(' ', position, moved_at, ctid, xmin, xmax) FROM checkpoints WHERE name = $1`
	if err := l.Pool.QueryRow(kit.Context(t), q, name).Scan(&row); err != nil {
		t.Fatal(err)
	}
	return row
}

func TestALookTakesNoTransactionIDUnlessThereIsAPage(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	ctx := kit.Context(t)
	if _, err := l.Pool.Exec(ctx, `INSERT INTO checkpoints (name) VALUES ('a')`); err != nil {
		t.Fatal(err)
	}
	look := func() (pages int, wrote bool) {
		err := pgx.BeginFunc(ctx, l.Pool, func(tx pgx.Tx) error {
			rows, _ := tx.Query(ctx, nextPageSQL, []string{"a"}, []string{})
			rows.Close()
			if rows.Err() != nil {
				return rows.Err()
			}
			pages = int(rows.CommandTag().RowsAffected())
			return tx.QueryRow(ctx, `SELECT pg_current_xact_id_if_assigned() IS NOT NULL`).Scan(&wrote)
		})
		if err != nil {
			t.Fatal(err)
		}
		return pages, wrote
	}
	if pages, wrote := look(); pages != 0 || wrote {
		t.Errorf("at the head: %d pages, wrote: %v", pages, wrote)
	}
	l.Fill(t, 1)
	if pages, wrote := look(); pages != 1 || !wrote {
		t.Errorf("behind the head: %d pages, wrote: %v; want the page under a lock", pages, wrote)
	}
	held, err := l.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Rollback(context.Background()) // it only holds the lock
	if _, err := held.Exec(ctx, lockCheckpointSQL, "a"); err != nil {
		t.Fatal(err)
	}
	if pages, _ := look(); pages != 0 {
		t.Errorf("while another is at work: %d pages", pages)
	}
}

func TestAPageThatTakesTooLongIsTriedInSmallerOnes(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	l.Fill(t, 12)
	slow := recorder("slow")
	write := slow.Apply
	slow.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		if len(events) > 3 {
			<-ctx.Done()
			return fmt.Errorf("too many at once: %w", ctx.Err())
		}
		return write(ctx, tx, events)
	}
	_, fresh := l.follow(t, Config{PageSize: 12, PageTimeout: pageTimeout}, slow)
	waitFor(t, fresh, 12)
	l.checkRecorded(t, "slow", upTo(12))
}
