package health

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// state is what the server says of itself and of locks on the tables, in its own words,
// without asking any of the tables.
type state struct {
	readOnly bool
	standby  bool
	locks    []lock
}

// lock is what another session holds, or waits for with all others behind it.
type lock struct {
	Table       string // as statements name it
	Transaction string // by the session's own count
	Session     int32  // process id; 0: none, the transaction is prepared
	Application string
	Mode        string
	Granted     bool
	Behind      []int32 // the sessions it waits for
}

// headTable is the table of the row that every append locks.
const headTable = "log_head"

// stateSQL looks for locks that statements of this program wait for. It may not wait for
// one itself, so it reads none of the tables. Of the head of the log it takes every lock
// that comes with one on its row, for the server lists no rows: whoever has it for long,
// and waits for nobody, holds the row.
const stateSQL = `
WITH all_locks AS MATERIALIZED (
    SELECT relation, database, pid, virtualtransaction, mode, granted, locktype FROM pg_locks
), held AS (
    SELECT n.nspname, c.relname, l.pid, l.virtualtransaction, l.mode, l.granted
    FROM all_locks AS l JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.pid IS DISTINCT FROM pg_backend_pid() AND n.nspname IN ('public', 'read', 'saga', 'audit') AND c.relkind IN ('r', 'p', 'v')
      AND (l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
           OR c.relname = '` + headTable + `' AND l.mode IN ('RowShareLock', 'RowExclusiveLock')
              AND NOT EXISTS (SELECT FROM all_locks AS w WHERE w.pid = l.pid AND NOT w.granted))
)
SELECT current_setting('transaction_read_only') = 'on', pg_is_in_recovery(), held.relname IS NOT NULL,
       CASE WHEN nspname <> 'public' THEN nspname || '.' ELSE '' END || coalesce(relname, '') AS "table",
       coalesce(virtualtransaction, ''), coalesce(pid, 0),
       coalesce((SELECT application_name FROM pg_stat_activity AS a WHERE a.pid = held.pid), ''),
       coalesce(mode, ''), coalesce(granted, true), CASE WHEN NOT granted THEN pg_blocking_pids(pid) END
FROM (VALUES (1)) AS one LEFT JOIN held ON true
ORDER BY granted DESC, "table", pid`

func (w *Watch) state(ctx context.Context) (s state, err error) {
	rows, _ := w.pool.Query(ctx, stateSQL) // ForEachRow returns its error
	var l lock
	var some bool
	_, err = pgx.ForEachRow(rows, []any{
		&s.readOnly, &s.standby, &some, &l.Table, &l.Transaction, &l.Session, &l.Application, &l.Mode, &l.Granted, &l.Behind,
	}, func() error {
		if some {
			s.locks = append(s.locks, l)
		}
		return nil
	})
	return s, err
}

// ofRow reports whether the lock comes with one on a row.
func (l lock) ofRow() bool { return strings.HasPrefix(l.Mode, "Row") }

// same reports whether it is the same lock, seen again.
func (l lock) same(other lock) bool {
	return l.Table == other.Table && l.Session == other.Session && l.Transaction == other.Transaction && l.Mode == other.Mode
}

// holder returns whose lock it is, in words for operators.
func (l lock) holder() string {
	if l.Session == 0 {
		return "a prepared transaction (pg_prepared_xacts)"
	}
	who := fmt.Sprintf("session %d (%s)", l.Session, l.application())
	if l.Granted {
		return who
	}
	behind := make([]string, len(l.Behind))
	for i, pid := range l.Behind {
		behind[i] = fmt.Sprint(pid)
	}
	return who + ", which waits for session " + strings.Join(behind, " and ")
}

// application returns what the session calls itself, made fit for a line.
func (l lock) application() string {
	if l.Application == "" {
		return "without a name"
	}
	return l.Application // Postgres lets printable ASCII through alone
}

// lasting returns those of the locks that were there before.
func lasting(locks, before []lock) []lock {
	var out []lock
	for _, l := range locks {
		if slices.ContainsFunc(before, l.same) {
			out = append(out, l)
		}
	}
	return out
}

// divide returns the locks that come with one on a row, and those on whole tables.
func divide(locks []lock) (rows, tables lockedError) {
	for _, l := range locks {
		if l.ofRow() {
			rows = append(rows, l)
		} else {
			tables = append(tables, l)
		}
	}
	return rows, tables
}

// logTables are those that appends write to, whatever they are about.
var logTables = []string{headTable, "events", "streams", "commands"}

// lockedError is that others hold tables.
type lockedError []lock

func (e lockedError) Error() string {
	words := make([]string, len(e))
	for i, l := range e {
		words[i] = fmt.Sprintf("%s on %s: %s", l.Mode, l.Table, l.holder())
	}
	return strings.Join(words, "; ")
}

// reason returns what it means.
func (e lockedError) reason() *domain.Error {
	refusal, tables := eventstore.ErrTableLocked, []string(nil)
	for _, l := range e {
		if slices.Contains(logTables, l.Table) {
			refusal = eventstore.ErrLocked
		}
		if !slices.Contains(tables, l.Table) {
			tables = append(tables, l.Table)
		}
	}
	const most = 5
	if len(tables) > most {
		tables = append(tables[:most], "others")
	}
	return refusal.With("another session of the database holds a lock on %s", strings.Join(tables, ", "))
}
