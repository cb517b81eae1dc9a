package eventstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/test/logcheck"
	"helpdesk/test/pgtest"
)

func TestAnAppendIsReadBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	id, actor, cause, command := newID(t), domain.UserID{UUID: newID(t)}, newID(t), newID(t)
	a := appending(id, 0,
		ticket.Opened{Number: 7, Title: "A <b> & \"c\"", Description: "ü\n\tz", Priority: ticket.Low, CreatedBy: actor},
		ticket.Assigned{AssignedTo: actor})
	a.Metadata = Metadata{ActorKind: domain.ActorUser, ActorID: actor, CorrelationID: "req-1", CausationID: cause}
	a.CommandID = command

	done := l.mustAppend(t, a)
	if want := (place{1, 2, 2}); placeOf(done) != want {
		t.Fatalf("got %+v, want %+v", done, want)
	}
	events, err := l.Load(testContext(t), id)
	if err != nil {
		t.Fatal(err)
	}
	var got []domain.Event
	for _, e := range events {
		got = append(got, e.Event)
	}
	if diff := cmp.Diff(a.Events, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(events, done.Events); diff != "" {
		t.Errorf("events as the append returned them (-read +returned):\n%s", diff)
	}
	first := events[0].Recorded
	if first.RecordedAt.IsZero() || !first.RecordedAt.Equal(first.OccurredAt) {
		t.Errorf("recorded at %v, occurred at %v: want one instant", first.RecordedAt, first.OccurredAt)
	}
	want := Recorded{
		Position: 1, StreamID: id, StreamType: domain.TicketStream, Version: 1, Type: "ticket.opened", SchemaVersion: 1,
		EventID: first.EventID, Data: first.Data, RecordedAt: first.RecordedAt, OccurredAt: first.OccurredAt,
		ActorKind: domain.ActorUser, ActorID: nullable(actor.UUID), CorrelationID: "req-1",
		CausationID: nullable(cause), CommandID: nullable(command),
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
}

func TestACommandIDIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	a := opening(newID(t))
	a.CommandID = newID(t)
	l.mustAppend(t, a)
	again := opening(newID(t))
	again.CommandID = a.CommandID
	if _, err := l.Append(testContext(t), again); !errors.Is(err, ErrDuplicateCommand) {
		t.Errorf("got %v, want %v", err, ErrDuplicateCommand)
	}
	for id, want := range map[uuid.UUID]bool{a.CommandID: true, newID(t): false} {
		if got, err := l.Carried(testContext(t), id); err != nil || got != want {
			t.Errorf("carried: got %v, %v, want %v", got, err, want)
		}
	}
	if got := l.head(t); got != 1 {
		t.Errorf("head is %d, want 1", got)
	}
}

func TestOneCommandIDAmongManyWritersWinsOnce(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	second := New(l.pool, newCodec(nil), func([]string) {}) // as another process
	t.Cleanup(second.Close)
	command := newID(t)
	var won atomic.Int64
	var g errgroup.Group
	for i := range 50 {
		g.Go(func() error {
			a := opening(newID(t))
			a.CommandID = command
			_, err := []*Store{l.Store, second}[i%2].Append(testContext(t), a)
			if err == nil {
				won.Add(1)
				return nil
			}
			if !errors.Is(err, ErrDuplicateCommand) {
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if won.Load() != 1 || l.head(t) != 1 {
		t.Errorf("%d won, head is %d: want one", won.Load(), l.head(t))
	}
}

// Three stores, as three processes, fight over ten streams; each appends one
// to three events, sometimes with a transaction of its own, some of which fail.
func TestPositionsAndVersionsHaveNoHolesUnderContention(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	stores := []*Store{l.Store, New(l.pool, newCodec(nil), func([]string) {}), New(l.pool, newCodec(nil), func([]string) {})}
	t.Cleanup(stores[1].Close)
	t.Cleanup(stores[2].Close)
	streams := make([]uuid.UUID, 10)
	for i := range streams {
		streams[i] = newID(t)
	}
	var written atomic.Int64
	var g errgroup.Group
	for n := range 24 {
		g.Go(func() error {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			for range 40 {
				id := streams[random.IntN(len(streams))]
				history, err := l.Load(testContext(t), id)
				if err != nil {
					return err
				}
				a := appending(id, len(history), manyEvents(1+random.IntN(3))...)
				fails := random.IntN(4) == 0
				if random.IntN(3) == 0 {
					a.Also = func(context.Context, pgx.Tx) error {
						if fails {
							return errRolledBack
						}
						return nil
					}
				}
				switch _, err := stores[n%3].Append(testContext(t), a); {
				case err == nil:
					written.Add(int64(len(a.Events)))
				case !errors.Is(err, ErrConflict) && !errors.Is(err, errRolledBack):
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	logcheck.Whole(t, l.pool, written.Load())
}

var errRolledBack = errors.New("rolled back")

func manyEvents(n int) []domain.Event {
	events := make([]domain.Event, n)
	for i := range events {
		events[i] = ticket.Retitled{Title: fmt.Sprint(i)}
	}
	return events
}

func TestAFailureBesideTheAppendUndoesBoth(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	a := opening(newID(t))
	a.Also = func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO service_keys (name, key) VALUES ('x', '')`); err != nil {
			return err
		}
		return errRolledBack
	}
	if _, err := l.Append(testContext(t), a); !errors.Is(err, errRolledBack) {
		t.Fatalf("got %v, want %v", err, errRolledBack)
	}
	taken := opening(newID(t))
	l.mustAppend(t, taken)
	stale := opening(taken.StreamID)
	stale.Also = func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO service_keys (name, key) VALUES ('y', '')`)
		return err
	}
	if _, err := l.Append(testContext(t), stale); !errors.Is(err, ErrConflict) {
		t.Fatalf("got %v, want %v", err, ErrConflict)
	}
	var keys int
	if err := l.pool.QueryRow(testContext(t), `SELECT count(*) FROM service_keys`).Scan(&keys); err != nil {
		t.Fatal(err)
	}
	if keys != 0 || l.head(t) != 1 {
		t.Errorf("%d rows beside, head %d: want 0 and 1", keys, l.head(t))
	}
}

func TestOneAppendTheDatabaseRefusesFailsAlone(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	bad := opening(newID(t))
	bad.Metadata.CorrelationID = "\x00" // Postgres has no NUL in text
	batch := []*waiting{}
	for _, a := range []Append{opening(newID(t)), bad, opening(newID(t))} {
		e, err := l.codec.prepare(testContext(t), a, l.writer.keys.of)
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, &waiting{encoded: e, done: make(chan result, 1)})
	}
	l.writer.write(batch)
	for i, wantErr := range []bool{false, true, false} {
		if r := <-batch[i].done; (r.err != nil) != wantErr {
			t.Errorf("append %d: got error %v, want one: %v", i, r.err, wantErr)
		}
	}
	logcheck.Whole(t, l.pool, 2)
}

func TestHistoryCannotBeChanged(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.fill(t, 3)
	owner := l.db.OwnerPool(t)
	for _, sql := range []string{
		`UPDATE events SET type = 'x'`, `DELETE FROM events WHERE position = 2`, `TRUNCATE events`,
		`TRUNCATE events CASCADE`, `UPDATE events SET data = '{}' WHERE false`,
	} {
		if _, err := owner.Exec(testContext(t), sql); err == nil {
			t.Errorf("the owner may: %s", sql)
		}
		if _, err := l.pool.Exec(testContext(t), sql); err == nil {
			t.Errorf("the service may: %s", sql)
		}
	}
	for _, sql := range []string{
		`ALTER TABLE events DISABLE TRIGGER ALL`, `DROP TABLE events`, `DELETE FROM streams`, `DELETE FROM log_head`,
		`CREATE TABLE public.x (y int)`, `UPDATE commands SET version = 1`,
	} {
		if _, err := l.pool.Exec(testContext(t), sql); err == nil {
			t.Errorf("the service may: %s", sql)
		}
	}
	logcheck.Whole(t, l.pool, 3)
}

// The test that a plain sequence fails: a reader that tails the log while 16
// writers commit and roll back must see every event, in order.
func TestAReaderThatTailsTheLogSkipsNothing(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	const writers, each = 16, 40
	var g errgroup.Group
	for n := range writers {
		g.Go(func() error {
			random := rand.New(rand.NewPCG(uint64(n), 2))
			for range each {
				a := opening(newID(t))
				rollBack := random.IntN(2) == 0
				a.Also = func(context.Context, pgx.Tx) error {
					if rollBack {
						return errRolledBack
					}
					return nil
				}
				if random.IntN(2) == 0 {
					a.Also = nil
				}
				if _, err := l.Append(testContext(t), a); err != nil && !errors.Is(err, errRolledBack) {
					return err
				}
			}
			return nil
		})
	}
	done := make(chan error, 1)
	go func() { done <- g.Wait() }()
	var seen []int64
	for writing := true; writing; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			writing = false // and one look more
		default:
		}
		events, err := l.Read(testContext(t), int64(len(seen)), 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			seen = append(seen, e.Position)
		}
	}
	if diff := cmp.Diff(upTo(l.head(t)), seen); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
}

func TestAnAppendSurvivesTheDeathOfTheDatabase(t *testing.T) {
	t.Parallel()
	l := newLog(t, pgtest.Durable())
	var acknowledged sync.Map
	var appended atomic.Int64
	ctx, cancel := context.WithCancel(testContext(t))
	var g errgroup.Group
	for range 16 {
		g.Go(func() error {
			for ctx.Err() == nil {
				id := newID(t)
				if _, err := l.Append(testContext(t), opening(id)); err != nil {
					return fmt.Errorf("an append was not carried through the restart: %w", err)
				}
				acknowledged.Store(id, true)
				appended.Add(1)
			}
			return nil
		})
	}
	for range 2 {
		before := appended.Load()
		poll(t, func() bool { return appended.Load() > before+50 })
		l.db.Kill(t)
	}
	after := appended.Load()
	poll(t, func() bool { return appended.Load() > after+50 })
	cancel()
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	l.pool.Reset()
	acknowledged.Range(func(id, _ any) bool {
		events, err := l.Load(testContext(t), id.(uuid.UUID))
		if err != nil || len(events) != 1 {
			t.Errorf("ticket %s: %d events, %v; it was acknowledged", id, len(events), err)
		}
		return !t.Failed()
	})
	logcheck.Whole(t, l.pool, appended.Load())
}

// A stream may be at the expected version with another event than the one that was seen
// there, where a log was restored.
