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

// Quiet returns once nothing is left to be done behind what was asked for, and how long
// that took: every follower is at the head of the log, and no command waits.
func Quiet(ctx context.Context, db Database) (time.Duration, error) {
	const q = `
SELECT
    (SELECT position FROM log_head) - (SELECT coalesce(min(position), 0) FROM checkpoints),
    (SELECT name FROM checkpoints ORDER BY position LIMIT 1),
    (SELECT count(*) FROM saga.outbox WHERE failed_at IS NULL AND due_at <= now())`
	began := time.Now()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		var lag, commands int64
		var slowest *string
		if err := db.QueryRow(ctx, q).Scan(&lag, &slowest, &commands); err != nil {
			return 0, err
		}
		took := time.Since(began)
		if lag == 0 && commands == 0 {
			return took, nil
		}
		if took > behindAtMost {
			return 0, fmt.Errorf("after %s %s is %d events behind, and %d commands wait", took, *slowest, lag, commands)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}
