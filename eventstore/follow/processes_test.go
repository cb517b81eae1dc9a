package follow

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// process is the log as another process sees it: with a pool and a notifier of its
// own.
func (l log) process(t testing.TB) log {
	t.Helper()
	return log{kit.PlainOn(t, l.DB)}
}

// start follows the log and returns how to stop.
func (l log) start(t testing.TB, config Config, followers ...Follower) (stop func()) {
	t.Helper()
	config.Logger = slog.New(slog.DiscardHandler)
	return kit.Run(t, New(l.Pool, l.Codec(), l.Notifier, eventstore.NewNotifier(), config, followers...).Run)
}

// held makes a follower wait when it has written its first page: it says so,
// and goes on when it is let go.
func held(f Follower) (_ Follower, atWork <-chan struct{}, letGo func()) {
	reached, free := make(chan struct{}), make(chan struct{})
	var first sync.Once
	write := f.Apply
	f.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		if err := write(ctx, tx, events); err != nil {
			return err
		}
		first.Do(func() {
			close(reached)
			<-free
		})
		return nil
	}
	return f, reached, sync.OnceFunc(func() { close(free) })
}

func await(t testing.TB, what <-chan struct{}) {
	t.Helper()
	select {
	case <-what:
	case <-time.After(kit.Patience):
		t.Fatal("what was waited for did not happen")
	}
}

func TestOfSeveralProcessesOneWorksAtATime(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	fresh := NewFreshness(l.Pool, eventstore.NewNotifier(), Follower{Name: "a"})
	var applied [3]atomic.Int64
	var stops [3]func()
	for i := range stops {
		p, f := l.process(t), recorder("a")
		write := f.Apply
		f.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
			applied[i].Add(int64(len(events)))
			return write(ctx, tx, events)
		}
		stops[i] = p.start(t, Config{PageSize: 3}, f)
	}
	var head int64
	for _, stop := range stops[:2] {
		l.Fill(t, 20)
		head += 20
		waitFor(t, fresh, head)
		stop()
	}
	l.Fill(t, 20) // only the last one is left
	waitFor(t, fresh, head+20)
	l.checkRecorded(t, "a", upTo(head+20))
	if applied[2].Load() < 20 {
		t.Errorf("the last process applied %d events, want the last 20 at least", applied[2].Load())
	}
}

func TestAnotherProcessTakesOverWhenTheOneAtWorkIsCutOff(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	l.Fill(t, 5)
	first, second := l.process(t), l.process(t)
	follower, atWork, letGo := held(recorder("a"))
	defer letGo()
	pids := make(chan uint32, 1)
	write := follower.Apply
	follower.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		select {
		case pids <- tx.Conn().PgConn().PID():
		default:
		}
		return write(ctx, tx, events)
	}
	stop := first.start(t, Config{}, follower)
	await(t, atWork) // the page is written, and not committed

	second.start(t, Config{}, recorder("a"))
	if got := l.recorded(t, "a"); len(got) != 0 {
		t.Errorf("two processes work on one follower: %v", got)
	}
	if _, err := l.Pool.Exec(kit.Context(t), `SELECT pg_terminate_backend($1, 10000)`, <-pids); err != nil {
		t.Fatal(err)
	}
	fresh := NewFreshness(l.Pool, eventstore.NewNotifier(), Follower{Name: "a"})
	waitFor(t, fresh, 5) // the first one still hangs in its page
	letGo()
	l.Fill(t, 5)
	waitFor(t, fresh, 10)
	stop()
	l.checkRecorded(t, "a", upTo(10))
}

func TestRunCommitsThePageUnderWayBeforeItEnds(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	l.Fill(t, 3)
	follower, atWork, letGo := held(recorder("a"))
	defer letGo()
	ctx, cancel := context.WithCancel(kit.Context(t))
	f := New(l.Pool, l.Codec(), l.Notifier, eventstore.NewNotifier(), Config{PageSize: 1, Logger: slog.New(slog.DiscardHandler)}, follower)
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	await(t, atWork)
	cancel()
	kit.Poll(t, "the drain", func() bool { // the drain has begun
		select {
		case <-f.convoy.pacer.stop:
			return true
		default:
			return false
		}
	})
	select {
	case err := <-ended:
		t.Fatalf("Run ended under a page: %v", err)
	default:
	}
	letGo()
	if err := <-ended; err != nil {
		t.Errorf("Run ended with %v", err)
	}
	l.checkRecorded(t, "a", upTo(1)) // and no page more
	waitFor(t, NewFreshness(l.Pool, eventstore.NewNotifier(), Follower{Name: "a"}), 1)
}

// Apply MUST return when its ctx ends. One that does not must not have half of
// a page committed by the subscriber, which gives up on it.
func TestAPageThatOutlastsTheEndIsUndone(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	l.Fill(t, 3)
	stubborn, atWork, _ := held(recorder("a")) // never let go
	ctx, cancel := context.WithCancel(kit.Context(t))
	config := Config{PageTimeout: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)}
	f := New(l.Pool, l.Codec(), l.Notifier, eventstore.NewNotifier(), config, stubborn)
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	await(t, atWork)
	cancel()
	if err := <-ended; err == nil {
		t.Error("Run ended without an error, though a page was cut off")
	}
	l.checkRecorded(t, "a", []int64{})

	_, fresh := l.follow(t, Config{}, recorder("a"))
	waitFor(t, fresh, 3)
	l.checkRecorded(t, "a", upTo(3))
}

func TestOtherProcessesAreToldOfAnAppend(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	writer, reader := l.process(t), l.process(t)
	quietly := slog.New(slog.DiscardHandler)
	outgoing := eventstore.NewSignals(writer.Pool, writer.Notifier, quietly)
	writer.Store = eventstore.New(writer.Pool, newCodec(nil), outgoing.Appended)
	t.Cleanup(writer.Store.Close)
	woken, stop := reader.Notifier.Listen()
	defer stop()
	kit.Run(t, outgoing.Run)
	kit.Run(t, eventstore.NewSignals(reader.Pool, reader.Notifier, quietly).Run)
	await(t, woken) // it listens now

	_, fresh := reader.follow(t, Config{}, recorder("a"))
	began := time.Now()
	const appends = 10
	for i := range appends {
		writer.MustAppend(t, kit.Opening(kit.NewID()))
		await(t, woken) // which only the notification rings: nothing is appended here
		waitFor(t, fresh, int64(i+1))
	}
	// Each append comes right after a look, so a poll finds it idlePoll later.
	if took := time.Since(began); took > appends*idlePoll/2 {
		t.Errorf("%d deliveries took %v: the followers were not woken", appends, took)
	}
	l.checkRecorded(t, "a", upTo(appends))
}

func TestAProcessThatCannotListenFollowsAllTheSameAndListensAgain(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	reader := l.process(t)
	woken, stop := reader.Notifier.Listen()
	defer stop()
	kit.Run(t, eventstore.NewSignals(reader.Pool, reader.Notifier, slog.New(slog.DiscardHandler)).Run)
	await(t, woken)
	_, fresh := reader.follow(t, Config{}, recorder("a"))
	const q = `SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
WHERE datname = current_database() AND query = 'LISTEN ' || $1`
	var ended int
	if err := l.Pool.QueryRow(kit.Context(t), q, "helpdesk_log").Scan(&ended); err != nil || ended != 1 {
		t.Fatalf("%d connections listened, %v; want 1", ended, err)
	}
	l.MustAppend(t, kit.Opening(kit.NewID()))
	waitFor(t, fresh, 1) // found by polling
	await(t, woken)      // it listens again, and says so: it may have missed something
	if _, err := l.Pool.Exec(kit.Context(t), `SELECT pg_notify('helpdesk_log', 'somebody')`); err != nil {
		t.Fatal(err)
	}
	await(t, woken)
}

func TestAppendedNeverWaits(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	s := eventstore.NewSignals(l.Pool, l.Notifier, slog.New(slog.DiscardHandler)) // nobody runs it
	for range 100 {
		s.Appended(nil)
	}
	l.MustAppend(t, kit.Appending(kit.NewID(), 0, ticket.Opened{}))
}
