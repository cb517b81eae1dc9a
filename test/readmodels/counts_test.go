package readmodels

import (
	"errors"
	"testing"
	"time"

	"helpdesk/projections"
	"helpdesk/projections/tickets"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestCountingEndsWhenItsTimeIsUp(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	tx, err := db.OwnerPool(t).Begin(kit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(kit.Context(t)) // what is held is let go
	if _, err := tx.Exec(kit.Context(t), `LOCK TABLE read.tickets IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	r := tickets.NewReader(db.Pool(t))
	if counts, err := r.CountTickets(kit.Context(t), everybody["rob"], []projections.TicketFilter{{}}, 10, 50*time.Millisecond); !errors.Is(err, tickets.ErrUncounted) {
		t.Errorf("got %v, %v, want %v", counts, err, tickets.ErrUncounted)
	}
}
