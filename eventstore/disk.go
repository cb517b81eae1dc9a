package eventstore

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// diskLook is the time between two looks for room.
const diskLook = 10 * time.Second

// Disk watches whether the disk of the database has room. It is safe for concurrent
// use.
type Disk struct {
	pool *pgxpool.Pool
	log  *slog.Logger
	full atomic.Bool
}

// NewDisk makes the watch over a pool.
func NewDisk(pool *pgxpool.Pool, log *slog.Logger) *Disk { return &Disk{pool: pool, log: log} }

// Run looks until ctx ends, and logs when there is no room any more and when there
// is again.
func (d *Disk) Run(ctx context.Context) error {
	tick := time.NewTicker(diskLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		d.runOnce(ctx)
	}
}

// Ready returns [ErrDiskFull] when the last look found no room.
func (d *Disk) Ready(context.Context) error {
	if d.full.Load() {
		return ErrDiskFull
	}
	return nil
}

// probe has the server write a megabyte to a temporary file beside its tables, which
// is gone at the statement's end and leaves nothing in its log or its tables.
const probe = `SET LOCAL work_mem = '64kB'; SELECT count(*) FROM (SELECT repeat('x', 1000) AS x FROM generate_series(1, 1000) AS n ORDER BY n DESC OFFSET 0) AS all_of_them`

func (d *Disk) runOnce(ctx context.Context) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return // the database is away, which others tell
	}
	defer conn.Release()
	if err = conn.Conn().PgConn().Exec(ctx, probe).Close(); err != nil && !diskFull(err) {
		d.log.Log(ctx, slog.LevelDebug, "no look for room on the disk of the database", "error", fmt.Sprint(err))
		return
	}
	switch was := d.full.Swap(err != nil); {
	case err != nil && !was:
		d.log.Error("the disk of the database is full: nothing can be written", "error", err)
	case err == nil && was:
		d.log.Info("there is room on the disk of the database again")
	}
}
