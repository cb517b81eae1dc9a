package readmodels

import (
	"context"
	"helpdesk/eventstore/follow"
	"helpdesk/internal/pgid"
	"helpdesk/rebuild"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// rebuilding returns the projections of the desk for an operator, who works in
// pages of a size.
func (d *desk) rebuilding(pageSize int, followers ...follow.Follower) *rebuild.Projections {
	if followers == nil {
		followers = projected()
	}
	return rebuild.New(d.pool, d.store.Codec(), followers, rebuild.Config{
		Connect:  d.connectOwner,
		PageSize: pageSize, Logger: slog.New(slog.DiscardHandler),
	})
}

// connectOwner connects as the program does.
func (d *desk) connectOwner(ctx context.Context) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(d.db.OwnerURL)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 5
	config.ConnConfig.RuntimeParams["jit"] = "off"
	config.ConnConfig.RuntimeParams["max_parallel_workers_per_gather"] = "0"
	config.ConnConfig.RuntimeParams["max_parallel_maintenance_workers"] = "0"
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgid.Register(conn.TypeMap())
		return nil
	}
	return pgxpool.NewWithConfig(ctx, config)
}

// fill has the crowd act until so many commands changed something.
func (c *crowd) fill(t testing.TB, written int) {
	t.Helper()
	for c.written < written {
		c.act(t)
	}
}

// meanwhile has the crowd act until it is stopped.
func (c *crowd) meanwhile(t *testing.T) (stop func()) {
	ended, end := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			default:
				c.act(t)
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// shape returns all there is to know of the tables in schema read but for their
// rows, a line each.
func (d *desk) shape(t testing.TB) []string {
	t.Helper()
	rows, _ := d.db.OwnerPool(t).Query(testContext(t), `
SELECT format('%s.%s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    pg_get_expr(f.adbin, f.adrelid), col_description(c.oid, a.attnum))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum WHERE c.relnamespace = 'read'::regnamespace AND c.relkind <> 'i'
UNION ALL
SELECT format('%s %s %s %s %s', relname, relkind, (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(relacl) x), reloptions, obj_description(oid, 'pg_class'))
FROM pg_class WHERE relnamespace = 'read'::regnamespace
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'read'
UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'read'::regnamespace
UNION ALL SELECT format('%s %s', tgname, tgrelid::regclass) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT definition FROM pg_views WHERE schemaname = 'read'
ORDER BY 1`) // CollectRows returns its error
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(lines) < 50 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	return lines
}

// commandsAtFirst is how many commands there are before the first rebuild:
// HELPDESK_TEST_COMMANDS, or what does not take long.
func commandsAtFirst(t *testing.T) int {
	text := os.Getenv("HELPDESK_TEST_COMMANDS")
	if text == "" {
		return 300
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (d *desk) statuses(t testing.TB, p *rebuild.Projections) []rebuild.Status {
	t.Helper()
	all, err := p.List(testContext(t))
	if err != nil || len(all) != len(p.Names()) {
		t.Fatalf("%d of %d projections, %v", len(all), len(p.Names()), err)
	}
	return all
}

// waitPhase waits until a rebuild has come to a phase.
func (d *desk) waitPhase(t testing.TB, p *rebuild.Projections, name string, phase rebuild.Phase) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		s, err := p.Status(testContext(t), name)
		if err != nil {
			t.Fatal(err)
		}
		if s.Rebuild != nil && s.Rebuild.Phase == phase {
			return
		}
		<-tick.C
	}
}
