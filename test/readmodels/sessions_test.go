package readmodels

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"helpdesk/test/kit"
)

// oddSessions are sessions whose settings change what a careless query means. In
// most of the zones clocks were put forward at midnight, in Apia a day was left out.
var oddSessions = []string{
	`SET LOCAL TimeZone = 'Africa/Cairo'`,
	`SET LOCAL TimeZone = 'America/Santiago'`,
	`SET LOCAL TimeZone = 'America/Asuncion'`,
	`SET LOCAL TimeZone = 'America/Havana'`,
	`SET LOCAL TimeZone = 'Asia/Beirut'`,
	`SET LOCAL TimeZone = 'Asia/Tehran'`,
	`SET LOCAL TimeZone = 'Atlantic/Azores'`,
	`SET LOCAL TimeZone = 'Europe/Vienna'`,
	`SET LOCAL TimeZone = 'Pacific/Apia'`,
	`SET LOCAL TimeZone = 'Pacific/Kiritimati'`,
	`SET LOCAL TimeZone = 'Etc/GMT+12'`,
	`SET LOCAL DateStyle = 'German, DMY'`,
	`SET LOCAL DateStyle = 'SQL, MDY'`,
	`SET LOCAL IntervalStyle = 'sql_standard'`,
	`SET LOCAL extra_float_digits = -3`,
	`SET LOCAL search_path = pg_catalog`,
}

func TestEverySessionOfAnAnalystReadsTheSame(t *testing.T) {
	t.Parallel()
	ctx := kit.Context(t)
	analyst := newMarch(t).DB.AnalystPool(t)
	rows, _ := analyst.Query(ctx, `
SELECT c.relname::text FROM pg_class AS c WHERE c.relnamespace = 'read'::regnamespace AND c.relkind IN ('r', 'v') ORDER BY 1`) // CollectRows returns its error
	relations, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	conn, err := analyst.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	tx, err := conn.Begin(ctx) // one, so that now() is the same for all
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	read := func(tx pgx.Tx, relation string) []string {
		t.Helper()
		name := pgx.Identifier{"read", relation}.Sanitize()
		rows, _ := tx.Query(ctx, `SELECT * FROM `+name) // CollectRows returns its error
		all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
			values, err := row.Values()
			return fmt.Sprint(values), err
		})
		if err != nil {
			t.Fatalf("read.%s: %v", relation, err)
		}
		slices.Sort(all)
		return all
	}
	for _, relation := range relations {
		want := read(tx, relation)
		if relation == "daily_stats" && len(want) == 0 {
			t.Error("there is no day to tell by")
		}
		for _, setting := range oddSessions {
			within, err := tx.Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := within.Exec(ctx, setting); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, read(within, relation)); diff != "" {
				t.Errorf("read.%s after %s (-UTC +got):\n%.1000s", relation, setting, diff)
			}
			if err := within.Rollback(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
}
