package follow

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// setCheckpoint moves a follower's checkpoint to a position.
func (l log) setCheckpoint(t testing.TB, name string, position int64) {
	t.Helper()
	const q = `INSERT INTO checkpoints (name, position) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET position = excluded.position`
	if _, err := l.Pool.Exec(kit.Context(t), q, name, position); err != nil {
		t.Fatal(err)
	}
}

// waitAside starts to wait and returns where the result will come.
func waitAside(ctx context.Context, f *Freshness, position int64) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f.Wait(ctx, position) }()
	return done
}

func TestAReaderWaitsForAllTheFollowersItNamed(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	applied := eventstore.NewNotifier()
	f := NewFreshness(l.Pool, applied, Follower{Name: "a"}, Follower{Name: "b"})
	t.Cleanup(f.Close)
	l.setCheckpoint(t, "c", 0) // of no interest
	done := waitAside(kit.Context(t), f, 5)
	early := func(when string) {
		t.Helper()
		applied.Notify()
		if s, err := f.look(); err != nil || s.places["a"].Position >= 5 && s.places["b"].Position >= 5 {
			t.Fatalf("%s: saw %+v, %v", when, s, err)
		}
		select {
		case err := <-done:
			t.Fatalf("%s: Wait returned %v", when, err)
		default:
		}
	}
	early("no follower has a checkpoint")
	l.setCheckpoint(t, "a", 9)
	early("one has none yet")
	l.setCheckpoint(t, "b", 4)
	early("one is behind")
	l.setCheckpoint(t, "b", 5)
	applied.Notify()
	if err := <-done; err != nil {
		t.Errorf("all are there: Wait returned %v", err)
	}
}

func TestAReaderThatWaitsInVainIsTold(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	f := NewFreshness(l.Pool, eventstore.NewNotifier(), Follower{Name: "a"})
	l.setCheckpoint(t, "a", 4)
	ctx, cancel := context.WithCancel(kit.Context(t))
	done := waitAside(ctx, f, 5)
	if err := f.Wait(kit.Context(t), 4); err != nil {
		t.Errorf("a position that was reached: got %v", err)
	}
	cancel()
	if err := <-done; !errors.Is(err, ErrNotYet) {
		t.Errorf("got %v, want %v", err, ErrNotYet)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if err := f.Wait(ended, 5); !errors.Is(err, ErrNotYet) {
		t.Errorf("with no time at all: got %v, want %v", err, ErrNotYet)
	}
	f.Close() // the look-out ends with the last reader
	if err := f.Wait(ended, 0); err != nil {
		t.Errorf("position 0 is always reached: got %v", err)
	}
}

func TestAReaderDoesNotWaitForAFollowerThatCannotComeInTime(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	f := NewFreshness(l.Pool, eventstore.NewNotifier(), Follower{Name: "a"}, Follower{Name: "b"})
	t.Cleanup(f.Close)
	const wanted = 1_000 * followedAtMost
	l.setCheckpoint(t, "a", wanted)
	l.setCheckpoint(t, "b", 1)
	noDeadline, stop := context.WithCancel(context.Background())
	defer stop()
	patient := waitAside(noDeadline, f, wanted)
	ctx, cancel := context.WithTimeout(context.Background(), kit.Patience)
	defer cancel()
	if err := f.Wait(ctx, wanted); !errors.Is(err, ErrNotYet) || ctx.Err() != nil {
		t.Errorf("got %v, context %v; want %v before the time is over", err, ctx.Err(), ErrNotYet)
	}
	near := waitAside(ctx, f, followedAtMost)
	if err := f.Wait(ctx, 1); err != nil {
		t.Errorf("a position that was reached: got %v", err)
	}
	select {
	case err := <-near:
		t.Fatalf("one that can be reached in time is not waited for: %v", err)
	case err := <-patient:
		t.Fatalf("who has all the time does not wait: %v", err)
	case <-time.After(10 * freshnessPoll):
	}
	l.setCheckpoint(t, "b", wanted)
	if err := errors.Join(<-near, <-patient); err != nil {
		t.Error(err)
	}
}

func TestManyReadersWaitAtOnceAndNoneIsLetGoEarly(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	applied := eventstore.NewNotifier()
	f := NewFreshness(l.Pool, applied, Follower{Name: "a"})
	l.setCheckpoint(t, "a", 0)
	ctx := kit.Context(t)
	var wg sync.WaitGroup
	for i := range 200 {
		position := int64(i%20 + 1)
		wg.Go(func() {
			if err := f.Wait(ctx, position); err != nil {
				t.Errorf("wait for %d: %v", position, err)
				return
			}
			var reached int64
			if err := l.Pool.QueryRow(ctx, `SELECT position FROM checkpoints`).Scan(&reached); err != nil || reached < position {
				t.Errorf("let go for %d at %d, %v", position, reached, err)
			}
		})
	}
	for position := range int64(20) {
		l.setCheckpoint(t, "a", position+1)
		if position%2 == 0 { // the others are found without the notifier
			applied.Notify()
		}
	}
	wg.Wait()
	f.Close()
	if len(f.waiters) != 0 || f.running {
		t.Errorf("%d readers still wait, looking out: %v", len(f.waiters), f.running)
	}
}

func TestReadersAreServedAgainAfterTroubleWithTheDatabase(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	f := NewFreshness(l.Pool, eventstore.NewNotifier(), Follower{Name: "a"})
	t.Cleanup(f.Close)
	done := waitAside(kit.Context(t), f, 1)
	const q = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()`
	for range 5 {
		kit.Poll(t, "the end of connections", func() bool { // its own connection may be one of those that ended
			_, err := l.Pool.Exec(kit.Context(t), q)
			return err == nil
		})
	}
	kit.Poll(t, "the checkpoint", func() bool {
		_, err := l.Pool.Exec(kit.Context(t), `INSERT INTO checkpoints (name, position) VALUES ('a', 1) ON CONFLICT DO NOTHING`)
		return err == nil
	})
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWhoWroteReadsWhatTheyWrote(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	_, fresh := l.follow(t, Config{}, recorder("a"), recorder("b"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				done, err := l.Append(kit.Context(t), kit.Opening(kit.NewID()))
				if err != nil {
					t.Error(err)
					return
				}
				ctx, cancel := context.WithTimeout(context.Background(), kit.Patience)
				err = fresh.Wait(ctx, done.Position)
				cancel()
				var seen int
				const q = `SELECT count(DISTINCT follower) FROM effects WHERE position = $1`
				if err := errors.Join(err, l.Pool.QueryRow(kit.Context(t), q, done.Position).Scan(&seen)); err != nil || seen != 2 {
					t.Errorf("position %d is seen by %d of 2 followers, %v", done.Position, seen, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestWaitWithoutFollowersIsOver(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	f := NewFreshness(l.Pool, eventstore.NewNotifier())
	t.Cleanup(f.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := f.Wait(ctx, 1); err != nil {
		t.Errorf("nobody is to be waited for: got %v", err)
	}
}

func TestAFollowerWithNothingBeforeItIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	id := kit.NewID()
	l.MustAppend(t, kit.Opening(id))
	l.MustAppend(t, kit.Appending(id, 1, ticket.Started{}, ticket.Resolved{}))
	l.setCheckpoint(t, "a", 1)
	for name, c := range map[string]struct {
		types []string
		want  error
	}{
		"its events are behind it":              {[]string{"ticket.opened", "ticket.closed"}, nil},
		"an event of its is before it":          {[]string{"ticket.resolved"}, ErrNotYet},
		"it wants all events":                   {nil, ErrNotYet},
		"another is before it, this one is not": {[]string{"ticket.opened"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := NewFreshness(l.Pool, eventstore.NewNotifier(), Follower{Name: "a", Types: c.types})
			if err := briefly(t, func(ctx context.Context) error { return f.Wait(ctx, 3) }); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	both := NewFreshness(l.Pool, eventstore.NewNotifier(),
		Follower{Name: "a", Types: []string{"ticket.opened"}}, Follower{Name: "b", Types: []string{"ticket.resolved"}})
	l.setCheckpoint(t, "b", 2)
	if err := briefly(t, func(ctx context.Context) error { return both.Wait(ctx, 3) }); !errors.Is(err, ErrNotYet) {
		t.Errorf("one of two has an event before it: %v", err)
	}
	if err := briefly(t, func(ctx context.Context) error { return both.Wait(ctx, 3, "a") }); err != nil {
		t.Errorf("the other was named alone: %v", err)
	}
}

// briefly runs what may wait in vain.
func briefly(t *testing.T, wait func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(kit.Context(t), 200*time.Millisecond)
	defer cancel()
	return wait(ctx)
}

func TestAReaderIsLetGoWhereTheLogWasWhenItCame(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.Fill(t, 3)
	f := NewFreshness(l.Pool, eventstore.NewNotifier(), Follower{Name: "a"}, Follower{Name: "b"})
	await := func(minimum int64, names ...string) (served Served, err error) {
		err = briefly(t, func(ctx context.Context) error {
			served, err = f.Await(ctx, minimum, names...)
			return err
		})
		return served, err
	}
	l.setCheckpoint(t, "a", 3)
	l.setCheckpoint(t, "b", 2)
	if served, err := await(0, "a"); err != nil || served.Paused || served.Upto != 3 || !slices.Equal(served.Reached, []string{"a"}) {
		t.Errorf("at the head: %+v, %v", served, err)
	}
	if _, err := await(0, "a", "b"); !errors.Is(err, ErrNotYet) {
		t.Errorf("one of two is behind: %v", err)
	}
	if _, err := await(3); err != nil {
		t.Errorf("the log itself: %v", err)
	}
	if _, err := await(4); !errors.Is(err, ErrNotYet) {
		t.Errorf("beyond the log: %v", err)
	}
	if _, err := await(4, "a"); !errors.Is(err, ErrNotYet) {
		t.Errorf("a position that is not written yet: %v", err)
	}
	if _, err := Pause(kit.Context(t), l.Pool, "b"); err != nil {
		t.Fatal(err)
	}
	if served, err := await(2, "b"); err != nil || !served.Paused || served.Position != 2 {
		t.Errorf("held behind the head: %+v, %v; want that it is at 2", served, err)
	}
	if _, err := await(3, "b"); !errors.Is(err, ErrPaused) {
		t.Errorf("held before what was asked for: %v", err)
	}
	if err := f.Wait(kit.Context(t), 3, "b"); !errors.Is(err, ErrPaused) {
		t.Errorf("held before a position: %v", err)
	}
}

func TestAFollowerThatIsNotRungComesAfterAll(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	follower := recorder("a")
	follower.Types = []string{"ticket.resolved"}
	l.follow(t, Config{}, follower)
	l.Fill(t, 3) // of no interest to it
	kit.Poll(t, "the position", func() bool {
		var position int64
		err := l.Pool.QueryRow(kit.Context(t), `SELECT position FROM checkpoints`).Scan(&position)
		return err == nil && position == 3
	})
}
