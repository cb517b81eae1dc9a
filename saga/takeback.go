package saga

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// TakeBackName is the name of the follower of the taking back.
const TakeBackName = "take_back"

// TakeBackTickets is the command to take tickets from an assignee who does not work
// on tickets any more: from Person all that are active, or of whoever has it Ticket.
type TakeBackTickets struct {
	Person domain.UserID `json:"person,omitzero"`
	Ticket ticket.ID     `json:"ticket,omitzero"`
}

// Name implements [Command].
func (TakeBackTickets) Name() string { return "TakeBackTickets" }

// lastLook is how long after somebody left it is looked once more: for what was
// assigned to them by who did not know yet.
const lastLook = time.Minute

// left reports whether somebody does not work on tickets any more from e on.
func left(e domain.Event) bool {
	switch e := e.(type) {
	case user.Deactivated, user.Erased:
		return true
	case user.RoleChanged:
		return !e.Role.Staff()
	}
	return false
}

// takenBack returns what comes of an event: of somebody who left, their tickets; of
// a ticket that is reopened or restored, that one where its assignee left before.
func takenBack(e eventstore.Envelope) []Effect {
	switch e.Event.(type) {
	case ticket.Reopened, ticket.Restored:
		return []Effect{Issue{ID: uuid.NewSHA1(e.EventID, nil), Command: TakeBackTickets{Ticket: ticket.ID{UUID: e.StreamID}}}}
	}
	if !left(e.Event) {
		return nil
	}
	c := TakeBackTickets{Person: domain.UserID{UUID: e.StreamID}}
	return []Effect{
		Issue{ID: uuid.NewSHA1(e.EventID, nil), Command: c},
		SetTimer{Key: e.StreamID, DueAt: e.RecordedAt.Add(lastLook), Command: c},
	}
}

// TakeBack returns the process manager that takes tickets from people who are
// deactivated, demoted or erased. It remembers nothing. issued and set, if not nil,
// are woken when it may have issued commands and set timers.
func TakeBack(issued, set *Notifier) follow.Follower {
	return follow.Follower{
		Name:  TakeBackName,
		Types: eventstore.Types(user.RoleChanged{}, user.Deactivated{}, user.Erased{}, ticket.Reopened{}, ticket.Restored{}),
		Apply: func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
			x := newEffects(TakeBackName)
			for _, e := range events {
				if err := x.add(causeOf(e), takenBack(e)); err != nil {
					return err
				}
			}
			return x.write(ctx, tx)
		},
		Committed: func() {
			if issued != nil {
				issued.NotifyOf([]string{TakeBackTickets{}.Name()})
			}
			if set != nil {
				set.Notify()
			}
		},
	}
}

// Holdings finds the tickets that somebody is the assignee of and that are active, as
// new as the log is.
type Holdings interface {
	ActiveOf(ctx context.Context, assignee domain.UserID) ([]ticket.ID, error)
}

// TakeBacks returns the handler of [TakeBackTickets]. Each ticket has the event by
// which its assignee left as the cause. Nothing is taken from who is back meanwhile.
func TakeBacks(tickets Tickets, history History, holdings Holdings) Handler {
	return Handle(takeBacksAtOnce, func(ctx context.Context, r commands.Request, c TakeBackTickets) error {
		person, of := c.Person, []ticket.ID{c.Ticket}
		if person.IsZero() {
			events, err := history.Outline(ctx, c.Ticket.UUID)
			if err != nil {
				return err
			}
			if person = ticketOf(events).AssignedTo; person.IsZero() {
				return nil
			}
		}
		events, err := loadWhole(ctx, history, person.UUID)
		if err != nil {
			return err
		}
		if personOf(events).Account(person).ActiveStaff() {
			return nil
		}
		if c.Ticket == (ticket.ID{}) {
			if of, err = holdings.ActiveOf(ctx, person); err != nil {
				return &postponed{wait: firstRetry, why: err}
			}
		}
		r.CausationID = leaving(events)
		for _, id := range of {
			each := r
			each.ID = uuid.NewSHA1(r.ID, id.UUID[:])
			_, err := tickets.Do(ctx, each, id, ticket.TakeBack{By: ticket.By{Actor: domain.System()}, From: person})
			if err != nil && !errors.Is(err, commands.ErrRepeated) && !errors.Is(err, domain.ErrNotFound) {
				return err
			}
		}
		return nil
	})
}

// leaving returns the id of the event by which somebody left.
func leaving(events []eventstore.Envelope) (id uuid.UUID) {
	for _, e := range events {
		if left(e.Event) {
			id = e.EventID
		}
	}
	return id
}

func ticketOf(events []eventstore.Envelope) ticket.State {
	return ticket.Fold(eventstore.Said(events))
}
