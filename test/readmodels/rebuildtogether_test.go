package readmodels

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections/reports"
	"helpdesk/rebuild"
	"helpdesk/test/kit"
)

// faultyMeasures is the projection with an event that it cannot apply, in the
// second half of the log.
func (d *models) faultyMeasures(t testing.TB) (faulty follow.Follower, bad int64) {
	t.Helper()
	faulty = reports.Follower()
	log := d.log(t)
	bad = log[slices.IndexFunc(log, func(e eventstore.Envelope) bool {
		return e.Position > int64(len(log)/2) && slices.Contains(faulty.Types, e.Type)
	})].Position
	apply := faulty.Apply
	faulty.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		for _, e := range events {
			if e.Position == bad {
				return errors.New("no good")
			}
		}
		return apply(ctx, tx, events)
	}
	return faulty, bad
}

func TestProjectionsAreRebuiltTogether(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	c := newCrowd(d, 11)
	c.fill(t, 900) // some pages more than what is left for the end
	d.project(t, fresh)
	faulty, bad := d.faultyMeasures(t)
	followers := projected()
	followers[slices.IndexFunc(followers, func(f follow.Follower) bool { return f.Name == faulty.Name })] = faulty
	p := d.rebuilding(40, followers...)
	ctx, cut := context.WithCancel(kit.Context(t))
	err := p.Rebuild(ctx, "ticket_list", rebuild.Options{Progress: func(position, _ int64) {
		if position > 60 { // in the middle of what will be a page of the others
			cut()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want it cut off", err)
	}
	var mu sync.Mutex
	served := map[string]bool{}
	var orders []rebuild.Order
	for _, name := range p.Names() {
		orders = append(orders, rebuild.Order{Name: name, Kind: rebuild.FromLog, Options: rebuild.Options{Served: func(int64) {
			mu.Lock()
			defer mu.Unlock()
			served[name] = true
		}}})
	}
	orders = append(orders, rebuild.Order{Name: "nothing", Kind: rebuild.FromLog}, orders[0])
	for i, err := range p.Do(kit.Context(t), 2, orders...) {
		var poison *rebuild.PoisonError
		switch name := orders[i].Name; {
		case i == len(orders)-1:
			if !errors.Is(err, rebuild.ErrUnderWay) {
				t.Errorf("%s a second time: %v", name, err)
			}
		case name == "nothing":
			if !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		case name == faulty.Name:
			if !errors.As(err, &poison) || poison.Position != bad || served[name] {
				t.Errorf("%s: got %v, want position %d named", name, err, bad)
			}
		case err != nil || !served[name]:
			t.Errorf("%s: %v", name, err)
		}
	}
	d.checkTables(t)
}
