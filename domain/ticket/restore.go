package ticket

import "helpdesk/domain"

// RestoreTicket undoes the deletion of a ticket.
type RestoreTicket struct{ By }

// Restored takes a deleted ticket back into every read, as it was when it was deleted
// but for texts that were erased or redacted since.
type Restored struct{}

// EventType returns the stored name of the event.
func (Restored) EventType() string { return "ticket.restored" }

// Restores marks that what followers dropped of the stream is there again; see
// [helpdesk/eventstore/follow.Follower].
func (Restored) Restores() {}

// ErrNotDeleted refuses to restore a ticket that is there.
var ErrNotDeleted = &domain.Error{Kind: domain.KindRejected, Code: "not_deleted", Message: "the ticket is not deleted"}

// restore decides on tickets that were deleted, which nobody else sees.
func restore(s State, c RestoreTicket) ([]domain.Event, error) {
	switch {
	case !s.VisibleTo(c.Actor) && !(s.Deleted && c.Actor.Admin()):
		return nil, domain.ErrNotFound
	case !c.Actor.Admin():
		return nil, domain.ErrForbidden
	case !s.Deleted:
		return nil, ErrNotDeleted
	}
	return []domain.Event{Restored{}}, nil
}
