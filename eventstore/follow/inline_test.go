package follow

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// inlined makes the log one whose appends bring a follower up to date, from the
// first on.
func (l *log) inlined(t testing.TB, f Follower) Follower {
	t.Helper()
	f.Inline = true
	l.Store = eventstore.New(l.Pool, l.Codec(), l.Notifier.NotifyOf, Inline(slog.New(slog.DiscardHandler), f)...)
	t.Cleanup(l.Store.Close)
	l.setCheckpoint(t, f.Name, 0)
	return f
}

func (l log) checkpoint(t testing.TB, name string) int64 {
	t.Helper()
	return kit.One[int64](t, l.Pool, `SELECT position FROM checkpoints WHERE name = $1`, name)
}

func TestWhoWasToldOfAnAppendCanReadIt(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	f := recorder("a")
	f.Types = []string{"ticket.opened"}
	l.inlined(t, f)
	id := kit.NewID()
	for version, e := range []eventstore.Append{kit.Opening(id), kit.Appending(id, 1, ticket.Started{}, ticket.Resolved{})} {
		done := l.MustAppend(t, e)
		if got := l.checkpoint(t, "a"); got != done.Position {
			t.Errorf("version %d: the checkpoint is at %d, want %d", version, got, done.Position)
		}
	}
	alone := kit.Opening(kit.NewID())
	alone.Also = func(context.Context, pgx.Tx) error { return nil }
	l.MustAppend(t, alone)
	l.checkRecorded(t, "a", []int64{1, 4})
}

func TestManyWritersOfTwoProcessesKeepAnInlineFollower(t *testing.T) {
	t.Parallel()
	const writers, each = 16, 25
	l := newLog(t)
	l.makeEffects(t)
	f := l.inlined(t, recorder("a"))
	other := l.process(t)
	other.inlined(t, recorder("a"))
	stop := l.start(t, Config{}, f) // who finds nothing to do
	defer stop()
	var group errgroup.Group
	for n := range writers {
		store := l
		if n%2 == 1 {
			store = other
		}
		group.Go(func() error {
			for range each {
				if _, err := store.Append(kit.Context(t), kit.Opening(kit.NewID())); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := l.checkpoint(t, "a"); got != writers*each {
		t.Errorf("the checkpoint is at %d, want %d", got, writers*each)
	}
	l.checkRecorded(t, "a", upTo(writers*each))
}

// Nothing that is the matter with an inline follower keeps an append, and the
// follower catches up by itself when that is over, to be taken along again.
func TestAnAppendGoesOnWithoutAnInlineFollower(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(t *testing.T, l log, fault *error) (over func()){
		"that is behind": func(t *testing.T, l log, _ *error) func() {
			l.setCheckpoint(t, "a", 0)
			return func() {}
		},
		"that is paused": func(t *testing.T, l log, _ *error) func() {
			if _, err := Pause(kit.Context(t), l.Pool, "a"); err != nil {
				t.Fatal(err)
			}
			return func() {
				if _, err := Resume(kit.Context(t), l.Pool, "a"); err != nil {
					t.Fatal(err)
				}
			}
		},
		"whose tables another version built": func(t *testing.T, l log, _ *error) func() {
			if _, err := l.Pool.Exec(kit.Context(t), `UPDATE checkpoints SET version = 7`); err != nil {
				t.Fatal(err)
			}
			return func() {
				if _, err := l.Pool.Exec(kit.Context(t), `UPDATE checkpoints SET version = 1`); err != nil {
					t.Fatal(err)
				}
			}
		},
		"that somebody holds": func(t *testing.T, l log, _ *error) func() { return l.holding(t, lockCheckpointSQL, "a") },
		"whose table is locked": func(t *testing.T, l log, _ *error) func() {
			return l.holding(t, `LOCK TABLE effects IN SHARE MODE`)
		},
		"that fails": func(_ *testing.T, _ log, fault *error) func() {
			*fault = errFault
			return func() { *fault = nil }
		},
		"that panics": func(_ *testing.T, _ log, fault *error) func() {
			*fault = errPanic
			return func() { *fault = nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			l.makeEffects(t)
			var fault error
			f := recorder("a")
			write := f.Apply
			f.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
				if errors.Is(fault, errPanic) {
					panic(fault)
				}
				return errors.Join(write(ctx, tx, events), fault)
			}
			f = l.inlined(t, f)
			l.Fill(t, 2)
			before := l.recorded(t, "a")
			over := trouble(t, l, &fault)
			at := l.checkpoint(t, "a")
			l.Fill(t, 2)
			if got := l.checkpoint(t, "a"); got != at {
				t.Errorf("the checkpoint moved from %d to %d", at, got)
			}
			l.checkRecorded(t, "a", before)
			over()
			_, fresh := l.follow(t, Config{}, f)
			waitFor(t, fresh, 4)
			l.MustAppend(t, kit.Opening(kit.NewID()))
			if got := l.checkpoint(t, "a"); got != 5 {
				t.Errorf("after it is over the checkpoint is at %d, want 5", got)
			}
		})
	}
}

var errPanic = errors.New("a panic")

// holding runs a statement in a transaction that lasts until it is over.
func (l log) holding(t *testing.T, sql string, args ...any) (over func()) {
	t.Helper()
	tx, err := l.DB.OwnerPool(t).Begin(kit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(kit.Context(t), sql, args...); err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback(context.Background()) } // it only holds
}

func TestAnErasureIsNotCarriedOutWithinAnAppend(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	keys := l.sealing(t)
	l.makeEffects(t)
	f := l.inlined(t, titles())
	id := kit.NewID()
	open := kit.Opening(id)
	open.Person = ann
	l.MustAppend(t, open)
	keys.Destroy(ann.UUID)
	l.MustAppend(t, kit.Appending(kit.NewID(), 0, user.TextsErased{Streams: []uuid.UUID{id}}))
	if got := l.checkpoint(t, "titles"); got != 1 {
		t.Errorf("the checkpoint is at %d, want 1", got)
	}
	_, fresh := l.follow(t, Config{}, f)
	waitFor(t, fresh, 2)
}

// A log that grows all the time is caught up with all the same.
func TestAnInlineFollowerIsTakenAlongAgainUnderLoad(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	l.Fill(t, 50)
	f := l.inlined(t, recorder("a")) // behind
	ctx, cancel := context.WithCancel(kit.Context(t))
	defer cancel()
	var group errgroup.Group
	for range 4 {
		group.Go(func() error {
			for ctx.Err() == nil {
				if _, err := l.Append(kit.Context(t), kit.Opening(kit.NewID())); err != nil {
					return err
				}
			}
			return nil
		})
	}
	l.start(t, Config{}, f)
	const q = `SELECT position = (SELECT position FROM log_head) FROM checkpoints WHERE name = 'a'`
	for times := 0; times < 20; { // it is level, and stays so
		if times++; !kit.One[bool](t, l.Pool, q) {
			times = 0
		}
	}
	cancel()
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	l.checkRecorded(t, "a", upTo(l.End(t)))
}
