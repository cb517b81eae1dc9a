package saga

import (
	"slices"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// moot returns why an email is not to be sent any more; "" where it still holds.
func (d draft) moot() email.Reason {
	switch {
	case d.to.Erased:
		return email.RecipientErased
	case !d.to.Active:
		return email.RecipientInactive
	case d.to.Bounces:
		return email.AddressBounces
	case d.email.Kind == email.Digest: // what it tells of is looked at one by one
		return ""
	case !d.ticket.Exists:
		return email.TicketDeleted
	}
	wants := d.to.Notifications
	switch waited := d.state.Exists; d.email.Kind { // news that is told at once may be overtaken
	case email.Escalated: // admins are told whatever they want
		admin, requester := d.to.Role == domain.RoleAdmin, d.email.Recipient == d.ticket.CreatedBy
		switch {
		case !admin && !requester:
			return email.RoleChanged
		case !admin && !wants.Escalated:
			return email.NotificationsOff
		case waited && !d.ticket.Status.Active():
			return email.StatusChanged
		}
	case email.Assigned:
		switch {
		case !d.to.Role.Staff():
			return email.RoleChanged
		case !wants.Assigned:
			return email.NotificationsOff
		case since[ticket.Assigned](d) || since[ticket.Unassigned](d):
			return email.AssigneeChanged
		}
	case email.Commented:
		added, _ := d.cause.Event.(ticket.CommentAdded)
		if !wants.Commented {
			return email.NotificationsOff
		}
		return d.unsaid(added.CommentID)
	case email.Replied, email.Reopened:
		added, replied := d.cause.Event.(ticket.CommentAdded)
		switch {
		case !d.to.Role.Staff():
			return email.RoleChanged
		case !wants.Commented:
			return email.NotificationsOff
		case replied && d.unsaid(added.CommentID) != "":
			return d.unsaid(added.CommentID)
		case waited && !d.ticket.AssignedTo.IsZero() && d.ticket.AssignedTo != d.email.Recipient:
			return email.AssigneeChanged
		}
	case email.TakenBack:
		if d.to.Role != domain.RoleAdmin {
			return email.RoleChanged
		}
	case email.Acknowledged:
		switch {
		case d.to.Role != domain.RoleUser:
			return email.RoleChanged
		case waited && !d.ticket.Status.Active():
			return email.StatusChanged
		}
	case email.Resolved:
		switch {
		case !wants.Resolved:
			return email.NotificationsOff
		case waited && since[ticket.Reopened](d):
			return email.StatusChanged
		}
	}
	return ""
}

// unsaid returns why nothing is left of a comment to be told, "" where something is.
func (d draft) unsaid(id ticket.CommentID) email.Reason {
	switch c, there := d.ticket.Comments[id]; {
	case !there:
		return email.CommentRemoved
	case c.Text == domain.Redacted:
		return email.CommentRedacted
	}
	return ""
}

// since reports whether there was an event E of the ticket since the one that an email
// tells of.
func since[E any](d draft) bool {
	return slices.ContainsFunc(d.since, func(e eventstore.Envelope) bool { _, is := e.Event.(E); return is })
}
