package ticket

import "helpdesk/domain"

// VisibleTo reports whether the actor sees the ticket (API.md, first row of
// the table of permissions). A ticket that was never opened, or was deleted,
// is visible to nobody.
func (s State) VisibleTo(a domain.Actor) bool {
	switch {
	case !s.Exists:
		return false
	case a.SeesAll():
		return true
	case a.Role == domain.RoleUser:
		return s.CreatedBy == a.ID
	case a.Role == domain.RoleAgent:
		mine := s.AssignedTo == a.ID || s.CreatedBy == a.ID || s.OpenedBy == a.ID
		return mine || (a.Visibility == domain.VisibleQueue && s.AssignedTo.IsZero())
	}
	return false
}

// SeenBy are the names of the events that decide who sees a ticket: the newest of each
// make the state that [State.VisibleTo] looks at.
func SeenBy() []string {
	return []string{Opened{}.EventType(), Assigned{}.EventType(), Unassigned{}.EventType(), Deleted{}.EventType(), Restored{}.EventType()}
}

// SeesInternal reports whether internal notes are shown to the actor.
func SeesInternal(a domain.Actor) bool {
	return a.Admin() || a.Role == domain.RoleAgent || a.Role == domain.RoleAuditor
}

// AboutNote reports whether an event says that it is about an internal note. Those who
// see none count a ticket's versions without it.
func AboutNote(e domain.Event) bool {
	switch e := e.(type) {
	case CommentAdded:
		return e.Internal
	case CommentEdited:
		return e.Internal
	case CommentRemoved:
		return e.Internal
	case TextRedacted:
		return e.Internal
	case AttachmentAdded:
		return e.Internal
	case AttachmentRemoved:
		return e.Internal
	}
	return false
}

// works reports whether the actor is one who works on tickets: start, resolve,
// escalate, write internal notes.
func works(a domain.Actor) bool { return a.Admin() || a.Role == domain.RoleAgent }

// writes reports whether the actor may change tickets at all.
func writes(a domain.Actor) bool { return works(a) || a.Role == domain.RoleUser }

// mayEdit checks "edit title, description, priority".
func (s State) mayEdit(a domain.Actor) error {
	if !writes(a) {
		return domain.ErrForbidden
	}
	if !works(a) && (s.Status == StatusResolved || s.Status == StatusClosed) {
		return domain.ErrTooLate.With("you can edit your ticket until it is resolved or closed")
	}
	return nil
}

// mayChangeStatus checks "start work, resolve, escalate" and "close, reopen".
func mayChangeStatus(a domain.Actor, to Status) error {
	if works(a) || (writes(a) && (to == StatusClosed || to == StatusOpen)) {
		return nil
	}
	return domain.ErrForbidden
}

// mayAssign checks "assign, unassign": an agent only takes a ticket or gives
// their own back.
func (s State) mayAssign(a domain.Actor, to domain.UserID) error {
	if a.Admin() {
		return nil
	}
	taking := to == a.ID
	givingBack := to.IsZero() && (s.AssignedTo == a.ID || s.AssignedTo.IsZero())
	switch {
	case a.Role != domain.RoleAgent:
		return domain.ErrForbidden
	case taking, givingBack:
		return nil
	case to.IsZero():
		return domain.ErrForbidden.With("agents unassign tickets that are theirs: an admin unassigns others")
	}
	return domain.ErrForbidden.With("agents assign tickets to themselves, by their own username or id: an admin assigns them to others")
}

// mayDelete checks "delete".
func (s State) mayDelete(a domain.Actor) error {
	if a.Admin() {
		return nil
	}
	if a.Role != domain.RoleUser {
		return domain.ErrForbidden
	}
	if s.Status != StatusOpen || !s.AssignedTo.IsZero() || s.hasCommentsOfOthers(a.ID) {
		return domain.ErrTooLate.With("you can delete your ticket while it is open, unassigned and without comments of others")
	}
	return nil
}

func (s State) hasCommentsOfOthers(id domain.UserID) bool {
	for _, c := range s.Comments {
		if c.Author != id {
			return true
		}
	}
	return false
}

// mayComment checks "public comment" and "internal note".
func mayComment(a domain.Actor, internal bool) error {
	if works(a) || (writes(a) && !internal) {
		return nil
	}
	return domain.ErrForbidden
}
