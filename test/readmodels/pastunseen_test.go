package readmodels

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/test/kit"
)

// unread is a log of which no stream is read whole.
type unread struct {
	*eventstore.Store
	t *testing.T
}

func (u unread) Load(_ context.Context, id uuid.UUID) ([]eventstore.Envelope, error) {
	u.t.Errorf("all of %s was read", id)
	return nil, nil
}

// Whoever does not see a ticket has nothing of its past read, however long it is.
func TestThePastOfAnUnseenTicketIsNotRead(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 50)
	id := kit.NewID()
	d.append(t, id, 0, time.Time{}, ticket.Opened{
		Number: 1, Title: "x", Description: "y", Priority: ticket.Low, CreatedBy: everybody["ann"].ID, OpenedBy: everybody["ann"].ID,
	})
	d.project(t, fresh)
	reader := history.NewReader(unread{d.Store, t}, d.Pool)
	if _, err := reader.Ticket(kit.Context(t), everybody["bob"], ticket.ID{UUID: id}, projections.Page{Size: 25}); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("got %v, want %v", err, domain.ErrNotFound)
	}
	if _, err := history.NewReader(d.Store, d.Pool).Ticket(kit.Context(t), everybody["ann"], ticket.ID{UUID: id}, projections.Page{Size: 25}); err != nil {
		t.Errorf("ann, whose ticket it is: %v", err)
	}
}
