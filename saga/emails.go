package saga

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/message"
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
	Actor        domain.UserID `json:"actor,omitzero"`   // who caused that event
	Message      uuid.UUID     `json:"message,omitzero"` // that came in, and which it acknowledges
}

// Name implements [Command].
func (SendEmail) Name() string { return "SendEmail" }

// SuppressAddress is the command to send no more emails to the address to which one came
// back for good.
type SuppressAddress struct {
	Email uuid.UUID `json:"email"`
}

// Name implements [Command].
func (SuppressAddress) Name() string { return "SuppressAddress" }

// Person is what the emails' process manager remembers of somebody.
type Person struct {
	Role   domain.Role
	Active bool
	Wants  user.Notifications

	Acknowledged  time.Time // when they were last sent that their message came; zero: never
	acknowledging uuid.UUID // the event that this is of
}

// Directory is what the emails' process manager remembers: of a page's people
// and tickets, all that its emails need.
type Directory struct {
	People  map[domain.UserID]Person
	Tickets map[ticket.ID]Concerned
}

// Concerned are the people of a ticket, zero where it is nobody.
type Concerned struct {
	Requester, Assignee domain.UserID
	Answered            bool // somebody else commented, or it was resolved, ever
	Deleted             bool // it is forgotten once the page is
}

// fold takes in an event. It changes the directory it is called on.
func (d Directory) fold(e eventstore.Envelope) {
	id, of := domain.UserID{UUID: e.StreamID}, ticket.ID{UUID: e.StreamID}
	p := d.People[id]
	switch f := e.Event.(type) {
	case ticket.Opened:
		d.Tickets[of] = Concerned{Requester: f.CreatedBy}
		return
	case ticket.Assigned:
		t := d.Tickets[of]
		t.Assignee = f.AssignedTo
		d.Tickets[of] = t
		return
	case ticket.Unassigned:
		t := d.Tickets[of]
		t.Assignee = domain.UserID{}
		d.Tickets[of] = t
		return
	case ticket.CommentAdded, ticket.Resolved:
		t := d.Tickets[of]
		c, said := f.(ticket.CommentAdded)
		t.Answered = t.Answered || !said || (!c.Internal && c.Author != t.Requester)
		d.Tickets[of] = t
		return
	case ticket.Deleted:
		t := d.Tickets[of]
		t.Deleted = true
		d.Tickets[of] = t
		return
	case ticket.Restored: // all of the ticket's events are here with it
		t := d.Tickets[of]
		t.Deleted = false
		d.Tickets[of] = t
		return
	case message.Judged:
		d.acknowledge(e, f)
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
// before it and with it. What was imported is history, and nobody is told of it, nor
// once more of what happened before a ticket was restored.
func (d Directory) React(e eventstore.Envelope) []Effect {
	if e.ActorKind == domain.ActorImport || e.Again {
		return nil
	}
	if _, ok := e.Event.(email.Requeued); ok {
		return []Effect{Issue{ID: uuid.NewSHA1(e.EventID, nil), Command: SendEmail{Email: e.StreamID}}}
	}
	if f, ok := e.Event.(email.Bounced); ok && f.Permanent() {
		return []Effect{Issue{ID: uuid.NewSHA1(e.EventID, nil), Command: SuppressAddress{Email: e.StreamID}}}
	}
	if f, ok := e.Event.(message.Judged); ok {
		return d.acknowledgement(e, f)
	}
	kind, recipients := d.recipients(e)
	var emails []Effect
	for _, to := range recipients {
		about := e.EventID
		if kind == email.TakenBack {
			about = e.CausationID.UUID // once, however many tickets
		}
		id := uuid.NewSHA1(about, to.UUID[:])
		emails = append(emails, Issue{ID: id, Command: SendEmail{
			Email: id, Kind: kind, TicketID: e.StreamID, CauseVersion: e.Version, Recipient: to, Actor: domain.UserID{UUID: e.ActorID.UUID},
		}})
	}
	return emails
}

// acknowledgedFor is how long nobody is sent once more that a message of theirs came.
const acknowledgedFor = 24 * time.Hour

// acknowledge notes that the author of a message is sent that it came, if they are to be.
func (d Directory) acknowledge(e eventstore.Envelope, f message.Judged) {
	to := d.Tickets[ticket.ID{UUID: f.Ticket}].Requester
	p := d.People[to]
	if f.Acknowledge && p.Active && p.Role == domain.RoleUser && e.OccurredAt.Sub(p.Acknowledged) >= acknowledgedFor {
		p.Acknowledged, p.acknowledging = e.OccurredAt, e.EventID
		d.People[to] = p
	}
}

// acknowledgement returns the email to the author of a message that it came.
func (d Directory) acknowledgement(e eventstore.Envelope, f message.Judged) []Effect {
	to := d.Tickets[ticket.ID{UUID: f.Ticket}].Requester
	if d.People[to].acknowledging != e.EventID {
		return nil
	}
	id := uuid.NewSHA1(e.EventID, to.UUID[:])
	return []Effect{Issue{ID: id, Command: SendEmail{
		Email: id, Kind: email.Acknowledged, TicketID: f.Ticket, CauseVersion: 1, Recipient: to, Actor: to, Message: e.StreamID,
	}}}
}

// recipients returns who is to be told of an event. Nobody is told of what they
// did themselves, but for an escalation.
func (d Directory) recipients(e eventstore.Envelope) (email.Kind, []domain.UserID) {
	t := d.Tickets[ticket.ID{UUID: e.StreamID}]
	requester := t.Requester
	actor := domain.UserID{UUID: e.ActorID.UUID}
	switch f := e.Event.(type) {
	case ticket.Escalated:
		if f.Silent {
			return "", nil
		}
		to := d.admins()
		if !slices.Contains(to, requester) && d.wants(requester, func(n user.Notifications) bool { return n.Escalated }) {
			to = append([]domain.UserID{requester}, to...)
		}
		return email.Escalated, to
	case ticket.Assigned:
		if f.AssignedTo != actor && d.wants(f.AssignedTo, func(n user.Notifications) bool { return n.Assigned }) {
			return email.Assigned, []domain.UserID{f.AssignedTo}
		}
	case ticket.Unassigned:
		if takenByDesk(e) {
			return email.TakenBack, d.admins()
		}
	case ticket.Reopened:
		if f.Consequence() && (t.Answered || d.works(t.Assignee)) { // the comment is told of
			return "", nil
		}
		return email.Reopened, d.workers(t, actor, actor == requester)
	case ticket.CommentAdded:
		if !f.Internal && f.Author == requester {
			return email.Replied, d.workers(t, actor, t.Answered)
		}
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

// takenByDesk reports whether a ticket was unassigned because its assignee left.
func takenByDesk(e eventstore.Envelope) bool {
	return e.ActorKind == domain.ActorSystem && e.CausationID.Valid
}

// works reports whether somebody works on tickets.
func (d Directory) works(id domain.UserID) bool {
	p := d.People[id]
	return p.Active && p.Role.Staff()
}

// workers returns who is to hear of what somebody does to a ticket: its assignee or,
// where nobody is at work on it, the admins if they are to. What a requester adds to
// a ticket that waits for its first answer is no news to them.
func (d Directory) workers(t Concerned, actor domain.UserID, admins bool) []domain.UserID {
	commented := func(n user.Notifications) bool { return n.Commented }
	var to []domain.UserID
	switch {
	case d.works(t.Assignee):
		to = []domain.UserID{t.Assignee}
	case admins:
		to = d.admins()
	}
	return slices.DeleteFunc(to, func(id domain.UserID) bool { return id == actor || !d.wants(id, commented) })
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
