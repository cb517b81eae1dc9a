package eventstore

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// channel is the NOTIFY channel on which processes tell each other of appends.
const channel = "helpdesk_log"

// Paces of the signals.
const (
	quiet     = 10 * time.Millisecond // least time between two notifications of one process
	reconnect = time.Second           // after the listening connection was lost
)

// Signals wakes the followers of this process and of the others on the same
// database after an append. It is a hint and carries no data: what it loses,
// the next poll finds.
type Signals struct {
	pool     *pgxpool.Pool
	notifier *Notifier     // woken for appends of any process
	outgoing chan struct{} // appends of this process the others were not told of
	log      *slog.Logger
	self     string // marks the notifications of this process
}

// NewSignals makes the signals; they notifies notifier. Only [Signals.Run] talks to
// the other processes.
func NewSignals(pool *pgxpool.Pool, notifier *Notifier, log *slog.Logger) *Signals {
	return &Signals{pool: pool, notifier: notifier, outgoing: make(chan struct{}, 1), log: log, self: uuid.NewString()}
}

// Appended announces that this process appended events of these types. It never
// blocks.
func (s *Signals) Appended(types []string) {
	s.notifier.NotifyOf(types)
	select {
	case s.outgoing <- struct{}{}:
	default:
	}
}

// Run notifies the other processes of appends, and listens to them, until ctx
// ends. A lost connection is made anew.
func (s *Signals) Run(ctx context.Context) error {
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		s.listen(ctx)
	}()
	s.send(ctx)
	<-listening
	return nil
}

// notifySQL is a transaction of its own: within the append it would take a lock
// of the whole server at commit. It need not wait for the disk.
const notifySQL = `SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)`

func (s *Signals) send(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.outgoing:
		}
		if err := s.Tell(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("other processes were not notified of an append", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(quiet):
		}
	}
}

// Tell notifies the other processes now that the log has grown: for a command
// that appends and ends.
func (s *Signals) Tell(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, notifySQL, channel, s.self); err != nil {
		return fmt.Errorf("notify the other processes: %w", err)
	}
	return nil
}

func (s *Signals) listen(ctx context.Context) {
	for {
		err := s.listenOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("notifications of other processes are not received", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(reconnect):
		}
	}
}

// listenOnce wakes the listeners for the notifications of others until its
// connection is lost.
func (s *Signals) listenOnce(ctx context.Context) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("get a connection to listen on: %w", err)
	}
	own := conn.Hijack() // it listens: the pool must not hand it on
	defer own.Close(context.WithoutCancel(ctx))
	if _, err := own.Exec(ctx, "LISTEN "+channel); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.notifier.Notify() // for what happened before
	for {
		n, err := own.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait for a notification: %w", err)
		}
		if n.Payload != s.self {
			s.notifier.Notify()
		}
	}
}
