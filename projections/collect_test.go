package projections_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"helpdesk/projections"
	"helpdesk/test/pgtest"
)

func TestRowsAreCollectedEachForItself(t *testing.T) {
	t.Parallel()
	type row struct {
		N     int
		Text  string
		At    *time.Time
		Words []string
	}
	const sql = `
SELECT n, 'text ' || n AS text, CASE WHEN n % 2 = 0 THEN '2026-01-01'::timestamptz + n * interval '1 day' END AS at,
    array_fill('w' || n, ARRAY[n]) AS words`
	pool := pgtest.New(t).Pool(t)
	rows, _ := pool.Query(t.Context(), sql+` FROM generate_series(1, 40) AS n`)
	want, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		t.Fatal(err)
	}
	rows, _ = pool.Query(t.Context(), sql+`, 100 + n AS more FROM generate_series(1, 40) AS n`)
	var more int
	got, err := projections.Collect[row](rows, &more)
	if diff := cmp.Diff(want, got); err != nil || diff != "" || more != 140 {
		t.Errorf("%v, more %d (-pgx +got):\n%s", err, more, diff)
	}
	rows, _ = pool.Query(t.Context(), `SELECT 1 AS n`)
	if _, err := projections.Collect[row](rows); err == nil {
		t.Error("a row without columns for all fields is taken")
	}
	rows, _ = pool.Query(t.Context(), `SELECT 1 / 0 AS n`)
	if _, err := projections.Collect[row](rows); err == nil {
		t.Error("a query that fails is taken for an empty one")
	}
}
