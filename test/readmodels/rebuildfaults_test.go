package readmodels

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections/reports"
	"helpdesk/rebuild"
	"helpdesk/test/kit"
)

func TestAnEventThatCannotBeAppliedStopsARebuildAlone(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	c := newCrowd(d, 6)
	c.fill(t, 120)
	d.project(t, fresh)
	faulty, bad := d.faultyMeasures(t)
	err := d.rebuilding(64, faulty).Rebuild(kit.Context(t), "ticket_facts", rebuild.Options{})
	var poison *rebuild.PoisonError
	if !errors.As(err, &poison) || poison.Position != bad {
		t.Fatalf("got %v, want position %d named", err, bad)
	}
	s, err := d.rebuilding(64).Status(kit.Context(t), "ticket_facts")
	if err != nil || s.State != rebuild.Following || s.Rebuild.Phase != rebuild.Failed || s.Rebuild.Position != bad-1 || *s.Rebuild.ErrorPosition != bad {
		t.Errorf("%+v, rebuild %+v, %v", s, s.Rebuild, err)
	}
	d.checkTables(t)
	if err := d.rebuilding(64).Rebuild(kit.Context(t), "ticket_facts", rebuild.Options{}); err != nil { // mended
		t.Error(err)
	}
	d.checkTables(t)
}

func TestAnotherVersionOfAProjectorIsToldAndServedUntilItIsRebuilt(t *testing.T) {
	t.Parallel()
	d := newModels(t)
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
	if s, err := p.Status(kit.Context(t), "ticket_facts"); err != nil || !s.Outdated() || s.Version != 1 || s.CodeVersion != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := p.Rebuild(kit.Context(t), "ticket_facts", rebuild.Options{}); err != nil {
		t.Fatal(err)
	}
	var upper bool
	if err := d.Pool.QueryRow(kit.Context(t), `SELECT bool_and(fact = upper(fact)) FROM read.ticket_facts`).Scan(&upper); err != nil || !upper {
		t.Errorf("the tables are not the new version's: %v", err)
	}
	if s, err := p.Status(kit.Context(t), "ticket_facts"); err != nil || s.Outdated() {
		t.Errorf("%+v, %v", s, err)
	}
	if err := p.Rollback(kit.Context(t), "ticket_facts", rebuild.Options{}); err != nil {
		t.Fatal(err)
	}
	if s, err := p.Status(kit.Context(t), "ticket_facts"); err != nil || !s.Outdated() {
		t.Errorf("rolled back: %+v, %v", s, err)
	}
	d.checkTables(t)
}

func TestAPausedProjectionIsRebuiltAndStaysPaused(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	c := newCrowd(d, 13)
	c.fill(t, 60)
	d.project(t, fresh)
	p := d.rebuilding(1000)
	if err := p.Pause(kit.Context(t), "ticket_list"); err != nil {
		t.Fatal(err)
	}
	var before int
	if err := d.Pool.QueryRow(kit.Context(t), `SELECT count(*) FROM read.tickets`).Scan(&before); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		d.append(t, kit.NewID(), 0, time.Time{}, ticket.Opened{Number: int64(1000 + time.Now().Nanosecond()), Title: "x", Priority: ticket.Low})
	}
	d.project(t, fresh) // does not wait for it
	if err := p.Rebuild(kit.Context(t), "ticket_list", rebuild.Options{}); err != nil {
		t.Fatal(err)
	}
	var after int
	if err := d.Pool.QueryRow(kit.Context(t), `SELECT count(*) FROM read.tickets`).Scan(&after); err != nil || before != after {
		t.Errorf("%d tickets became %d, %v", before, after, err)
	}
	if s, err := p.Status(kit.Context(t), "ticket_list"); err != nil || s.State != rebuild.Paused || s.PausedAt == nil {
		t.Errorf("%+v, %v", s, err)
	}
	if err := p.Resume(kit.Context(t), "ticket_list"); err != nil {
		t.Fatal(err)
	}
	d.project(t, fresh)
	d.checkTables(t)
}
