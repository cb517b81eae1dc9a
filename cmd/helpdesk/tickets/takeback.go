package tickets

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
	"helpdesk/projections/tickets"
	"helpdesk/saga"
)

func manager(context.Context, *pgxpool.Pool) (follow.Follower, error) {
	return saga.TakeBack(nil, nil), nil
}

func work(_ context.Context, w *program.Worker) (program.Work, error) {
	held := holdings{log: w.Store, freshness: w.Freshness, tickets: tickets.NewReader(w.Issuing)}
	return program.Work{
		Follower: saga.TakeBack(w.Issued, w.TimersSet),
		Handlers: []saga.Handler{saga.TakeBacks(commands.NewTickets(w.Store, w.Store), w.Store, held)},
	}, nil
}

// holdings reads whose tickets are whose as the log has it.
type holdings struct {
	log       *eventstore.Store
	freshness *follow.Freshness
	tickets   *tickets.Reader
}

// ActiveOf implements [saga.Holdings].
func (h holdings) ActiveOf(ctx context.Context, assignee domain.UserID) ([]ticket.ID, error) {
	head, err := h.log.Head(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.freshness.Wait(ctx, head, projections.TicketList); err != nil {
		return nil, err
	}
	return h.tickets.ActiveOf(ctx, assignee)
}
