package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
)

// Database is a helpdesk's database as a [Source].
type Database struct {
	pool  *pgxpool.Pool
	store *eventstore.Store
}

// NewDatabase makes the source.
func NewDatabase(pool *pgxpool.Pool, store *eventstore.Store) *Database {
	return &Database{pool: pool, store: store}
}

// Bounds implements [Source]. What it returns is of one moment.
func (d *Database) Bounds(ctx context.Context) (b Bounds, err error) {
	const sql = `SELECT (SELECT position FROM log_head), coalesce((SELECT max(position) FROM events), 0), coalesce((` + treeSizeSQL + `), 0)`
	if err := d.pool.QueryRow(ctx, sql).Scan(&b.Head, &b.Last, &b.Tree); err != nil {
		return b, fmt.Errorf("read how long the log is: %w", err)
	}
	return b, nil
}

// eventsPage is how many events are read at a time.
const eventsPage = 2048

// Events implements [Source].
func (d *Database) Events(ctx context.Context, upto int64, visit func(*eventstore.Recorded) error) error {
	return readEvents(ctx, d.store, 0, upto, visit)
}

// readEvents visits the events of (after, upto].
func readEvents(ctx context.Context, store *eventstore.Store, after, upto int64, visit func(*eventstore.Recorded) error) error {
	for size := eventsPage; after < upto; {
		events, err := store.Read(ctx, after, min(size, int(upto-after)))
		if err != nil && ctx.Err() == nil && size > 1 && eventstore.Unreachable(err) == err {
			size = 1 // to find the one that cannot be read
			continue
		}
		if err != nil && ctx.Err() == nil && eventstore.Unreachable(err) == err {
			return &Fault{Position: after + 1, Why: fmt.Sprintf("it cannot be read: %v", errors.Unwrap(err))}
		}
		if err != nil || len(events) == 0 {
			return err
		}
		for i := range events {
			if events[i].Position > upto {
				return nil
			}
			if err := visit(&events[i]); err != nil {
				return err
			}
			after = events[i].Position
		}
	}
	return nil
}

// Tile implements [Source].
func (d *Database) Tile(ctx context.Context, level, index uint64) (hashes []byte, known bool, err error) {
	hashes, err = loadTile(ctx, d.pool, level, index)
	return hashes, true, err
}
