package history

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// leaving is the event by which an assignee left: it is of their own stream.
type leaving struct {
	position int64
	why      string // in words, after their name
}

// leavings returns, by the ids of these events, why tickets were taken from who left.
func (r *Reader) leavings(ctx context.Context, events []eventstore.Envelope) (map[uuid.UUID]leaving, error) {
	var assignee domain.UserID
	var people []uuid.UUID
	causes := map[uuid.UUID]leaving{}
	for _, e := range events {
		switch d := e.Event.(type) {
		case ticket.Assigned:
			assignee = d.AssignedTo
		case ticket.Unassigned:
			if e.ActorKind == domain.ActorSystem && e.CausationID.Valid {
				causes[e.CausationID.UUID] = leaving{}
				people = append(people, assignee.UUID)
			}
		}
	}
	if len(people) == 0 {
		return causes, nil
	}
	theirs, err := r.log.LoadAll(ctx, people)
	if err != nil {
		return nil, err
	}
	for _, e := range theirs {
		if _, wanted := causes[e.EventID]; wanted {
			causes[e.EventID] = leaving{position: e.Position, why: left(e.Event)}
		}
	}
	return causes, nil
}

// left returns how somebody left, after their name.
func left(e domain.Event) string {
	switch d := e.(type) {
	case user.Deactivated:
		return "was deactivated"
	case user.Erased:
		return "was erased"
	case user.RoleChanged:
		return "has the role " + string(d.Role) + " now"
	}
	return "left"
}
