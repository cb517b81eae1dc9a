package tickets

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
)

// numbers remembers which tickets have some of the numbers that were looked up. A
// number is one ticket's for ever, so that nothing of it becomes stale: who is to
// see the ticket, and whether it is still there, whoever reads the ticket finds out.
type numbers [4096]atomic.Pointer[numbered]

type numbered struct {
	number int64
	id     uuid.UUID
}

func (n *numbers) slot(number int64) *atomic.Pointer[numbered] {
	return &n[uint64(number)%uint64(len(n))]
}

// TicketID returns the id of the ticket a reference names, whoever may see it, of a
// deleted one too. An id is returned as it is; a number that no ticket ever had is
// [domain.ErrNotFound].
func (r *Reader) TicketID(ctx context.Context, ref ticket.Ref) (ticket.ID, error) {
	if ref.ID.UUID != uuid.Nil {
		return ref.ID, nil
	}
	slot := r.numbers.slot(ref.Number)
	if known := slot.Load(); known != nil && known.number == ref.Number {
		return ticket.ID{UUID: known.id}, nil
	}
	id, err := r.ticketID(ctx, numberNowSQL, ref.Number) // however old the table is
	if errors.Is(err, domain.ErrNotFound) {
		id, err = r.ticketID(ctx, projections.TicketOfNumber, ref.Number)
	}
	if err == nil {
		slot.Store(&numbered{number: ref.Number, id: id.UUID})
	}
	return id, err
}

const numberNowSQL = `SELECT id FROM read.tickets WHERE number = $1`

func (r *Reader) ticketID(ctx context.Context, sql string, number int64) (ticket.ID, error) {
	row, err := projections.OfLog[struct{ ID uuid.UUID }](ctx, r.pool, "ticket number", sql, number)
	return ticket.ID{UUID: row.ID}, err
}
