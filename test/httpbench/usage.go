package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/load"
)

// usage is what a program and the server have used since they began.
type usage struct {
	cpu              time.Duration
	wal              int64 // bytes
	commits, flushes int64 // as far as backends have reported
}

func (u usage) sub(before usage) usage {
	return usage{u.cpu - before.cpu, u.wal - before.wal, u.commits - before.commits, u.flushes - before.flushes}
}

// over returns how much of it was in a second, of so long a time.
func (u usage) over(took time.Duration) usage {
	a := func(n int64) int64 { return int64(math.Round(float64(n) / took.Seconds())) }
	return usage{time.Duration(a(int64(u.cpu))), a(u.wal), a(u.commits), a(u.flushes)}
}

// used returns what the program with a process id and the whole server have used;
// commits are those of one database.
func (m *machine) used(ctx context.Context, pid int, database string) (u usage, err error) {
	const q = `
SELECT
    pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint,
    (SELECT xact_commit FROM pg_stat_database WHERE datname = $1),
    (SELECT wal_sync FROM pg_stat_wal)`
	if err := m.admin.QueryRow(ctx, q, database).Scan(&u.wal, &u.commits, &u.flushes); err != nil {
		return u, err
	}
	own, err := load.ProcessOf(pid)
	if err != nil {
		return u, err
	}
	server, err := load.CPU(m.pg.PostmasterPID())
	u.cpu = own.CPU + server
	return u, err
}

// memory is in bytes: the most that the program ever had, and what the server has,
// where what several of its processes share counts once.
type memory struct{ program, server int64 }

func (m *machine) remembers(pid int) (memory, error) {
	most, err := kilobytes(pid, "status", "VmHWM:")
	if err != nil {
		return memory{}, err
	}
	all, err := kilobytes(m.pg.PostmasterPID(), "smaps_rollup", "Pss:")
	for _, child := range load.Children(m.pg.PostmasterPID()) {
		n, _ := kilobytes(child.PID, "smaps_rollup", "Pss:") // it may have ended
		all += n
	}
	return memory{most << 10, all << 10}, err
}

func kilobytes(pid int, file, name string) (int64, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), file))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name {
			return strconv.ParseInt(fields[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("/proc/%d/%s has no %s", pid, file, name)
}

// relation is how large a table is, in bytes.
type relation struct {
	Name    string
	Rows    int64 // what long texts are kept in too
	Indexes int64
}

// space is how large a desk's database is.
type space struct {
	All       int64
	Events    int64 // how many there are
	Relations []relation
}

func (d *desk) takes(ctx context.Context) (s space, err error) {
	const all = `SELECT pg_database_size(current_database()), (SELECT position FROM log_head)`
	if err := d.conn.QueryRow(ctx, all).Scan(&s.All, &s.Events); err != nil {
		return s, err
	}
	const each = `
SELECT
    c.oid::regclass::text AS name,
    pg_table_size(c.oid) AS rows,
    pg_indexes_size(c.oid) AS indexes
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY pg_total_relation_size(c.oid) DESC
LIMIT 12`
	rows, err := d.conn.Query(ctx, each)
	if err != nil {
		return s, err
	}
	s.Relations, err = pgx.CollectRows(rows, pgx.RowToStructByName[relation])
	return s, err
}
