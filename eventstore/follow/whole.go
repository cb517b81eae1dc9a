package follow

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore"
)

// ErrHole is the error for a page of the log that lacks a position: an event
// was removed.
var ErrHole = errors.New("a position is missing from the log")

// applyWhole hands a page over to a follower that may miss nothing.
func (w *worker) applyWhole(ctx context.Context, tx pgx.Tx, after, upto int64, events []eventstore.Recorded) (err error) {
	defer w.recover(&err)
	next := after + 1
	for _, e := range events {
		if e.Position != next {
			break
		}
		next++
	}
	if next <= upto {
		return fmt.Errorf("position %d: %w", next, ErrHole)
	}
	return w.Whole(ctx, tx, events)
}

// stopped logs for operators, once, that a follower which may miss nothing cannot
// go on. It tries again all the same.
func (w *worker) stopped(s span, err error) {
	if w.Whole != nil && w.faults == tries {
		w.log.Error("a follower that needs every event has stopped", "follower", w.Name, "after", s.after, "error", err)
	}
}
