package saga

import (
	"slices"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// SendEmail is the command to send an email, which it queues first where the
// email is new. For one that is sent again only Email is set.
type SendEmail struct {
	Email        uuid.UUID     `json:"email"`
	Kind         email.Kind    `json:"kind,omitempty"`
	TicketID     uuid.UUID     `json:"ticket_id"`
	CauseVersion int           `json:"cause_version,omitempty"` // of the ticket: the event to tell of
	Recipient    domain.UserID `json:"recipient"`
	Actor        domain.UserID `json:"actor,omitzero"` // who caused that event
}

// Name implements [Command].
func (SendEmail) Name() string { return "SendEmail" }

// Person is what the emails' process manager remembers of somebody.
type Person struct {
	Role   domain.Role
	Active bool
	Wants  user.Notifications
}

// Directory is what the emails' process manager remembers: of a page's people
// and tickets, all that its emails need.
type Directory struct {
	People     map[domain.UserID]Person
	Requesters map[ticket.ID]domain.UserID
}

// fold takes in an event. It changes the directory it is called on.
func (d Directory) fold(e eventstore.Envelope) {
	id := domain.UserID{UUID: e.StreamID}
	p := d.People[id]
	switch f := e.Event.(type) {
	case ticket.Opened:
		d.Requesters[ticket.ID{UUID: e.StreamID}] = f.CreatedBy
		return
	case ticket.Deleted:
		delete(d.Requesters, ticket.ID{UUID: e.StreamID})
		return
	case user.Registered:
		p = Person{Role: f.Role, Active: true, Wants: user.AllNotifications()}
	case user.RoleChanged:
		p.Role = f.Role
	case user.Deactivated, user.Erased:
		p.Active = false
	case user.Reactivated:
		p.Active = true
	case user.NotificationsChanged:
		p.Wants = f.Notifications
	default:
		return
	}
	d.People[id] = p
}

// React returns the emails that tell of an event, given what was remembered
// before it and with it. What was imported is history, and nobody is told of it.
func (d Directory) React(e eventstore.Envelope) []Effect {
	if e.ActorKind == domain.ActorImport {
		return nil
	}
	if _, ok := e.Event.(email.Requeued); ok {
		return []Effect{Issue{ID: uuid.NewSHA1(e.EventID, nil), Command: SendEmail{Email: e.StreamID}}}
	}
	kind, recipients := d.recipients(e)
	var emails []Effect
	for _, to := range recipients {
		id := uuid.NewSHA1(e.EventID, to.UUID[:])
		emails = append(emails, Issue{ID: id, Command: SendEmail{
			Email: id, Kind: kind, TicketID: e.StreamID, CauseVersion: e.Version, Recipient: to, Actor: domain.UserID{UUID: e.ActorID.UUID},
		}})
	}
	return emails
}

// recipients returns who is to be told of an event. Nobody is told of what they
// did themselves, but for an escalation.
func (d Directory) recipients(e eventstore.Envelope) (email.Kind, []domain.UserID) {
	requester := d.Requesters[ticket.ID{UUID: e.StreamID}]
	actor := domain.UserID{UUID: e.ActorID.UUID}
	switch f := e.Event.(type) {
	case ticket.Escalated:
		to := d.admins()
		if !slices.Contains(to, requester) && d.wants(requester, func(n user.Notifications) bool { return n.Escalated }) {
			to = append([]domain.UserID{requester}, to...)
		}
		return email.Escalated, to
	case ticket.Assigned:
		if f.AssignedTo != actor && d.wants(f.AssignedTo, func(n user.Notifications) bool { return n.Assigned }) {
			return email.Assigned, []domain.UserID{f.AssignedTo}
		}
	case ticket.CommentAdded:
		if !f.Internal && f.Author != requester && d.wants(requester, func(n user.Notifications) bool { return n.Commented }) {
			return email.Commented, []domain.UserID{requester}
		}
	case ticket.Resolved:
		if requester != actor && d.wants(requester, func(n user.Notifications) bool { return n.Resolved }) {
			return email.Resolved, []domain.UserID{requester}
		}
	}
	return "", nil
}

func (d Directory) wants(id domain.UserID, kind func(user.Notifications) bool) bool {
	p, ok := d.People[id]
	return ok && p.Active && kind(p.Wants)
}

// admins returns the active admins, in an order of their own.
func (d Directory) admins() []domain.UserID {
	var ids []domain.UserID
	for id, p := range d.People {
		if p.Active && p.Role == domain.RoleAdmin {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b domain.UserID) int { return slices.Compare(a.UUID[:], b.UUID[:]) })
	return ids
}
