// Package logcheck lets tests see that nothing is amiss with a log.
package logcheck

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Whole fails the test unless the log has n events with positions 1…n,
// versions 1… in each stream, streams that agree, and times that never go back.
func Whole(t testing.TB, pool *pgxpool.Pool, n int64) {
	t.Helper()
	const q = `
SELECT
    (SELECT position FROM log_head) AS head,
    (SELECT count(*) FROM events) AS events,
    (SELECT coalesce(max(position), 0) FROM events) AS newest,
    (SELECT count(*) FROM (SELECT version, row_number() OVER (PARTITION BY stream_id ORDER BY position) AS nth FROM events) AS v WHERE version <> nth) AS holes,
    (SELECT count(*) FROM streams AS s WHERE version <> (SELECT max(version) FROM events AS e WHERE e.stream_id = s.stream_id)) AS disagreeing,
    (SELECT count(*) FROM (SELECT recorded_at, lag(recorded_at) OVER (ORDER BY position) AS before FROM events) AS r WHERE recorded_at < before) AS backwards`
	type figures struct{ Head, Events, Newest, Holes, Disagreeing, Backwards int64 }
	rows, _ := pool.Query(t.Context(), q)
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[figures])
	if err != nil {
		t.Fatal(err)
	}
	if want := (figures{Head: n, Events: n, Newest: n}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
