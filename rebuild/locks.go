package rebuild

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
)

// locks are the advisory locks on the projections that a process is at work on.
// All are a single connection's: they are free again as soon as that ends, however
// it ends.
type locks struct {
	mu   sync.Mutex
	conn *pgxpool.Conn
}

func openLocks(ctx context.Context, db *pgxpool.Pool) (*locks, error) {
	conn, err := db.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("get a connection for the locks: %w", err)
	}
	return &locks{conn: conn}, nil
}

// take takes the lock on a projection; it returns [ErrUnderWay] where another has it.
func (l *locks) take(ctx context.Context, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var mine bool
	if err := l.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, hashtext($2))`, rebuildLocks, name).Scan(&mine); err != nil {
		return fmt.Errorf("take the lock on the rebuild: %w", err)
	}
	if !mine {
		return ErrUnderWay
	}
	return nil
}

// release lets go of the lock on a projection.
func (l *locks) release(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.conn.Exec(ctx, `SELECT pg_advisory_unlock($1, hashtext($2))`, rebuildLocks, name) // else it ends with the connection
}

// close lets go of all of them.
func (l *locks) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	_ = l.conn.Conn().Close(ctx)
	l.conn.Release()
}
