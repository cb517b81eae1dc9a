package follow

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// transacting is a recorder that writes down the transaction of each event too.
func transacting(name string, fault func(eventstore.Envelope) error) Follower {
	return Follower{Name: name, Apply: func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		positions := make([]int64, len(events))
		for i, e := range events {
			positions[i] = e.Position
			if fault != nil {
				if err := fault(e); err != nil {
					return err
				}
			}
		}
		const q = `INSERT INTO effects (follower, position, type) SELECT $1, p, pg_current_xact_id()::text FROM unnest($2::bigint[]) AS p ORDER BY p`
		_, err := tx.Exec(ctx, q, name, positions)
		return err
	}}
}

// transactions returns in how many transactions followers applied an event.
func (l log) transactions(t testing.TB, position int64) int {
	t.Helper()
	return kit.One[int](t, l.Pool, `SELECT count(DISTINCT type) FROM effects WHERE position = $1`, position)
}

func TestFollowersShareAPageAndItsTransaction(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	_, fresh := l.follow(t, Config{Recent: l.Recent()}, transacting("a", nil), transacting("b", nil), transacting("c", nil))
	for n := int64(1); n <= 5; n++ {
		l.Fill(t, 1)
		waitFor(t, fresh, n)
		if got := l.transactions(t, n); got != 1 {
			t.Errorf("event %d was applied in %d transactions, want 1", n, got)
		}
	}
}

// A process that outlives its log, as when a standby takes over that lacked the last
// events, must not give its followers what is not there any more.
func TestEventsThatTheLogLostAreForgotten(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	l.Fill(t, 2)
	remembered := l.Recent()
	if _, all := remembered.Page(0, 2); !all {
		t.Fatal("the events are not remembered")
	}
	other := l.process(t)
	const lose = `SET session_replication_role = replica; DELETE FROM events; DELETE FROM streams;
UPDATE log_head SET position = 0, batch_after = 0`
	if _, err := l.Super(t).Exec(kit.Context(t), lose); err != nil {
		t.Fatal(err)
	}
	other.MustAppend(t, kit.Appending(kit.NewID(), 0, ticket.Opened{Title: "Another"}))
	other.MustAppend(t, kit.Appending(kit.NewID(), 0, ticket.Opened{Title: "And one more"}))
	_, fresh := l.follow(t, Config{Recent: remembered}, titles())
	waitFor(t, fresh, 2)
	if got := kit.One[string](t, l.Pool, `SELECT string_agg(type, ', ' ORDER BY nth) FROM effects`); got != "Another, And one more" {
		t.Errorf("followed %q", got)
	}
}

func TestWhoFailsGoesApartAndComesBack(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	var broken atomic.Bool
	faulty := transacting("b", func(eventstore.Envelope) error {
		if broken.Load() {
			return errFault
		}
		return nil
	})
	_, fresh := l.follow(t, Config{}, transacting("a", nil), faulty, transacting("c", nil))
	broken.Store(true)
	l.Fill(t, 2)
	if err := fresh.Wait(kit.Context(t), 2, "a", "c"); err != nil {
		t.Fatal(err)
	}
	broken.Store(false)
	waitFor(t, fresh, 2)
	for _, name := range []string{"a", "b", "c"} {
		l.checkRecorded(t, name, upTo(2))
	}
	l.together(t, fresh)
}

// together appends until an event was applied by all in one transaction again.
func (l log) together(t *testing.T, fresh *Freshness) {
	t.Helper()
	kit.Poll(t, "a page that all share", func() bool {
		l.Fill(t, 1)
		head := l.End(t)
		waitFor(t, fresh, head)
		return l.transactions(t, head) == 1
	})
}

// An event that cannot be applied keeps its stream for one follower, and nothing
// else: the others do not even go slower.
func TestWhoHasFailedEventsStaysApart(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	var poisoned uuid.UUID
	faulty := transacting("b", func(e eventstore.Envelope) error {
		if e.StreamID == poisoned {
			return errFault
		}
		return nil
	})
	poisoned = kit.NewID()
	f, fresh := l.follow(t, Config{}, transacting("a", nil), faulty, transacting("c", nil))
	l.MustAppend(t, kit.Opening(poisoned))
	waitFor(t, fresh, 1)
	l.Fill(t, 3)
	waitFor(t, fresh, 4)
	checkFailed(t, f, "b", 1)
	l.checkRecorded(t, "b", []int64{2, 3, 4})
	l.checkRecorded(t, "a", upTo(4))
	if got := l.transactions(t, 4); got != 2 {
		t.Errorf("applied in %d transactions, want 2: that of b is its own", got)
	}
}

func TestWhoIsFarBehindGoesApart(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	const far = convoySpread + 500
	var group errgroup.Group
	group.SetLimit(100)
	for range far {
		group.Go(func() error {
			_, err := l.Append(kit.Context(t), kit.Opening(kit.NewID()))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	l.setCheckpoint(t, "a", far)
	l.setCheckpoint(t, "c", far)
	slow, started, letGo := held(transacting("b", nil))
	defer letGo()
	_, fresh := l.follow(t, Config{}, transacting("a", nil), slow, transacting("c", nil))
	l.Fill(t, 1)
	await(t, started)
	l.Fill(t, 1)
	if err := fresh.Wait(kit.Context(t), far+2, "a", "c"); err != nil {
		t.Error(err)
	}
	letGo()
	waitFor(t, fresh, far+2)
	l.checkRecorded(t, "b", upTo(far+2))
	l.together(t, fresh)
}

// A lock that somebody holds on one follower's rows keeps the others for a moment
// at most.
func TestALockKeepsTheOthersForAMomentOnly(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	if _, err := l.DB.OwnerPool(t).Exec(kit.Context(t), `CREATE TABLE other AS TABLE effects; GRANT ALL ON other TO PUBLIC`); err != nil {
		t.Fatal(err)
	}
	locked := Follower{Name: "b", Apply: func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		_, err := tx.Exec(ctx, `INSERT INTO other (position) VALUES ($1)`, events[0].Position)
		return err
	}}
	_, fresh := l.follow(t, Config{}, transacting("a", nil), locked, transacting("c", nil))
	over := l.holding(t, `LOCK TABLE other`)
	l.Fill(t, 1)
	if err := fresh.Wait(kit.Context(t), 1, "a", "c"); err != nil {
		t.Error(err)
	}
	if err := briefly(t, func(ctx context.Context) error { return fresh.Wait(ctx, 1, "b") }); !errors.Is(err, ErrNotYet) {
		t.Errorf("who waits for the lock: %v", err)
	}
	over()
	waitFor(t, fresh, 1)
}
