package saga

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/test/kit"
)

func request() commands.Request { return commands.Request{} }

// chore is a command for tests.
type chore struct {
	N int `json:"n"`
}

func (chore) Name() string { return "Chore" }

// issue puts n chores into the outbox.
func (d *service) issue(t testing.TB, n int) []uuid.UUID {
	t.Helper()
	tx, err := d.Pool.Begin(kit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	x := newEffects("test")
	var ids []uuid.UUID
	for i := range n {
		ids = append(ids, uuid.New())
		if err := x.add(cause{EventID: uuid.New(), CorrelationID: "c"}, []Effect{Issue{ID: ids[i], Command: chore{N: i}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(x.write(kit.Context(t), tx), tx.Commit(kit.Context(t))); err != nil {
		t.Fatal(err)
	}
	d.issued.Notify()
	return ids
}

func (d *service) process(t testing.TB, atOnce int, f func(ctx context.Context, r commands.Request, c chore) error) (stop func()) {
	t.Helper()
	return kit.Run(t, NewProcessor(d.outbox, d.issued, d.timers, nil, d.log, Handle(atOnce, f)).Run)
}

func (d *service) left(t testing.TB) int {
	return kit.One[int](t, d.Pool, `SELECT count(*)::int FROM saga.outbox`)
}

func TestEachCommandIsCarriedOutOnceHoweverManyProcessesDo(t *testing.T) {
	t.Parallel()
	d := newService(t)
	var carried [200]atomic.Int64
	for range 3 {
		d.process(t, 4, func(_ context.Context, r commands.Request, c chore) error {
			if r.ID == uuid.Nil || r.CausationID == uuid.Nil || r.CorrelationID != "c" {
				t.Errorf("the request of a command: %+v", r)
			}
			carried[c.N].Add(1)
			return nil
		})
	}
	d.issue(t, len(carried))
	kit.Poll(t, "the commands", func() bool { return d.left(t) == 0 })
	for i := range carried {
		if n := carried[i].Load(); n != 1 {
			t.Errorf("command %d was carried out %d times", i, n)
		}
	}
}

func TestACommandThatFailsIsTriedAgainAndInTheEndFailed(t *testing.T) {
	t.Parallel()
	d := newService(t)
	var tries atomic.Int64
	var mended atomic.Bool
	d.process(t, 4, func(_ context.Context, _ commands.Request, c chore) error {
		if c.N == 1 {
			return nil
		}
		if mended.Load() {
			return nil
		}
		if tries.Add(1)%2 == 0 {
			panic("a fault")
		}
		return errors.New("a fault \x00 of mine")
	})
	ids := d.issue(t, 2)
	// Its waits add up to minutes: let it be due at once.
	kit.Poll(t, "the last try", func() bool {
		_, err := d.Pool.Exec(kit.Context(t), `UPDATE saga.outbox SET due_at = now() WHERE claimed_by IS NULL AND due_at > now()`)
		return err == nil && tries.Load() == maxTries && kit.One[int](t, d.Pool, `SELECT count(*)::int FROM saga.outbox WHERE failed_at IS NOT NULL`) == 1
	})
	if first, all, err := d.outbox.FirstFailed(kit.Context(t), 1); err != nil || all != 1 || len(first) != 1 || first[0].ID != ids[0] {
		t.Errorf("the first failed are %v of %d (%v)", first, all, err)
	}
	failed, err := d.outbox.Failed(kit.Context(t))
	if err != nil || len(failed) != 1 || failed[0].ID != ids[0] || failed[0].Attempts != maxTries || failed[0].Error == "" {
		t.Fatalf("failed: %+v, %v", failed, err)
	}
	if fate, _, err := d.outbox.FateOf(kit.Context(t), ids[1]); err != nil || fate != FateDone {
		t.Errorf("the other command: %v, %v; want it done", fate, err)
	}
	if err := d.outbox.Retry(kit.Context(t), ids[1]); !errors.Is(err, ErrNotFailed) {
		t.Errorf("retry of what is not failed: %v", err)
	}
	mended.Store(true)
	if err := d.outbox.Retry(kit.Context(t), ids[0]); err != nil {
		t.Fatal(err)
	}
	kit.Poll(t, "the retry", func() bool { return d.left(t) == 0 })
}

func TestAFailedCommandCanBeDiscarded(t *testing.T) {
	t.Parallel()
	d := newService(t)
	id := d.issue(t, 1)[0]
	if err := d.outbox.Discard(kit.Context(t), id); !errors.Is(err, ErrNotFailed) {
		t.Errorf("discard of what is not failed: %v", err)
	}
	if _, err := d.Pool.Exec(kit.Context(t), `UPDATE saga.outbox SET failed_at = now()`); err != nil {
		t.Fatal(err)
	}
	if err := d.outbox.Discard(kit.Context(t), id); err != nil || d.left(t) != 0 {
		t.Errorf("discard: %v, %d left", err, d.left(t))
	}
}

type wait time.Duration

func (wait) Error() string               { return "not yet" }
func (w wait) RetryAfter() time.Duration { return time.Duration(w) }

func TestACommandMayAskForAnotherTimeAsOftenAsItLikes(t *testing.T) {
	t.Parallel()
	d := newService(t)
	var tries atomic.Int64
	d.process(t, 4, func(context.Context, commands.Request, chore) error {
		if tries.Add(1) <= 2*maxTries {
			return wait(time.Millisecond)
		}
		return nil
	})
	d.issue(t, 1)
	kit.Poll(t, "the command", func() bool { d.issued.Notify(); return d.left(t) == 0 })
	if got := tries.Load(); got != 2*maxTries+1 {
		t.Errorf("tried %d times, want %d", got, 2*maxTries+1)
	}
}

// A process that is gone leaves its commands to the others at once.
func TestWhatADeadProcessWasAtIsTakenOver(t *testing.T) {
	t.Parallel()
	d := newService(t)
	dead, err := newWorker(kit.Context(t), d.Pool)
	if err != nil {
		t.Fatal(err)
	}
	d.issue(t, 5)
	if got, err := d.outbox.claim(kit.Context(t), "Chore", 5, dead.id); err != nil || len(got) != 5 {
		t.Fatalf("claimed %d, %v", len(got), err)
	}
	var carried atomic.Int64
	d.process(t, 4, func(context.Context, commands.Request, chore) error { carried.Add(1); return nil })
	d.issue(t, 1) // the processor is at work, and leaves alone what a living one has
	kit.Poll(t, "the other command", func() bool { return d.left(t) == 5 && carried.Load() == 1 })
	dead.close()
	kit.Poll(t, "the takeover", func() bool { return d.left(t) == 0 && carried.Load() == 6 })
}

func TestACommandAtWhichProcessesDieIsFailed(t *testing.T) {
	t.Parallel()
	d := newService(t)
	d.issue(t, 1)
	for range maxTries {
		dead, err := newWorker(kit.Context(t), d.Pool)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.outbox.claim(kit.Context(t), "Chore", 1, dead.id); err != nil || len(got) != 1 {
			t.Fatalf("claimed %d, %v", len(got), err)
		}
		dead.close()
		kit.Poll(t, "the claim to be free", func() bool { freed, _, err := d.outbox.look(kit.Context(t), nil); return err == nil && freed })
	}
	if failed, err := d.outbox.Failed(kit.Context(t)); err != nil || len(failed) != 1 {
		t.Errorf("failed: %v, %v; want the command", failed, err)
	}
}

// A worker whose connection is cut finishes what it is at, and goes on as
// another.
func TestAProcessorOutlivesItsConnections(t *testing.T) {
	t.Parallel()
	d := newService(t)
	var carried atomic.Int64
	d.process(t, 4, func(context.Context, commands.Request, chore) error { carried.Add(1); return nil })
	for round := int64(1); round <= 3; round++ {
		d.issue(t, 10)
		kit.Poll(t, "the commands", func() bool { return carried.Load() >= 10*round && d.left(t) == 0 })
		const q = `SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`
		if kit.One[int](t, d.super, q) == 0 {
			t.Error("no connection was there to be cut")
		}
		d.Pool.Reset()
	}
}

func TestAProcessorThatIsToldToEndAtOnceEnds(t *testing.T) {
	t.Parallel()
	d := newService(t)
	for range 20 { // at whatever point of its beginning it is
		d.process(t, 4, func(context.Context, commands.Request, chore) error { return nil })()
	}
}

// An orderly end waits for the command under way and gives back the others.
func TestTheProcessorFinishesWhatItIsAt(t *testing.T) {
	t.Parallel()
	d := newService(t)
	begun, finish := make(chan struct{}, 10), make(chan struct{})
	var carried atomic.Int64
	stop := d.process(t, 1, func(context.Context, commands.Request, chore) error {
		begun <- struct{}{}
		<-finish
		carried.Add(1)
		return nil
	})
	d.issue(t, 3)
	<-begun
	go close(finish)
	stop()
	if left := d.left(t); int64(left) != 3-carried.Load() {
		t.Errorf("%d commands were carried out and %d are left of 3", carried.Load(), left)
	}
	if claimed := kit.One[int](t, d.Pool, `SELECT count(*)::int FROM saga.outbox WHERE claimed_by IS NOT NULL`); claimed != 0 {
		t.Errorf("%d commands are still claimed", claimed)
	}
}

// A processor may be told to end at any moment, before it has well begun too.
func TestAProcessorEndsAtOnceWheneverItIsTold(t *testing.T) {
	t.Parallel()
	d := newService(t)
	p := NewProcessor(d.outbox, d.issued, d.timers, nil, d.log, Handle(1, func(context.Context, commands.Request, chore) error { return nil }))
	for i := range 60 {
		ctx, cancel := context.WithTimeout(kit.Context(t), time.Duration(i)*time.Millisecond/2)
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("told after %v: %v", time.Duration(i)*time.Millisecond/2, err)
			}
		case <-time.After(closeTimeout / 2):
			t.Fatalf("told after %v, it goes on", time.Duration(i)*time.Millisecond/2)
		}
		cancel()
	}
}
