package rebuild

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"helpdesk/eventstore/follow"
)

// moveLock is the advisory lock on moving tables. The number means nothing, it only
// has to be its own.
const moveLock = 720_575_943

const lockCheckpointSQL = `SELECT position, version FROM checkpoints WHERE name = $1 FOR UPDATE`

// The swap asks for its locks for lockWait at a time: whoever reads waits behind
// it no longer. Between two tries it leaves the tables alone.
const (
	lockWait     = 50 * time.Millisecond
	firstPause   = 100 * time.Millisecond
	longestPause = 2 * time.Second
)

// swapIn swaps the new tables in as soon as that is right and nobody is in the
// way. They keep up meanwhile.
func (r *run) swapIn(ctx context.Context) error {
	old, err := r.openTransactions(ctx)
	if err != nil {
		return err
	}
	for pause := firstPause; ; pause = min(pause*2, longestPause) {
		if err := r.fill(ctx, nearly); err != nil {
			return err
		}
		if old, err = r.stillOpen(ctx, old); err != nil {
			return err
		}
		if len(old) == 0 {
			err := pgx.BeginFunc(ctx, r.db, func(tx pgx.Tx) error { return r.swap(ctx, tx) })
			if err == nil || !lockNotAvailable(err) {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func lockNotAvailable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55P03"
}

// openTransactions returns the transactions of clients that are open: their
// snapshots may be older than the rows of the new tables, which would be empty
// to them. Each transaction holds a lock on its own virtual id.
func (r *run) openTransactions(ctx context.Context) ([]string, error) {
	const q = `
SELECT l.virtualtransaction FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'virtualxid' AND l.granted AND a.datname = current_database() AND a.usesysid IS NOT NULL AND pid <> pg_backend_pid()`
	rows, _ := r.db.Query(ctx, q) // CollectRows returns its error
	open, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for open transactions: %w", err)
	}
	return open, nil
}

// stillOpen returns which of some transactions have not ended.
func (r *run) stillOpen(ctx context.Context, some []string) ([]string, error) {
	if len(some) == 0 {
		return nil, nil
	}
	const q = `SELECT virtualtransaction FROM pg_locks WHERE locktype = 'virtualxid' AND virtualtransaction = ANY ($1)`
	rows, _ := r.db.Query(ctx, q, some) // CollectRows returns its error
	open, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for transactions still open: %w", err)
	}
	return open, nil
}

// swap applies what came since and moves the tables. The projection is held by
// the lock on its checkpoint from the first statement to the commit, readers by
// those on the tables for the last few.
func (r *run) swap(ctx context.Context, tx pgx.Tx) error {
	var live int64
	var version int
	if err := tx.QueryRow(ctx, lockCheckpointSQL, r.follower.Name).Scan(&live, &version); err != nil {
		return fmt.Errorf("hold the projection: %w", err)
	}
	if err := r.apply(ctx, tx, r.log, live); err != nil {
		return err
	}
	var failed int
	if err := tx.QueryRow(ctx, `WITH gone AS (DELETE FROM failed_events WHERE follower = $1 RETURNING 1) SELECT count(*) FROM gone`, r.follower.Name).Scan(&failed); err != nil {
		return fmt.Errorf("release what was failed: %w", err)
	}
	if _, err := tx.Exec(ctx, `SELECT set_config('search_path', 'public', true), set_config('lock_timeout', $1, true)`,
		fmt.Sprintf("%dms", lockWait.Milliseconds())); err != nil {
		return fmt.Errorf("set up the swap: %w", err)
	}
	if err := r.moveTables(ctx, tx, failed == 0); err != nil {
		return err
	}
	const q = `
WITH checkpoint AS (UPDATE checkpoints SET version = $4, failing = false WHERE name = $1)
UPDATE rebuilds SET phase = 'done', staging_position = NULL, moved_at = clock_timestamp(), ended_at = clock_timestamp(),
    previous_position = CASE WHEN $5 THEN $3::bigint END, previous_version = CASE WHEN $5 THEN $6::integer END
WHERE projection = $1 AND run = $2`
	if _, err := tx.Exec(ctx, q, r.follower.Name, r.id, live, r.version, failed == 0, version); err != nil {
		return fmt.Errorf("note the swap: %w", err)
	}
	r.position = live
	return nil
}

// moveTables puts the new tables in the place of the old ones, which become the previous ones or are
// dropped, and makes the views over them show the new ones. One swap at a time
// does it: what a view says of its other tables must not be read while these move,
// or it would show the previous ones from then on.
func (r *run) moveTables(ctx context.Context, tx pgx.Tx, keep bool) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(moveLock)); err != nil {
		return fmt.Errorf("wait for other swaps: %w", err)
	}
	views, err := r.views(ctx, tx)
	if err != nil {
		return err
	}
	var locks, moves []string
	for _, table := range r.follower.Tables {
		old, built, previous := qualified(follow.Serving, table), qualified(follow.Staging, table), qualified(follow.Previous, table)
		locks = append(locks, old)
		moves = append(moves, `DROP TABLE IF EXISTS `+previous, `ALTER TABLE `+old+` SET SCHEMA `+follow.Previous, `ALTER TABLE `+built+` SET SCHEMA `+follow.Serving)
	}
	for _, v := range views {
		locks = append(locks, v.Name)
		moves = append(moves, v.replace())
	}
	if !keep {
		for _, table := range r.follower.Tables {
			moves = append(moves, `DROP TABLE `+qualified(follow.Previous, table))
		}
	}
	statements := append([]string{`LOCK TABLE ` + strings.Join(locks, ", ") + ` IN ACCESS EXCLUSIVE MODE`}, moves...)
	for _, q := range statements {
		if _, err := tx.Exec(ctx, q, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("move the tables: %s: %w", q, err)
		}
	}
	return nil
}

// view is a view that reads a table by its identity, not by its name.
type view struct {
	Name       string // as SQL writes it
	Options    string
	Definition string
}

func (v view) replace() string {
	return `CREATE OR REPLACE VIEW ` + v.Name + v.Options + ` AS ` + v.Definition
}

// views returns the views that read the tables themselves. Views over those need
// nothing: a view that is replaced stays the same view.
func (r *run) views(ctx context.Context, tx pgx.Tx) ([]view, error) {
	const q = `
SELECT DISTINCT format('%I.%I', n.nspname, c.relname), coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', ''), pg_get_viewdef(c.oid)
FROM pg_depend AS d
JOIN pg_rewrite AS w ON w.oid = d.objid
JOIN pg_class AS c ON c.oid = w.ev_class AND c.relkind = 'v'
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1::text[]::regclass[])
ORDER BY 1`
	var tables []string
	for _, table := range r.follower.Tables {
		tables = append(tables, qualified(follow.Serving, table))
	}
	rows, _ := tx.Query(ctx, q, tables) // CollectRows returns its error
	views, err := pgx.CollectRows(rows, pgx.RowToStructByPos[view])
	if err != nil {
		return nil, fmt.Errorf("look for views over the tables: %w", err)
	}
	return views, nil
}

func qualified(schema, table string) string { return pgx.Identifier{schema, table}.Sanitize() }
