package load

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Database is what Quiet asks: a connection or a pool.
type Database interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// behindAtMost is how long followers may need after a run.
const behindAtMost = 2 * time.Minute

// Behind is how long what is behind the answers took, after the last of them.
type Behind struct {
	All       time.Duration // until nothing was left to be done
	Followers time.Duration // until every follower was where the log ended with the last answer
	Slowest   string        // the follower that was there last; empty: all were at once
	Commands  time.Duration // until no command was left, such as that for an email
}

func (b Behind) String() string {
	text := fmt.Sprintf("%.2f s", b.Followers.Seconds())
	if b.Slowest != "" {
		text += " " + b.Slowest
	}
	if b.Commands > 0 {
		text += fmt.Sprintf("; %.2f s commands", b.Commands.Seconds())
	}
	return text
}

// Quiet returns once nothing is left to be done behind what was asked for, and how long
// that took: every follower is at the head of the log, and no command waits.
func Quiet(ctx context.Context, db Database) (b Behind, err error) {
	const q = `
SELECT
    (SELECT position FROM log_head),
    (SELECT coalesce(min(position), 0) FROM checkpoints),
    (SELECT coalesce(min(name), '') FROM checkpoints WHERE position = (SELECT min(position) FROM checkpoints)),
    (SELECT count(*) FROM saga.outbox WHERE failed_at IS NULL AND due_at <= now())`
	began := time.Now()
	for end := int64(-1); ; { // where the log ended
		var head, last, commands int64
		var slowest string
		if err := db.QueryRow(ctx, q).Scan(&head, &last, &slowest, &commands); err != nil {
			return b, err
		}
		if end < 0 {
			end = head
		}
		b.All = time.Since(began)
		if last < end {
			b.Followers, b.Slowest = b.All, slowest
		}
		if commands > 0 {
			b.Commands = b.All
		}
		if last == head && commands == 0 {
			return b, nil
		}
		if b.All > behindAtMost {
			return b, fmt.Errorf("after %s %s is %d events behind, and %d commands wait", b.All, slowest, head-last, commands)
		}
		select {
		case <-time.After(max(5*time.Millisecond, b.All/20)): // lest asking be much of what is measured
		case <-ctx.Done():
			return b, context.Cause(ctx)
		}
	}
}
