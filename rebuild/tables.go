package rebuild

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore/follow"
)

// prepare sees to it that the tables to be filled are there, and returns the
// position they are at. staging is where an earlier run has left them; nil: there
// are none of use.
func (r *run) prepare(ctx context.Context, tx pgx.Tx, staging *int64) (int64, error) {
	if staging != nil {
		same, err := r.sameShape(ctx, tx, follow.Staging)
		if err != nil {
			return 0, err
		}
		var ahead bool // as after a restore of the checkpoint alone
		if err := tx.QueryRow(ctx, `SELECT position < $2 FROM checkpoints WHERE name = $1`, r.follower.Name, *staging).Scan(&ahead); err != nil {
			return 0, fmt.Errorf("read the checkpoint: %w", err)
		}
		if same && !ahead {
			return *staging, nil
		}
		if r.kind == FromPrevious {
			return 0, ErrOtherShape
		}
	}
	if r.kind == FromPrevious {
		return r.takePrevious(ctx, tx)
	}
	for _, table := range r.follower.Tables {
		if err := r.makeTable(ctx, tx, table); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// takePrevious makes the previous tables those to be swapped in.
func (r *run) takePrevious(ctx context.Context, tx pgx.Tx) (int64, error) {
	var position *int64
	var version *int
	const q = `SELECT previous_position, previous_version FROM rebuilds WHERE projection = $1`
	if err := tx.QueryRow(ctx, q, r.follower.Name).Scan(&position, &version); err != nil {
		return 0, fmt.Errorf("look for previous tables: %w", err)
	}
	if position == nil {
		return 0, ErrNoPrevious
	}
	if same, err := r.sameShape(ctx, tx, follow.Previous); err != nil || !same {
		if err == nil {
			err = ErrOtherShape
		}
		return 0, err
	}
	for _, table := range r.follower.Tables {
		for _, q := range []string{
			`DROP TABLE IF EXISTS ` + qualified(follow.Staging, table),
			`ALTER TABLE ` + qualified(follow.Previous, table) + ` SET SCHEMA ` + follow.Staging,
		} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return 0, fmt.Errorf("take the previous tables: %w", err)
			}
		}
	}
	const moved = `UPDATE rebuilds SET previous_position = NULL, previous_version = NULL WHERE projection = $1`
	if _, err := tx.Exec(ctx, moved, r.follower.Name); err != nil {
		return 0, fmt.Errorf("take the previous tables: %w", err)
	}
	r.version = *version
	return *position, nil
}

// sameShape reports whether the tables in a schema are there with the columns of
// those that are served.
func (r *run) sameShape(ctx context.Context, tx pgx.Tx, schema string) (bool, error) {
	const q = `
SELECT coalesce(array_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull ORDER BY attname), '{}')
FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`
	for _, table := range r.follower.Tables {
		var want, got []string
		for in, into := range map[string]*[]string{follow.Serving: &want, schema: &got} {
			if err := tx.QueryRow(ctx, q, qualified(in, table)).Scan(into); err != nil {
				return false, fmt.Errorf("read the columns of %s.%s: %w", in, table, err)
			}
		}
		if !slices.Equal(want, got) {
			return false, nil
		}
	}
	return true, nil
}

// likeSQL returns the statements that make a table in schema $2 what it is in
// schema $1 but for its rows and its columns: comment, storage parameters, how
// closely columns are looked at for the planner, keys, rights. Keys and unique
// indexes come before the rows, for Apply may rely on them, and so do the indexes
// $4 that it looks up by.
const likeSQL = `
WITH t AS (
    SELECT c.oid, c.relacl, c.relowner, c.reloptions, format('%I.%I', $2::text, c.relname) AS new,
        format(' ON %I.%I USING ', n.nspname, c.relname) AS on_old, format(' ON %I.%I USING ', $2::text, c.relname) AS on_new
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $3
)
SELECT format('COMMENT ON TABLE %s IS %L', new, obj_description(oid, 'pg_class')) FROM t WHERE obj_description(oid, 'pg_class') IS NOT NULL
UNION ALL
SELECT format('ALTER TABLE %s SET (%s)', new, array_to_string(reloptions, ', ')) FROM t WHERE reloptions IS NOT NULL
UNION ALL
SELECT format('ALTER TABLE %s ALTER %I SET STATISTICS %s', new, a.attname, a.attstattarget)
FROM t JOIN pg_attribute AS a ON a.attrelid = t.oid WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget >= 0
UNION ALL
SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', new, k.conname, pg_get_constraintdef(k.oid))
FROM t JOIN pg_constraint AS k ON k.conrelid = t.oid AND k.contype IN ('p', 'u', 'x')
UNION ALL
SELECT replace(pg_get_indexdef(i.indexrelid), on_old, on_new)
FROM t JOIN pg_index AS i ON i.indrelid = t.oid JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
  AND (i.indisunique OR c.relname = ANY ($4::text[]))
UNION ALL
SELECT format('GRANT %s ON %s TO %s', a.privilege_type, new, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
FROM t CROSS JOIN aclexplode(t.relacl) AS a WHERE a.grantee <> t.relowner`

// makeTable makes an empty table like the one that is served.
func (r *run) makeTable(ctx context.Context, tx pgx.Tx, table string) error {
	old, built := qualified(follow.Serving, table), qualified(follow.Staging, table)
	for _, q := range []string{
		`DROP TABLE IF EXISTS ` + built,
		`CREATE TABLE ` + built + ` (LIKE ` + old + ` INCLUDING ALL EXCLUDING INDEXES)`,
	} {
		if _, err := tx.Exec(ctx, q); err != nil {
			return fmt.Errorf("make %s: %w", built, err)
		}
	}
	rows, _ := tx.Query(ctx, likeSQL, follow.Serving, follow.Staging, table, r.follower.Lookups) // CollectRows returns its error
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("see what %s is like: %w", old, err)
	}
	for _, q := range statements {
		if _, err := tx.Exec(ctx, q); err != nil {
			return fmt.Errorf("make %s: %s: %w", built, q, err)
		}
	}
	return nil
}

// missingIndexesSQL returns the statements that make in schema $2 the indexes
// that the table has in $1 and lacks there.
const missingIndexesSQL = `
SELECT replace(pg_get_indexdef(i.indexrelid), format(' ON %I.%I USING ', $1::text, t.relname), format(' ON %I.%I USING ', $2::text, t.relname))
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
WHERE n.nspname = $1 AND t.relname = $3
  AND NOT EXISTS (SELECT FROM pg_class AS o JOIN pg_namespace AS m ON m.oid = o.relnamespace WHERE m.nspname = $2 AND o.relname = c.relname)
ORDER BY c.relname`

// index makes the indexes that filling did without, each in a transaction of its
// own: a run that goes on makes those that are missing.
func (r *run) index(ctx context.Context) error {
	for _, table := range r.follower.Tables {
		rows, _ := r.db.Query(ctx, missingIndexesSQL, follow.Serving, follow.Staging, table) // CollectRows returns its error
		statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("look for indexes of %s: %w", table, err)
		}
		for _, q := range statements {
			err := pgx.BeginFunc(ctx, r.db, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, `SET LOCAL maintenance_work_mem = '128MB'`); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, q)
				return err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
	}
	return nil
}

// tidy has Postgres know what is in the new tables, and mark their rows as
// visible to all: else the first to read them would do it.
func (r *run) tidy(ctx context.Context) error {
	for _, table := range r.follower.Tables {
		if _, err := r.db.Exec(ctx, `VACUUM (ANALYZE) `+qualified(follow.Staging, table)); err != nil {
			return fmt.Errorf("tidy up %s: %w", table, err)
		}
	}
	return nil
}
