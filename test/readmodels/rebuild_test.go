package readmodels

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore/follow"
	"helpdesk/internal/localpg"
	"helpdesk/internal/pgid"
	"helpdesk/rebuild"
	"helpdesk/test/kit"
)

// rebuilding returns the projections of the desk for an operator, who works in
// pages of a size.
func (d *models) rebuilding(pageSize int, followers ...follow.Follower) *rebuild.Projections {
	if followers == nil {
		followers = projected()
	}
	return rebuild.New(d.Pool, d.Store.Codec(), followers, rebuild.Config{
		Connect:  d.connectOwner,
		PageSize: pageSize, Logger: slog.New(slog.DiscardHandler),
	})
}

// connectOwner connects as the program does.
func (d *models) connectOwner(ctx context.Context) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(d.DB.OwnerURL)
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
func shape(t testing.TB, d *models) []string {
	t.Helper()
	rows, _ := d.DB.OwnerPool(t).Query(kit.Context(t), `
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

func TestARebuildUnderWritesIsInvisibleAndEqual(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	const view = `
CREATE VIEW read.few WITH (security_barrier = true) AS SELECT status, count(*) AS n FROM read.tickets GROUP BY status;
CREATE VIEW read.fewer AS SELECT t.id, t.title, count(c.id) AS n, f.n AS among
    FROM read.tickets AS t LEFT JOIN read.comments AS c ON c.ticket_id = t.id JOIN read.few AS f USING (status) GROUP BY t.id, f.n;
COMMENT ON VIEW read.few IS 'few'; GRANT SELECT ON read.few TO ` + localpg.ServiceRole
	if _, err := d.DB.OwnerPool(t).Exec(kit.Context(t), view); err != nil {
		t.Fatal(err)
	}
	before := shape(t, d)
	fresh := d.follow(t, 50)
	c := newCrowd(d, 3)
	commands := commandsAtFirst(t)
	c.fill(t, commands)
	d.project(t, fresh)
	d.checkTables(t)

	p := d.rebuilding(max(40, commands/50))
	var orders []rebuild.Order
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	for _, name := range p.Names() {
		orders = append(orders, rebuild.Order{Name: name, Kind: rebuild.FromLog, Options: rebuild.Options{Progress: func(position, target int64) {
			if position > target/2 {
				cut()
			}
		}}})
	}
	stop := c.meanwhile(t)
	if err := errors.Join(p.Do(ctx, 2, orders...)...); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it cut off half-way", err)
	}
	stop()
	d.project(t, fresh)
	d.checkTables(t)

	stop = c.meanwhile(t)
	var work sync.WaitGroup
	for _, name := range p.Names() { // each by itself: swaps meet
		work.Go(func() {
			if err := p.Rebuild(t.Context(), name, rebuild.Options{}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	work.Wait()
	stop()
	c.fill(t, c.written+50)
	d.project(t, fresh)
	d.checkTables(t)
	if diff := gocmp.Diff(before, shape(t, d)); diff != "" {
		t.Errorf("the tables are not what they were (-before +after):\n%s", diff)
	}
	var n int
	const q = `SELECT count(*) FROM read.fewer WHERE id NOT IN (SELECT id FROM read_previous.tickets)`
	if err := d.DB.OwnerPool(t).QueryRow(kit.Context(t), q).Scan(&n); err != nil || n == 0 {
		t.Errorf("the view shows %d tickets that were opened since, %v", n, err)
	}
	for _, s := range statuses(t, d, p) {
		if s.Rebuild == nil || s.Rebuild.Phase != rebuild.Done || s.Previous == nil || s.State != rebuild.Following || s.Lag() != 0 {
			t.Errorf("%s: %+v, rebuild %+v", s.Name, s, s.Rebuild)
		}
	}
	for _, name := range p.Names() { // once more: what was kept is in nobody's way, and the search is compared too
		if err := p.Rebuild(t.Context(), name, rebuild.Options{}); err != nil {
			t.Errorf("%s once more: %v", name, err)
		}
	}
	d.checkTables(t)
}

func statuses(t testing.TB, d *models, p *rebuild.Projections) []rebuild.Status {
	t.Helper()
	all, err := p.List(kit.Context(t))
	if err != nil || len(all) != len(p.Names()) {
		t.Fatalf("%d of %d projections, %v", len(all), len(p.Names()), err)
	}
	return all
}

// waitPhase waits until a rebuild has come to a phase.
func waitPhase(t testing.TB, d *models, p *rebuild.Projections, name string, phase rebuild.Phase) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		s, err := p.Status(kit.Context(t), name)
		if err != nil {
			t.Fatal(err)
		}
		if s.Rebuild != nil && s.Rebuild.Phase == phase {
			return
		}
		<-tick.C
	}
}

// A projection that names a table with its schema would write to the tables that
// are served while it is to fill others.
func TestAProjectorWritesToTheTablesItIsToldAndNoOthers(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	newCrowd(d, 4).fill(t, 400)
	d.project(t, fresh)
	head, err := d.Store.Head(kit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	owner := d.DB.OwnerPool(t)
	owned := map[string]bool{}
	for _, f := range projected() {
		for _, table := range f.Tables {
			owned[table] = true
			if _, err := owner.Exec(kit.Context(t), `CREATE TABLE read_staging.`+table+` (LIKE read.`+table+` INCLUDING ALL)`); err != nil {
				t.Fatal(err)
			}
		}
	}
	touched := func() (rows []string) {
		found, _ := owner.Query(kit.Context(t), `SELECT relname FROM pg_class WHERE relnamespace = 'read'::regnamespace AND relkind = 'r' ORDER BY 1`)
		tables, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			if !owned[table] {
				t.Errorf("read.%s is in no projection's Tables", table)
			}
			var sum string
			if err := owner.QueryRow(kit.Context(t), `SELECT concat_ws(' ', count(*), max(xmin::text::bigint), max(xmax::text::bigint)) FROM read.`+table).Scan(&sum); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, table+" "+sum)
		}
		return rows
	}
	before := touched()
	for _, f := range projected() {
		if len(f.Tables) == 0 {
			t.Errorf("%s states no tables, and cannot be rebuilt", f.Name)
			continue
		}
		// In pages: what it finds of its own is to be of the staging tables too.
		for after := int64(0); after < head; after += 40 {
			err := pgx.BeginFunc(kit.Context(t), owner, func(tx pgx.Tx) error {
				if err := follow.Within(kit.Context(t), tx, follow.Staging); err != nil {
					return err
				}
				return f.ApplyRange(kit.Context(t), tx, follow.NewReading(d.Store.Codec(), f), after, min(after+40, head))
			})
			if err != nil {
				t.Fatalf("%s after %d: %v", f.Name, after, err)
			}
		}
		for _, table := range f.Tables {
			var n int
			if err := owner.QueryRow(kit.Context(t), `SELECT count(*) FROM read_staging.`+table).Scan(&n); err != nil || n == 0 {
				t.Errorf("%s wrote %d rows into %s, %v", f.Name, n, table, err)
			}
		}
	}
	if diff := gocmp.Diff(before, touched()); diff != "" {
		t.Errorf("tables that are served were written to (-before +after):\n%s", diff)
	}
}

func TestARebuildThatWasCutOffGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	c := newCrowd(d, 5)
	c.fill(t, 200)
	d.project(t, fresh)
	p := d.rebuilding(10)
	ctx, cut := context.WithCancel(kit.Context(t))
	var at int64
	err := p.Rebuild(ctx, "ticket_list", rebuild.Options{Progress: func(position, target int64) {
		if position > target/2 && at == 0 {
			at = position
			cut()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want it cut off", err)
	}
	s, err := p.Status(kit.Context(t), "ticket_list")
	if err != nil || s.Rebuild.Position != at || s.Rebuild.Phase != rebuild.Filling || s.Rebuild.Active || s.State != rebuild.Following {
		t.Errorf("cut off at %d: %+v, rebuild %+v, %v", at, s, s.Rebuild, err)
	}
	d.checkTables(t)
	c.fill(t, 220)
	var first int64 = -1
	o := rebuild.Options{Progress: func(position, _ int64) {
		if first < 0 {
			first = position
		}
	}}
	if err := d.rebuilding(10).Rebuild(kit.Context(t), "ticket_list", o); err != nil {
		t.Fatal(err)
	}
	if first != at {
		t.Errorf("went on from %d, want %d", first, at)
	}
	d.project(t, fresh)
	d.checkTables(t)
}
