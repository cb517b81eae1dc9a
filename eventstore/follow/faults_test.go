package follow

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"helpdesk/eventstore"
	"helpdesk/test/faulty"
	"helpdesk/test/kit"
	"helpdesk/test/logcheck"
)

// pageTimeout is short where a test lets pages run into it.
const pageTimeout = 200 * time.Millisecond

var errFault = errors.New("a fault")

type applyFunc = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error

// around makes a middleware that is at fault the first two times.
func around(fault func(h message.HandlerFunc, msg *message.Message) ([]*message.Message, error)) message.HandlerMiddleware {
	var calls atomic.Int64
	return func(h message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			if calls.Add(1) <= 2 {
				return fault(h, msg)
			}
			return h(msg)
		}
	}
}

// terminate ends the connection a transaction is on, as an operator would.
func (l log) terminate(ctx context.Context, tx pgx.Tx) error {
	_, err := l.Pool.Exec(ctx, `SELECT pg_terminate_backend($1, 10000)`, tx.Conn().PgConn().PID())
	return err
}

// Each fault strikes twice, when half of the page is written, before all goes well.
func TestEachEventIsAppliedOnceWhateverApplyDoes(t *testing.T) {
	t.Parallel()
	type fault func(ctx context.Context, l log, tx pgx.Tx) error
	for name, f := range map[string]fault{
		"it returns an error": func(context.Context, log, pgx.Tx) error { return errFault },
		"it panics":           func(context.Context, log, pgx.Tx) error { panic("a fault") },
		"a statement of it fails": func(ctx context.Context, _ log, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO nowhere VALUES (1)`)
			return err
		},
		"it takes no notice of a statement that fails": func(ctx context.Context, _ log, tx pgx.Tx) error {
			_, _ = tx.Exec(ctx, `INSERT INTO nowhere VALUES (1)`)
			return nil
		},
		"its time is up while it waits for something else": func(ctx context.Context, _ log, _ pgx.Tx) error {
			<-ctx.Done()
			return ctx.Err()
		},
		"its time is up and it says that all is well": func(ctx context.Context, _ log, _ pgx.Tx) error {
			<-ctx.Done()
			return nil
		},
		"its time is up and its error does not say so": func(ctx context.Context, _ log, _ pgx.Tx) error {
			<-ctx.Done()
			return errFault
		},
		"its time is up within a statement": func(ctx context.Context, _ log, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `SELECT pg_sleep(60)`)
			return err
		},
		"its time is up and it panics": func(ctx context.Context, _ log, _ pgx.Tx) error {
			<-ctx.Done()
			panic("a fault")
		},
		"its connection is lost": func(ctx context.Context, l log, tx pgx.Tx) error { return l.terminate(ctx, tx) },
		"it leaves rows open": func(ctx context.Context, _ log, tx pgx.Tx) error {
			_, err := tx.Query(ctx, `SELECT generate_series(1, 10)`)
			return errors.Join(errFault, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			var calls atomic.Int64
			l.checkAppliedOnce(t, Config{PageTimeout: pageTimeout}, func(write applyFunc) applyFunc {
				return func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
					if calls.Add(1) > 2 {
						return write(ctx, tx, events)
					}
					if err := write(ctx, tx, events[:(len(events)+1)/2]); err != nil {
						return err
					}
					return f(ctx, l, tx)
				}
			})
		})
	}
}

// What happens outside the handler: the message may come again within the same
// transaction.
func TestEachEventIsAppliedOnceWhateverHappensToTheMessage(t *testing.T) {
	t.Parallel()
	type fault func(h message.HandlerFunc, msg *message.Message) ([]*message.Message, error)
	for name, f := range map[string]fault{
		"it is nacked before it is handled": func(message.HandlerFunc, *message.Message) ([]*message.Message, error) {
			return nil, errFault
		},
		"it is nacked after it was handled": func(h message.HandlerFunc, msg *message.Message) ([]*message.Message, error) {
			_, err := h(msg)
			return nil, errors.Join(errFault, err)
		},
		"it is handled twice": func(h message.HandlerFunc, msg *message.Message) ([]*message.Message, error) {
			_, err := h(msg)
			return nil, errors.Join(err, second(h(msg)))
		},
		"a middleware panics before it is handled": func(message.HandlerFunc, *message.Message) ([]*message.Message, error) {
			panic("a fault")
		},
		"a middleware panics after it was handled": func(h message.HandlerFunc, msg *message.Message) ([]*message.Message, error) {
			_, err := h(msg)
			panic(errors.Join(errFault, err))
		},
		"a middleware leaves the transaction aborted": func(h message.HandlerFunc, msg *message.Message) ([]*message.Message, error) {
			_, err := h(msg)
			tx, _ := sql.TxFromContext(msg.Context())
			_, _ = tx.ExecContext(msg.Context(), `SELECT FROM nowhere`)
			return nil, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			config := Config{Middleware: []message.HandlerMiddleware{around(f)}}
			l.checkAppliedOnce(t, config, func(write applyFunc) applyFunc { return write })
		})
	}
	t.Run("its connection is lost before it is acked", func(t *testing.T) {
		t.Parallel()
		l := newLog(t)
		config := Config{Middleware: []message.HandlerMiddleware{around(
			func(h message.HandlerFunc, msg *message.Message) ([]*message.Message, error) {
				_, err := h(msg)
				tx, _ := sql.TxFromContext(msg.Context())
				return nil, errors.Join(err, l.terminate(msg.Context(), tx.(*sql.PgxTx).Tx))
			})}}
		l.checkAppliedOnce(t, config, func(write applyFunc) applyFunc { return write })
	})
}

func second(_ []*message.Message, err error) error { return err }

// checkAppliedOnce follows ten events in pages of four and fails the test
// unless each was applied once, in order, and none was failed.
func (l log) checkAppliedOnce(t *testing.T, config Config, wrap func(applyFunc) applyFunc) {
	t.Helper()
	l.makeEffects(t)
	l.Fill(t, 10)
	follower := recorder("a")
	follower.Apply = wrap(follower.Apply)
	config.PageSize = 4
	f, fresh := l.follow(t, config, follower)
	waitFor(t, fresh, 10)
	l.checkRecorded(t, "a", upTo(10))
	failed, err := f.Failed(kit.Context(t), "")
	if err != nil || len(failed) != 0 {
		t.Errorf("failed: %v, %v; want nothing", failed, err)
	}
}

// Connections of writers and followers alike die at random while both work.
func TestLostConnectionsLoseAndRepeatNothing(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	_, fresh := l.follow(t, Config{PageSize: 5}, recorder("a"), recorder("b"))
	ctx, cancel := context.WithCancel(kit.Context(t))
	var appended atomic.Int64
	var g errgroup.Group
	for range 8 {
		g.Go(func() error {
			for ctx.Err() == nil {
				if _, err := l.Append(kit.Context(t), kit.Opening(kit.NewID())); err != nil {
					return err
				}
				appended.Add(1)
			}
			return nil
		})
	}
	super, err := pgx.Connect(kit.Context(t), l.DB.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close(context.Background())
	random := rand.New(rand.NewPCG(1, 2))
	for range 15 {
		before := appended.Load()
		kit.Poll(t, "more appends", func() bool { return appended.Load() > before+random.Int64N(20) })
		const q = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.7`
		if _, err := super.Exec(kit.Context(t), q); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := g.Wait(); err != nil {
		t.Fatalf("an append was not carried through: %v", err)
	}
	l.Pool.Reset()
	waitFor(t, fresh, appended.Load())
	logcheck.Whole(t, l.Pool, appended.Load())
	l.checkRecorded(t, "a", upTo(appended.Load()))
	l.checkRecorded(t, "b", upTo(appended.Load()))
}

// A database that is away for the moment in which the followers begin keeps
// them waiting, no more.
func TestFollowersBeginThoughTheLineDies(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	l.Fill(t, 3)
	line := &faulty.Line{Mark: []byte("INTO checkpoints"), Unsent: true}
	l.Pool = line.Pool(t, l.DB.ServiceURL)
	line.Armed.Store(true)
	_, fresh := l.follow(t, Config{}, recorder("a"))
	waitFor(t, fresh, 3)
	l.checkRecorded(t, "a", upTo(3))
	if line.Interrupts.Load() != 1 {
		t.Error("the line did not die")
	}
}
