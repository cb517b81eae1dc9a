package ticket

import (
	"slices"
	"time"

	"helpdesk/domain"
)

// Options is what somebody may do with a ticket as it stands: [Decide] refuses
// them none of it. It is for showing, before anything is asked; Decide alone
// says what happens.
type Options struct {
	Edit     bool // title, description, priority
	Comment  bool
	Reply    bool // comment on the closed ticket that is theirs, which reopens it
	Note     bool // add an internal note
	Take     bool // assign to themselves
	GiveBack bool // from themselves to nobody
	Assign   bool // to anybody, and to nobody
	Delete   bool
	Statuses []Status // it may go to
}

// Options returns what the actor may do with the ticket: nothing with one they
// can't see. Who can be assigned must be active staff besides, which a ticket
// does not know.
func (s State) Options(a domain.Actor) Options {
	if !s.VisibleTo(a) {
		return Options{}
	}
	replies := s.Status == StatusClosed && s.CreatedBy == a.ID
	o := Options{
		Edit:     s.mayEdit(a) == nil,
		Comment:  mayComment(a, false) == nil && !replies,
		Reply:    mayComment(a, false) == nil && replies,
		Note:     mayComment(a, true) == nil,
		Take:     a.Role.Staff() && s.AssignedTo != a.ID && s.mayAssign(a, a.ID) == nil,
		GiveBack: !s.AssignedTo.IsZero() && s.AssignedTo == a.ID && s.mayAssign(a, domain.UserID{}) == nil,
		Assign:   a.Admin(),
		Delete:   s.mayDelete(a) == nil,
	}
	for _, to := range transitions[s.Status] {
		if mayChangeStatus(a, to) == nil {
			o.Statuses = append(o.Statuses, to)
		}
	}
	return o
}

// May reports whether a status is among those the ticket may go to.
func (o Options) May(to Status) bool { return slices.Contains(o.Statuses, to) }

// MayChangeComment reports whether the actor may edit or remove the comment now.
func (s State) MayChangeComment(a domain.Actor, id CommentID, now time.Time) bool {
	_, err := s.changeable(a, id, now)
	return err == nil && s.VisibleTo(a)
}

// MayOpen reports whether the actor may open tickets, and whether for others.
func MayOpen(a domain.Actor) (own, forOthers bool) { return writes(a), works(a) }

// Statuses lists every status, in the order of a ticket's life.
func Statuses() []Status {
	return []Status{StatusOpen, StatusInProgress, StatusEscalated, StatusResolved, StatusClosed}
}
