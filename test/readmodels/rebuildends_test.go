package readmodels

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore/follow"
	"helpdesk/keyring"
	"helpdesk/projections/comments"
	"helpdesk/rebuild"
	"helpdesk/test/kit"
)

func TestTablesThatDifferAreSwappedOnlyWhereThatIsAccepted(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	newCrowd(d, 8).fill(t, 100)
	d.project(t, fresh)
	if _, err := d.Pool.Exec(kit.Context(t), `UPDATE read.tickets SET title = 'damaged' WHERE number = (SELECT min(number) FROM read.tickets)`); err != nil {
		t.Fatal(err)
	}
	p := d.rebuilding(1000)
	if err := p.Rebuild(kit.Context(t), "ticket_list", rebuild.Options{}); !errors.Is(err, rebuild.ErrDiffers) {
		t.Fatalf("got %v, want it refused", err)
	}
	if err := p.Rebuild(kit.Context(t), "ticket_list", rebuild.Options{Accept: true}); err != nil {
		t.Fatal(err)
	}
	d.checkTables(t)
	if err := p.Rollback(kit.Context(t), "ticket_list", rebuild.Options{}); err != nil {
		t.Fatal(err)
	}
	var damaged int
	if err := d.Pool.QueryRow(kit.Context(t), `SELECT count(*) FROM read.tickets WHERE title = 'damaged'`).Scan(&damaged); err != nil || damaged != 1 {
		t.Errorf("after the rollback %d rows are as they were, %v", damaged, err)
	}
}

func TestARollbackCatchesUp(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	c := newCrowd(d, 9)
	c.fill(t, 150)
	d.project(t, fresh)
	p := d.rebuilding(30)
	if err := p.Rollback(kit.Context(t), "comment_list", rebuild.Options{}); !errors.Is(err, rebuild.ErrNoPrevious) {
		t.Errorf("before any rebuild: %v", err)
	}
	for _, name := range p.Names() {
		if err := p.Rebuild(kit.Context(t), name, rebuild.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	c.fill(t, 300)
	for range 2 { // there and back again
		stop := c.meanwhile(t)
		for _, name := range p.Names() {
			if err := p.Rollback(kit.Context(t), name, rebuild.Options{}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		stop()
		d.project(t, fresh)
		d.checkTables(t)
	}
	if _, err := d.DB.OwnerPool(t).Exec(kit.Context(t), `ALTER TABLE read.comments ADD COLUMN more text`); err != nil {
		t.Fatal(err)
	}
	if err := p.Rollback(kit.Context(t), "comment_list", rebuild.Options{}); !errors.Is(err, rebuild.ErrOtherShape) {
		t.Errorf("to tables of another shape: %v", err)
	}
}

// erase erases eve in one append, as when whoever gave the command was killed.
func (d *models) erase(t testing.TB) domain.UserID {
	t.Helper()
	eve := everybody["eve"].ID
	streams, err := d.Store.StreamsOf(kit.Context(t), eve.UUID)
	if err != nil || len(streams) < 3 {
		t.Fatalf("streams with texts of hers: %v, %v", streams, err)
	}
	erase := user.Erase{By: user.By{Actor: domain.System()}, Streams: streams}
	if _, err := d.people.Erase(kit.Context(t), commands.Request{}, eve, erase, keyring.Destroy(eve.UUID)); err != nil {
		t.Fatal(err)
	}
	return eve
}

// checkErased fails the test when a text of hers is in the tables of a schema.
func checkErased(t testing.TB, d *models, schema string, eve domain.UserID) {
	t.Helper()
	for _, q := range []string{
		`SELECT count(*) FROM ` + schema + `.comments WHERE author_id = $1 AND text <> $2`,
		`SELECT count(*) FROM ` + schema + `.users WHERE id = $1 AND username <> $2`,
	} {
		var n int
		if err := d.DB.OwnerPool(t).QueryRow(kit.Context(t), q, eve.UUID, domain.Erased).Scan(&n); err != nil || n > 0 {
			t.Errorf("%d texts of hers, %v: %s", n, err, q)
		}
	}
}

func TestWhoIsErasedIsSoInTheTablesBesideToo(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	c := newCrowd(d, 9)
	c.fill(t, 150)
	d.project(t, fresh)
	p := d.rebuilding(20)
	for _, name := range p.Names() { // leaves tables in read_previous
		if err := p.Rebuild(kit.Context(t), name, rebuild.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	c.fill(t, 200)
	for _, name := range p.Names() { // leaves tables in read_staging, with nearly all in them
		ctx, cut := context.WithCancel(kit.Context(t))
		_ = p.Rebuild(ctx, name, rebuild.Options{Progress: func(position, target int64) {
			if position+20 >= target {
				cut()
			}
		}})
	}
	var hers int
	if err := d.DB.OwnerPool(t).QueryRow(kit.Context(t), `SELECT count(*) FROM read_staging.comments WHERE author_id = $1`, everybody["eve"].ID.UUID).Scan(&hers); err != nil || hers == 0 {
		t.Fatalf("%d comments of hers in the new tables, %v", hers, err)
	}
	eve := d.erase(t)
	d.project(t, fresh)
	for _, schema := range []string{follow.Serving, follow.Staging, follow.Previous} {
		checkErased(t, d, schema, eve)
	}
	c.fill(t, 230)
	for _, name := range p.Names() { // goes on, compares, swaps; and then goes back
		if err := p.Rebuild(kit.Context(t), name, rebuild.Options{}); err != nil {
			t.Error(err)
		}
	}
	d.project(t, fresh)
	d.checkTables(t)
	for _, name := range p.Names() {
		if err := p.Rollback(kit.Context(t), name, rebuild.Options{}); err != nil {
			t.Error(err)
		}
	}
	d.project(t, fresh)
	d.checkTables(t)
	checkErased(t, d, follow.Serving, eve)
}

func TestTablesBesideThatDoNotTakeAnErasureAreEmptied(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	newCrowd(d, 7).fill(t, 150)
	d.project(t, fresh)
	p := d.rebuilding(1000)
	if err := p.Rebuild(kit.Context(t), "comment_list", rebuild.Options{}); err != nil {
		t.Fatal(err)
	}
	owner := d.DB.OwnerPool(t)
	if _, err := owner.Exec(kit.Context(t), `ALTER TABLE read_previous.comments DROP COLUMN edited_at`); err != nil {
		t.Fatal(err)
	}
	d.erase(t)
	d.project(t, fresh)
	d.checkTables(t)
	var left int
	if err := owner.QueryRow(kit.Context(t), `SELECT count(*) FROM read_previous.comments`).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d rows are left, %v", left, err)
	}
	if err := p.Rollback(kit.Context(t), "comment_list", rebuild.Options{}); !errors.Is(err, rebuild.ErrNoPrevious) {
		t.Errorf("rolled back to them: %v", err)
	}
}

func TestASwapGivesWayToWhoReads(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	newCrowd(d, 10).fill(t, 60)
	d.project(t, fresh)
	analyst, err := d.Pool.BeginTx(kit.Context(t), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	defer analyst.Rollback(context.Background())
	count := func() (n int) {
		if err := analyst.QueryRow(kit.Context(t), `SELECT count(*) FROM read.users`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	older, err := d.Pool.BeginTx(kit.Context(t), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	defer older.Rollback(context.Background())
	if _, err := older.Exec(kit.Context(t), `SELECT FROM log_head`); err != nil { // a snapshot, and no lock on the tables
		t.Fatal(err)
	}
	users := count() // its snapshot is older than the new tables, and it holds a lock on the old ones
	p := d.rebuilding(1000)
	done := make(chan error, 1)
	go func() { done <- p.Rebuild(kit.Context(t), "user_list", rebuild.Options{}) }()
	waitPhase(t, d, p, "user_list", rebuild.Swapping)
	var slowest time.Duration
	for range 300 {
		began := time.Now()
		if _, err := d.User(kit.Context(t), everybody["ann"].ID); err != nil {
			t.Fatal(err)
		}
		slowest = max(slowest, time.Since(began))
	}
	if slowest > time.Second {
		t.Errorf("somebody who read waited for %v", slowest)
	}
	select {
	case err := <-done:
		t.Fatalf("swapped under an open transaction: %v", err)
	default:
	}
	if n := count(); n != users {
		t.Errorf("the transaction saw %d users, then %d", users, n)
	}
	if err := analyst.Commit(kit.Context(t)); err != nil {
		t.Fatal(err)
	}
	for range 300 { // the tables are free now, and to an older snapshot the new ones are empty
		if _, err := d.User(kit.Context(t), everybody["ann"].ID); err != nil {
			t.Fatal(err)
		}
	}
	var seen int
	if err := older.QueryRow(kit.Context(t), `SELECT count(*) FROM read.users`).Scan(&seen); err != nil || seen != users {
		t.Errorf("the older transaction saw %d users of %d, %v", seen, users, err)
	}
	if err := older.Commit(kit.Context(t)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	d.checkTables(t)
}

func TestOneProcessAtATimeRebuildsAndTheServiceGoesOn(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	newCrowd(d, 11).fill(t, 60)
	d.project(t, fresh)
	begun, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	ctx, cut := context.WithCancel(kit.Context(t))
	first := make(chan error, 1)
	go func() {
		first <- d.rebuilding(10).Rebuild(ctx, "comment_list", rebuild.Options{Progress: func(position, _ int64) {
			if position > 20 {
				once.Do(func() {
					close(begun)
					<-goOn
				})
			}
		}})
	}()
	<-begun
	second := d.rebuilding(10)
	if err := second.Rebuild(kit.Context(t), "comment_list", rebuild.Options{}); !errors.Is(err, rebuild.ErrUnderWay) {
		t.Errorf("a second one at once: %v", err)
	}
	if s, err := second.Status(kit.Context(t), "comment_list"); err != nil || s.State != rebuild.Rebuilding || !s.Rebuild.Active {
		t.Errorf("under way: %+v, %v", s, err)
	}
	if err := second.Request(kit.Context(t), "comment_list", false); err != nil { // the service is to go on with it
		t.Fatal(err)
	}
	cut()
	close(goOn)
	<-first
	running, stop := context.WithCancel(kit.Context(t))
	ended := make(chan error, 1)
	go func() { ended <- second.Run(running) }()
	waitPhase(t, d, second, "comment_list", rebuild.Done)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	d.checkTables(t)
	bare := comments.Follower()
	bare.Tables = nil
	if err := d.rebuilding(10, bare).Rebuild(kit.Context(t), "comment_list", rebuild.Options{}); !errors.Is(err, rebuild.ErrNoTables) {
		t.Errorf("of one that states no tables: %v", err)
	}
	if err := second.Request(kit.Context(t), "nothing", false); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("of what there is not: %v", err)
	}
}
