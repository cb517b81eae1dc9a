package saga

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// workerLocks is the class of the advisory locks that workers hold. The
// number means nothing, it only has to be its own.
const workerLocks = 720_575_941

// worker is a process as the others see it: a number, and an advisory lock of
// that number on a connection of its own. The lock ends with the process,
// however it ends, or with the connection. What a worker has claimed is free
// again for the others from that moment on, without any time-out.
type worker struct {
	id   int32
	conn *pgx.Conn
}

// newWorker takes the next number.
func newWorker(ctx context.Context, pool *pgxpool.Pool) (*worker, error) {
	pooled, err := pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("get a connection to claim commands with: %w", err)
	}
	c := &worker{conn: pooled.Hijack()} // it holds a lock: the pool must not hand it on
	const q = `SELECT id, pg_advisory_lock($1, id) FROM (SELECT nextval('saga.workers')::int AS id) AS next`
	if err := c.conn.QueryRow(ctx, q, workerLocks).Scan(&c.id, nil); err != nil {
		c.close()
		return nil, fmt.Errorf("take the number of a worker: %w", err)
	}
	return c, nil
}

// lost returns once the connection is gone, or ctx has ended.
func (c *worker) lost(ctx context.Context) {
	// Nobody listens on this connection: only its end, or that of ctx, is news.
	for {
		if _, err := c.conn.WaitForNotification(ctx); err != nil {
			return
		}
	}
}

func (c *worker) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.conn.Close(ctx) // gone either way
}
