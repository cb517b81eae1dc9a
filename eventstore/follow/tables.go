package follow

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
)

// The schemas that a follower's tables may be in, [Follower].Tables.
const (
	Serving  = eventstore.Serving // read by everybody, kept up to date
	Staging  = "read_staging"     // being built, to be served next
	Previous = "read_previous"    // served before, to go back to
)

// withinSQL ends with the transaction. A table that is not there is an error, and
// not looked for in another schema.
const withinSQL = `SELECT set_config('search_path', $1 || ', public', true)`

// Within has tables without a schema be looked for in this one until tx ends.
func Within(ctx context.Context, tx pgx.Tx, schema string) error {
	if _, err := tx.Exec(ctx, withinSQL, schema); err != nil {
		return fmt.Errorf("turn to the tables in %s: %w", schema, err)
	}
	return nil
}

// CodeVersion returns Version, from 1.
func (f Follower) CodeVersion() int { return max(f.Version, 1) }

// ApplyRange applies the events at positions (after, upto] to the tables that tx
// is [Within], those that failed before too. The follower's checkpoint has no part in it. On
// an error what was written is still there, for the caller to undo.
//
// Texts of people are opened with the keys there are when it is called.
func (f Follower) ApplyRange(ctx context.Context, tx pgx.Tx, log *Reading, after, upto int64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	events, err := log.events(ctx, tx, f.Types, after, upto)
	if err != nil || len(events) == 0 {
		return err
	}
	if events, _, err = f.again(ctx, tx, log.codec, events, ""); err != nil {
		return err
	}
	return noneIgnored(tx, f.Apply(ctx, tx, events))
}

const (
	otherTablesSQL = `SELECT staging_position, previous_position FROM rebuilds
WHERE projection = $1 AND (staging_position IS NOT NULL OR previous_position IS NOT NULL) FOR UPDATE`

	// Tables that cannot be mended are given up.
	voidStagingSQL = `UPDATE rebuilds SET staging_position = NULL, phase = 'failed', ended_at = clock_timestamp(),
    error = 'texts were erased and the new tables did not take it' WHERE projection = $1`
	voidPreviousSQL = `UPDATE rebuilds SET previous_position = NULL WHERE projection = $1`
)

// forgetElsewhere does to staging and previous tables what was just done
// to these: streams in which texts were erased are forgotten, and their events
// applied once more, as far as the tables had them. The lock on the row of the
// rebuild keeps whoever fills them away meanwhile.
func (w *worker) forgetElsewhere(ctx context.Context, tx pgx.Tx, streams []uuid.UUID) error {
	if w.Tables == nil {
		return nil
	}
	var staging, previous *int64
	err := tx.QueryRow(ctx, otherTablesSQL, w.Name).Scan(&staging, &previous)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for staging and previous tables: %w", err)
	}
	for _, tables := range []struct {
		schema string
		upto   *int64
		void   string
	}{{Staging, staging, voidStagingSQL}, {Previous, previous, voidPreviousSQL}} {
		if tables.upto == nil {
			continue
		}
		if err := Within(ctx, tx, tables.schema); err != nil {
			return err
		}
		if err := w.applyElsewhere(ctx, tx, streams, *tables.upto, tables.void); err != nil {
			return fmt.Errorf("forget in %s: %w", tables.schema, err)
		}
	}
	return Within(ctx, tx, Serving)
}

// applyElsewhere forgets streams in the tables tx is within, and applies their
// events up to a position. Tables that were built by other code may not take
// them: these are emptied, for later erasures would pass them by.
func (w *worker) applyElsewhere(ctx context.Context, tx pgx.Tx, streams []uuid.UUID, upto int64, void string) error {
	err := inSavepoint(ctx, tx, func(savepoint pgx.Tx) error {
		recorded, err := w.readAgain(ctx, savepoint, streams, upto, "")
		if err != nil {
			return err
		}
		events, err := w.codec.Open(ctx, recorded...)
		if err != nil || len(events) == 0 {
			return err
		}
		return w.Apply(ctx, savepoint, events)
	})
	if err == nil || eventstore.Transient(err) {
		return err
	}
	w.log.Warn("staging or previous tables did not take an erasure and were emptied", "follower", w.Name, "error", err)
	if _, err := tx.Exec(ctx, void, w.Name); err != nil {
		return err
	}
	for _, table := range w.Tables {
		if _, err := tx.Exec(ctx, `DELETE FROM `+pgx.Identifier{table}.Sanitize()); err != nil {
			return fmt.Errorf("empty %s: %w", table, err)
		}
	}
	return nil
}

// Pause holds a follower, in all processes and until it is resumed: once it is
// back no page is under way. It returns false when there is no such follower.
// A paused follower stays paused since when it was.
func Pause(ctx context.Context, pool *pgxpool.Pool, follower string) (found bool, err error) {
	return setPaused(ctx, pool, `UPDATE checkpoints SET paused_at = coalesce(paused_at, clock_timestamp()) WHERE name = $1`, follower)
}

// Resume lets a paused follower go on, within a second.
func Resume(ctx context.Context, pool *pgxpool.Pool, follower string) (found bool, err error) {
	return setPaused(ctx, pool, `UPDATE checkpoints SET paused_at = NULL WHERE name = $1`, follower)
}

func setPaused(ctx context.Context, pool *pgxpool.Pool, sql, follower string) (bool, error) {
	done, err := pool.Exec(ctx, sql, follower)
	if err != nil {
		return false, eventstore.Unreachable(fmt.Errorf("pause or resume %s: %w", follower, err))
	}
	return done.RowsAffected() > 0, nil
}
