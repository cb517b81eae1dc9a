package readmodels

import (
	"context"
	"slices"
	"testing"
	"time"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/test/kit"
)

// late is projections that follow the log once a read has waited for the intervals
// of tickets.
type late struct {
	t *testing.T
	*models
}

func (l late) Await(ctx context.Context, minimum int64, names ...string) (projections.Served, error) {
	if !slices.Contains(names, projections.TicketHistory) {
		return projections.Served{}, nil
	}
	return l.follow(l.t, 100).Await(ctx, minimum, names...)
}

func TestATicketThatWasJustOpenedHasAPastByItsNumber(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.append(t, kit.NewID(), 0, time.Time{}, ticket.Opened{Number: 1, Title: "t", Description: "d", Priority: ticket.Low})
	ctx, _ := projections.Arrive(kit.Context(t), late{t, d})
	got, err := d.past().Ticket(ctx, everybody["rob"], ticket.Ref{Number: 1}, history.Moment{Version: 1})
	if err != nil || got.Title != "t" {
		t.Errorf("got %+v, %v", got.Ticket, err)
	}
}
