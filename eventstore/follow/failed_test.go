package follow

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

var errPoison = errors.New("poison")

// choosy is a recorder that fails, after writing, on a page with an event that
// is refused.
func choosy(name string, refused func(eventstore.Envelope) error) Follower {
	f := recorder(name)
	write := f.Apply
	f.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		if err := write(ctx, tx, events); err != nil {
			return err
		}
		for _, e := range events {
			if err := refused(e); err != nil {
				return err
			}
		}
		return nil
	}
	return f
}

// positions returns where the failed events of a follower are.
func positions(t *testing.T, f *Followers, name string) []int64 {
	t.Helper()
	failed, err := f.Failed(kit.Context(t), name)
	if err != nil {
		t.Fatal(err)
	}
	var all []int64
	for _, p := range failed {
		all = append(all, p.Position)
	}
	return all
}

func checkFailed(t *testing.T, f *Followers, name string, want ...int64) {
	t.Helper()
	if diff := cmp.Diff(want, positions(t, f, name)); diff != "" {
		t.Errorf("failed by %s (-want +got):\n%s", name, diff)
	}
}

// threeStreams makes streams x, y and z with these events by position:
//
//	1 x opened   2 y opened   3 x started (the poison)
//	4 y started  5 x resolved 6 z opened   7 x started (again)
func threeStreams(t *testing.T, l log) (x, y uuid.UUID) {
	t.Helper()
	x, y = kit.NewID(), kit.NewID()
	for _, a := range []eventstore.Append{
		kit.Opening(x), kit.Opening(y), kit.Appending(x, 1, ticket.Started{}), kit.Appending(y, 1, ticket.Retitled{Title: "y"}),
		kit.Appending(x, 2, ticket.Resolved{}), kit.Opening(kit.NewID()), kit.Appending(x, 3, ticket.Started{}),
	} {
		l.MustAppend(t, a)
	}
	return x, y
}

func TestAPoisonEventIsFailedWithThoseBehindItInItsStream(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	x, y := threeStreams(t, l)
	var refusing atomic.Bool
	refusing.Store(true)
	f, fresh := l.follow(t, Config{}, recorder("other"), choosy("a", func(e eventstore.Envelope) error {
		if refusing.Load() && e.Type == "ticket.started" {
			return errPoison
		}
		return nil
	}))
	waitFor(t, fresh, 7)
	l.checkRecorded(t, "a", []int64{1, 2, 4, 6})
	l.checkRecorded(t, "other", upTo(7))
	failed, err := f.Failed(kit.Context(t), "a")
	if err != nil {
		t.Fatal(err)
	}
	behind := "an earlier event of its stream failed"
	want := []Failed{{"a", 3, x, errPoison.Error()}, {"a", 5, x, behind}, {"a", 7, x, behind}}
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}

	first, counts, err := f.FirstFailed(kit.Context(t), 2)
	if diff := cmp.Diff(want[:2], first); err != nil || diff != "" || counts["a"] != 3 || len(counts) != 1 {
		t.Errorf("first failed: %v, %v (-want +got):\n%s", counts, err, diff)
	}

	// later pages: x waits, y flows
	l.MustAppend(t, kit.Appending(x, 4, ticket.Retitled{Title: "x"}))
	l.MustAppend(t, kit.Appending(y, 2, ticket.Retitled{Title: "y"}))
	waitFor(t, fresh, 9)
	checkFailed(t, f, "a", 3, 5, 7, 8)
	l.checkRecorded(t, "a", []int64{1, 2, 4, 6, 9})
	progress, err := ReadProgress(kit.Context(t), l.Pool)
	if diff := cmp.Diff([]Progress{{"a", 9, 9, 4, false}, {"other", 9, 9, 0, false}}, progress); err != nil || diff != "" {
		t.Errorf("progress %v (-want +got):\n%s", err, diff)
	}

	// as long as the cause is there, a replay changes nothing
	if n, err := f.Replay(kit.Context(t), "a"); n != 0 || err != nil {
		t.Errorf("replay of what still fails: %d, %v; want 0", n, err)
	}
	checkFailed(t, f, "a", 3, 5, 7, 8)

	refusing.Store(false)
	if n, err := f.Replay(kit.Context(t), "a"); n != 4 || err != nil {
		t.Errorf("replay: %d, %v; want 4", n, err)
	}
	checkFailed(t, f, "a")
	l.MustAppend(t, kit.Appending(x, 5, ticket.Started{}))
	waitFor(t, fresh, 10)
	l.checkRecorded(t, "a", []int64{1, 2, 4, 6, 9, 3, 5, 7, 8, 10})
}

func TestAStreamThatStillFailsStaysFailedFromThereOn(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	threeStreams(t, l)
	var from atomic.Int64
	f, fresh := l.follow(t, Config{}, choosy("a", func(e eventstore.Envelope) error {
		if e.Type == "ticket.started" && e.Position >= from.Load() {
			return errPoison
		}
		return nil
	}))
	waitFor(t, fresh, 7)
	from.Store(7) // the first poison is mended, the second is not
	if n, err := f.Replay(kit.Context(t), "a"); n != 2 || err != nil {
		t.Errorf("replay: %d, %v; want 2", n, err)
	}
	checkFailed(t, f, "a", 7)
	l.checkRecorded(t, "a", []int64{1, 2, 4, 6, 3, 5})
	if _, err := f.Replay(kit.Context(t), "b"); err == nil {
		t.Error("a follower that does not exist was replayed")
	}
}

// Whatever Apply does with an event that is at fault, only its stream waits.
func TestAnEventIsFailedHoweverItFails(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(ctx context.Context, tx pgx.Tx) error{
		"Apply panics": func(context.Context, pgx.Tx) error { panic("no\x00no") },
		"a statement fails": func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO effects (position) VALUES ('x')`)
			return err
		},
		"a statement fails and Apply takes no notice": func(ctx context.Context, tx pgx.Tx) error {
			_, _ = tx.Exec(ctx, `INSERT INTO nowhere VALUES (1)`)
			return nil
		},
		"the error has text Postgres does not store": func(context.Context, pgx.Tx) error {
			return errors.New("\x00\xff" + strings.Repeat("ü", maxErrorText))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			l.makeEffects(t)
			threeStreams(t, l)
			follower := recorder("a")
			write := follower.Apply
			follower.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
				for _, e := range events {
					if e.Position == 3 {
						return errors.Join(write(ctx, tx, events), fault(ctx, tx))
					}
				}
				return write(ctx, tx, events)
			}
			f, fresh := l.follow(t, Config{}, follower)
			waitFor(t, fresh, 7)
			checkFailed(t, f, "a", 3, 5, 7)
			l.checkRecorded(t, "a", []int64{1, 2, 4, 6})
		})
	}
}

func TestTroubleWithTheDatabaseFailsNoEvent(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(ctx context.Context, l log, tx pgx.Tx) error{
		"its connections are lost":  func(ctx context.Context, l log, tx pgx.Tx) error { return l.terminate(ctx, tx) },
		"it finds deadlocks":        func(context.Context, log, pgx.Tx) error { return &pgconn.PgError{Code: "40P01"} },
		"its disk is full":          func(context.Context, log, pgx.Tx) error { return &pgconn.PgError{Code: "53100"} },
		"a lock is not to be had":   func(context.Context, log, pgx.Tx) error { return &pgconn.PgError{Code: "55P03"} },
		"a statement was cancelled": func(context.Context, log, pgx.Tx) error { return &pgconn.PgError{Code: "57014"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			l.makeEffects(t)
			threeStreams(t, l)
			follower := recorder("a")
			write := follower.Apply
			var pages atomic.Int64
			follower.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
				err := write(ctx, tx, events)
				if len(events) == 7 {
					pages.Add(1)
				}
				switch n := pages.Load(); {
				case n <= tries:
					return errors.Join(err, trouble(ctx, l, tx))
				case n == tries+1: // what fails after it still gets its tries
					return errors.Join(err, errPoison)
				}
				return err
			}
			f, fresh := l.follow(t, Config{}, follower)
			waitFor(t, fresh, 7)
			checkFailed(t, f, "a")
			l.checkRecorded(t, "a", upTo(7))
		})
	}
}

// unheard is an event that this program has no code for.
type unheard struct {
	Names []string `json:"names"`
}

func (unheard) EventType() string { return "test.unheard" }

// grenade is an event whose decoding panics.
type grenade struct{}

func (grenade) EventType() string             { return "test.grenade" }
func (*grenade) UnmarshalJSON(_ []byte) error { panic("bang") }

// A program that was rolled back meets events it has no code for.
func TestAnEventThatCannotBeDecodedIsFailedUntilItCan(t *testing.T) {
	t.Parallel()
	for _, unknown := range []domain.Event{unheard{Names: []string{"x"}}, grenade{}} {
		t.Run(unknown.EventType(), func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			l.makeEffects(t)
			writing := newCodec(nil, domain.EventOf[unheard](), domain.EventOf[grenade]())
			newer := eventstore.New(l.Pool, writing, l.Notifier.NotifyOf)
			t.Cleanup(newer.Close)
			id := kit.NewID()
			for _, a := range []eventstore.Append{kit.Opening(id), kit.Appending(id, 1, unknown), kit.Opening(kit.NewID()), kit.Appending(id, 2, ticket.Started{})} {
				if _, err := newer.Append(kit.Context(t), a); err != nil {
					t.Fatal(err)
				}
			}
			if unknown.EventType() == "test.grenade" { // known, and it bursts
				l.Store = eventstore.New(l.Pool, newCodec(nil, domain.EventOf[grenade]()), l.Notifier.NotifyOf)
				t.Cleanup(l.Store.Close)
			}
			f, fresh := l.follow(t, Config{}, recorder("a"))
			waitFor(t, fresh, 4)
			checkFailed(t, f, "a", 2, 4)
			l.checkRecorded(t, "a", []int64{1, 3})

			upgraded := New(l.Pool, writing, l.Notifier, eventstore.NewNotifier(), Config{Logger: slog.New(slog.DiscardHandler)}, recorder("a"))
			want, failed := 2, []int64(nil)
			if unknown.EventType() == "test.grenade" {
				want, failed = 0, []int64{2, 4}
			}
			if n, err := upgraded.Replay(kit.Context(t), "a"); n != want || err != nil {
				t.Errorf("replay: %d, %v; want %d", n, err, want)
			}
			checkFailed(t, f, "a", failed...)
		})
	}
}
