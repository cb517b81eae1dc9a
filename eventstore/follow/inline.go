package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore"
)

// Inline returns those of followers that are brought up to date within the append.
// log is told why one could not be.
func Inline(log *slog.Logger, followers ...Follower) []eventstore.Inline {
	var inline []eventstore.Inline
	for _, f := range followers {
		if f.Inline {
			inline = append(inline, eventstore.Inline{Name: f.Name, Types: f.Types, Version: f.CodeVersion(), Apply: f.inline(log)})
		}
	}
	return inline
}

// inline returns Apply for the transaction of an append. To read streams once more, for
// an erasure or where one was restored, is more than an append should wait for.
func (f Follower) inline(log *slog.Logger) func(context.Context, pgx.Tx, []eventstore.Envelope) error {
	return func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (err error) {
		defer func() {
			if p := recover(); p != nil {
				log.Error("a follower panicked within an append", "follower", f.Name, "panic", p, "stack", string(debug.Stack()))
				err = fmt.Errorf("panic: %v", p)
			}
			if err != nil && !errors.Is(err, eventstore.ErrLater) {
				log.Warn("an append was written without an inline follower, which catches up", "follower", f.Name, "error", err)
			}
		}()
		if len(erasedIn(events)) > 0 || slices.ContainsFunc(events, restored) {
			return eventstore.ErrLater
		}
		return noneIgnored(tx, f.Apply(ctx, tx, events))
	}
}

// closing is how few positions an inline follower may be behind to be brought to
// the very head, with all appends waiting: the next of them then finds it there
// and takes it along again.
const closing = 200

// closingTimeout bounds the page that does it.
const closingTimeout = 2 * time.Second

// lockHeadSQL waits for the append under way and keeps the next one waiting. The
// time limit is for those who hold tables that the page then wants.
const lockHeadSQL = `SELECT position, set_config('lock_timeout', '250ms', true) FROM log_head WHERE id = 1 FOR UPDATE`

// closes reports whether a page is one to be ended at the very head.
func (w *worker) closes(s span) bool {
	return w.Inline && s.upto-s.after <= closing && w.faults == 0 && w.size.Load() == w.maxSize
}

// close locks the head of the log, in the page's savepoint, and returns where it is:
// the page then ends there.
func (w *worker) close(ctx context.Context, tx pgx.Tx) (head int64, err error) {
	var b pgx.Batch
	b.Queue(setPageSQL)
	b.Queue(lockHeadSQL)
	answers := tx.SendBatch(ctx, &b)
	defer func() { err = errors.Join(err, answers.Close()) }()
	if _, err := answers.Exec(); err != nil {
		return 0, fmt.Errorf("set a savepoint: %w", err)
	}
	var timeout string
	if err := answers.QueryRow().Scan(&head, &timeout); err != nil {
		return 0, fmt.Errorf("lock the head of the log: %w", err)
	}
	return head, nil
}
