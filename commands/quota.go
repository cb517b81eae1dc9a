package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// Quota is how often a person may do something within an hour.
type Quota interface {
	// Take counts once what has an id, and returns how long to wait where it is beyond.
	Take(ctx context.Context, person, id uuid.UUID) (wait time.Duration, err error)
}

// Refusals of what a requester adds too often.
var (
	ErrTooManyTickets  = &domain.Error{Kind: domain.KindTooMany, Code: "too_many_tickets", Message: "you opened as many tickets within an hour as you may"}
	ErrTooManyComments = &domain.Error{Kind: domain.KindTooMany, Code: "too_many_comments", Message: "you added as many comments within an hour as you may"}
)

// Hourly returns the same commands, for requesters who open no more tickets and add no
// more comments than they may; nil: as many as they like. Staff, the service itself and
// imports are not bound.
func (t *Tickets) Hourly(opened, commented Quota) *Tickets {
	bound := *t
	bound.opened, bound.commented = opened, commented
	return &bound
}

// count counts a command of somebody's, and refuses one too many.
func count(ctx context.Context, q Quota, by domain.Actor, r Request, id uuid.UUID, refusal *domain.Error) error {
	if q == nil || by.Kind != domain.ActorUser || by.Role != domain.RoleUser {
		return nil
	}
	if r.ID != uuid.Nil {
		id = r.ID
	}
	wait, err := q.Take(ctx, by.ID.UUID, id)
	switch {
	case err != nil:
		return fmt.Errorf("count what a requester does: %w", err)
	case wait > 0:
		return refusal.After(wait)
	}
	return nil
}
