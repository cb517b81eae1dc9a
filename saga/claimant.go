package saga

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// claimantLocks is the class of the advisory locks that claimants hold. The
// number means nothing, it only has to be its own.
const claimantLocks = 720_575_941

// claimant is a process as the others see it: a number, and an advisory lock of
// that number on a connection of its own. The lock ends with the process,
// however it ends, or with the connection. What a claimant has claimed is free
// again for the others from that moment on, without any time-out.
type claimant struct {
	id   int32
	conn *pgx.Conn
}

// newClaimant takes the next number.
func newClaimant(ctx context.Context, pool *pgxpool.Pool) (*claimant, error) {
	pooled, err := pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("get a connection to claim commands with: %w", err)
	}
	c := &claimant{conn: pooled.Hijack()} // it holds a lock: the pool must not hand it on
	const q = `SELECT id, pg_advisory_lock($1, id) FROM (SELECT nextval('saga.workers')::int AS id) AS next`
	if err := c.conn.QueryRow(ctx, q, claimantLocks).Scan(&c.id, nil); err != nil {
		c.close()
		return nil, fmt.Errorf("take the number of a claimant: %w", err)
	}
	return c, nil
}

// lost returns once the connection is gone, or ctx has ended.
func (c *claimant) lost(ctx context.Context) {
	// Nobody listens on this connection: only its end, or that of ctx, is news.
	for {
		if _, err := c.conn.WaitForNotification(ctx); err != nil {
			return
		}
	}
}

func (c *claimant) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.conn.Close(ctx) // gone either way
}
