package readmodels

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/internal/localpg"
	"helpdesk/projections/reports"
	"helpdesk/rebuild"
)

func TestARebuildUnderWritesIsInvisibleAndEqual(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.register(t)
	const view = `
CREATE VIEW read.few WITH (security_barrier = true) AS SELECT status, count(*) AS n FROM read.tickets GROUP BY status;
CREATE VIEW read.fewer AS SELECT t.id, t.title, count(c.id) AS n, f.n AS among
    FROM read.tickets AS t LEFT JOIN read.comments AS c ON c.ticket_id = t.id JOIN read.few AS f USING (status) GROUP BY t.id, f.n;
COMMENT ON VIEW read.few IS 'few'; GRANT SELECT ON read.few TO ` + localpg.ServiceRole
	if _, err := d.db.OwnerPool(t).Exec(testContext(t), view); err != nil {
		t.Fatal(err)
	}
	before := d.shape(t)
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
	if diff := gocmp.Diff(before, d.shape(t)); diff != "" {
		t.Errorf("the tables are not what they were (-before +after):\n%s", diff)
	}
	var n int
	const q = `SELECT count(*) FROM read.fewer WHERE id NOT IN (SELECT id FROM read_previous.tickets)`
	if err := d.db.OwnerPool(t).QueryRow(testContext(t), q).Scan(&n); err != nil || n == 0 {
		t.Errorf("the view shows %d tickets that were opened since, %v", n, err)
	}
	for _, s := range d.statuses(t, p) {
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

// A projection that names a table with its schema would write to the tables that
// are served while it is to fill others.
func TestAProjectionWritesToTheTablesItIsToldAndNoOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.register(t)
	fresh := d.follow(t, 100)
	newCrowd(d, 4).fill(t, 400)
	d.project(t, fresh)
	head, err := d.store.Head(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	owner := d.db.OwnerPool(t)
	owned := map[string]bool{}
	for _, f := range projected() {
		for _, table := range f.Tables {
			owned[table] = true
			if _, err := owner.Exec(testContext(t), `CREATE TABLE read_staging.`+table+` (LIKE read.`+table+` INCLUDING ALL)`); err != nil {
				t.Fatal(err)
			}
		}
	}
	touched := func() (rows []string) {
		found, _ := owner.Query(testContext(t), `SELECT relname FROM pg_class WHERE relnamespace = 'read'::regnamespace AND relkind = 'r' ORDER BY 1`)
		tables, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			if !owned[table] {
				t.Errorf("read.%s is in no projection's Tables", table)
			}
			var sum string
			if err := owner.QueryRow(testContext(t), `SELECT concat_ws(' ', count(*), max(xmin::text::bigint), max(xmax::text::bigint)) FROM read.`+table).Scan(&sum); err != nil {
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
			err := pgx.BeginFunc(testContext(t), owner, func(tx pgx.Tx) error {
				if err := follow.Within(testContext(t), tx, follow.Staging); err != nil {
					return err
				}
				return f.ApplyRange(testContext(t), tx, follow.NewReading(d.store.Codec(), f), after, min(after+40, head))
			})
			if err != nil {
				t.Fatalf("%s after %d: %v", f.Name, after, err)
			}
		}
		for _, table := range f.Tables {
			var n int
			if err := owner.QueryRow(testContext(t), `SELECT count(*) FROM read_staging.`+table).Scan(&n); err != nil || n == 0 {
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
	d := newDesk(t)
	d.register(t)
	fresh := d.follow(t, 100)
	c := newCrowd(d, 5)
	c.fill(t, 200)
	d.project(t, fresh)
	p := d.rebuilding(10)
	ctx, cut := context.WithCancel(testContext(t))
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
	s, err := p.Status(testContext(t), "ticket_list")
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
	if err := d.rebuilding(10).Rebuild(testContext(t), "ticket_list", o); err != nil {
		t.Fatal(err)
	}
	if first != at {
		t.Errorf("went on from %d, want %d", first, at)
	}
	d.project(t, fresh)
	d.checkTables(t)
}

func TestAnEventThatCannotBeAppliedStopsARebuildAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.register(t)
	fresh := d.follow(t, 100)
	c := newCrowd(d, 6)
	c.fill(t, 120)
	d.project(t, fresh)
	faulty, bad := faultyMeasures(t, d)
	err := d.rebuilding(64, faulty).Rebuild(testContext(t), "ticket_facts", rebuild.Options{})
	var poison *rebuild.PoisonError
	if !errors.As(err, &poison) || poison.Position != bad {
		t.Fatalf("got %v, want position %d named", err, bad)
	}
	s, err := d.rebuilding(64).Status(testContext(t), "ticket_facts")
	if err != nil || s.State != rebuild.Following || s.Rebuild.Phase != rebuild.Failed || s.Rebuild.Position != bad-1 || *s.Rebuild.ErrorPosition != bad {
		t.Errorf("%+v, rebuild %+v, %v", s, s.Rebuild, err)
	}
	d.checkTables(t)
	if err := d.rebuilding(64).Rebuild(testContext(t), "ticket_facts", rebuild.Options{}); err != nil { // mended
		t.Error(err)
	}
	d.checkTables(t)
}

func TestAnotherVersionOfAProjectionIsReportedAndServedUntilItIsRebuilt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.register(t)
	fresh := d.follow(t, 100)
	newCrowd(d, 12).fill(t, 60)
	d.project(t, fresh)
	changed := reports.Follower()
	changed.Version = 2
	apply := changed.Apply
	changed.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		if err := apply(ctx, tx, events); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE ticket_facts SET fact = upper(fact)`)
		return err
	}
	p := d.rebuilding(1000, changed)
	if s, err := p.Status(testContext(t), "ticket_facts"); err != nil || !s.Outdated() || s.Version != 1 || s.CodeVersion != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := p.Rebuild(testContext(t), "ticket_facts", rebuild.Options{}); err != nil {
		t.Fatal(err)
	}
	var upper bool
	if err := d.pool.QueryRow(testContext(t), `SELECT bool_and(fact = upper(fact)) FROM read.ticket_facts`).Scan(&upper); err != nil || !upper {
		t.Errorf("the tables are not the new version's: %v", err)
	}
	if s, err := p.Status(testContext(t), "ticket_facts"); err != nil || s.Outdated() {
		t.Errorf("%+v, %v", s, err)
	}
	if err := p.Rollback(testContext(t), "ticket_facts", rebuild.Options{}); err != nil {
		t.Fatal(err)
	}
	if s, err := p.Status(testContext(t), "ticket_facts"); err != nil || !s.Outdated() {
		t.Errorf("rolled back: %+v, %v", s, err)
	}
	d.checkTables(t)
}

func TestAPausedProjectionIsRebuiltAndStaysPaused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.register(t)
	fresh := d.follow(t, 100)
	c := newCrowd(d, 13)
	c.fill(t, 60)
	d.project(t, fresh)
	p := d.rebuilding(1000)
	if err := p.Pause(testContext(t), "ticket_list"); err != nil {
		t.Fatal(err)
	}
	var before int
	if err := d.pool.QueryRow(testContext(t), `SELECT count(*) FROM read.tickets`).Scan(&before); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		d.append(t, newID(), 0, time.Time{}, ticket.Opened{Number: int64(1000 + time.Now().Nanosecond()), Title: "x", Priority: ticket.Low})
	}
	d.project(t, fresh) // does not wait for it
	if err := p.Rebuild(testContext(t), "ticket_list", rebuild.Options{}); err != nil {
		t.Fatal(err)
	}
	var after int
	if err := d.pool.QueryRow(testContext(t), `SELECT count(*) FROM read.tickets`).Scan(&after); err != nil || before != after {
		t.Errorf("%d tickets became %d, %v", before, after, err)
	}
	if s, err := p.Status(testContext(t), "ticket_list"); err != nil || s.State != rebuild.Paused || s.PausedAt == nil {
		t.Errorf("%+v, %v", s, err)
	}
	if err := p.Resume(testContext(t), "ticket_list"); err != nil {
		t.Fatal(err)
	}
	d.project(t, fresh)
	d.checkTables(t)
}
