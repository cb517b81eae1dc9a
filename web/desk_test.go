package web

import (
	"context"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/workspace"
)

var ticketID = ticket.ID{UUID: uuid.MustParse("01900000-0000-7000-8000-0000000000f1")}

// newDesk makes a desk with one ticket of user's, number 7, and what happened
// to it since.
func newDesk(more ...domain.Event) *desk {
	by := account("user").ID
	return &desk{history: append([]domain.Event{ticket.Opened{
		Number: 7, Title: "Printer <3", Description: "It burns.", Priority: ticket.High, CreatedBy: by, OpenedBy: by,
	}}, more...)}
}

func (d *desk) state() (s ticket.State) {
	for _, e := range d.history {
		s = ticket.Evolve(s, e)
	}
	return s
}

// ticketDesk carries out commands on the one ticket by the real rules.
type ticketDesk struct{ *desk }

func (d ticketDesk) Open(_ context.Context, r commands.Request, _ ticket.ID, c ticket.OpenTicket) (commands.Outcome, error) {
	d.commands = append(d.commands, c)
	if _, err := d.note(r); err != nil {
		return commands.Outcome{}, err
	}
	_, err := ticket.Decide(ticket.State{}, c)
	return commands.Outcome{StreamID: ticketID.UUID, Version: 1, Position: 40}, err
}

func (d ticketDesk) Do(_ context.Context, r commands.Request, id ticket.ID, c ticket.Command) (commands.Outcome, error) {
	d.commands = append(d.commands, c)
	if _, err := d.note(r); err != nil {
		return commands.Outcome{}, err
	}
	if id != ticketID {
		return commands.Outcome{}, domain.ErrNotFound
	}
	events, err := ticket.Decide(d.state(), c)
	if err != nil {
		return commands.Outcome{}, err
	}
	if r.IfMatch != 0 && r.IfMatch != len(d.history) {
		return commands.Outcome{}, domain.ErrStale
	}
	d.history = append(d.history, events...)
	return commands.Outcome{StreamID: id.UUID, Version: len(d.history), Position: int64(40 + len(d.history))}, nil
}

func person(id domain.UserID) view.Person {
	for _, role := range domain.Roles() {
		if a := account(string(role)); a.ID == id {
			return view.Person{ID: id.UUID, Username: a.Username}
		}
	}
	return view.Person{ID: id.UUID}
}

func (d *desk) shown() view.Ticket {
	s := d.state()
	t := view.Ticket{
		ID: ticketID.UUID, Number: s.Number, Title: s.Title, Description: s.Description, Priority: s.Priority,
		Status: s.Status, CreatedBy: person(s.CreatedBy), CreatedAt: noon, UpdatedAt: noon, Version: len(d.history), Position: 41,
	}
	if !s.AssignedTo.IsZero() {
		to := person(s.AssignedTo)
		t.AssignedTo = &to
	}
	return t
}

func (d *desk) Ticket(_ context.Context, viewer domain.Actor, ref projections.TicketRef) (view.Ticket, error) {
	if d.readErr != nil {
		return view.Ticket{}, d.readErr
	}
	if !d.state().VisibleTo(viewer) || (ref.Number != 7 && ref.ID != ticketID) {
		return view.Ticket{}, domain.ErrNotFound
	}
	return d.shown(), nil
}

func (d *desk) Tickets(_ context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	d.filter, d.page = f, p
	if d.common && f.OrderBy == projections.ByRank {
		return projections.Slice[view.Ticket]{}, projections.ErrTooCommon
	}
	var s projections.Slice[view.Ticket]
	if d.history != nil && d.state().VisibleTo(viewer) {
		s.Items = append(s.Items, d.shown())
	}
	if d.more {
		s.Next = &projections.Cursor{Key: "x", ID: ticketID.UUID}
	}
	return s, d.readErr
}

func (d *desk) CountTickets(_ context.Context, _ domain.Actor, filters []projections.TicketFilter, most int, _ time.Duration) ([]int, error) {
	if d.uncounted {
		return nil, projections.ErrUncounted
	}
	counts := make([]int, len(filters))
	counts[0] = most
	return counts, nil
}

func (d *desk) Due(context.Context, []uuid.UUID) (map[uuid.UUID]time.Time, error) {
	return map[uuid.UUID]time.Time{ticketID.UUID: noon.Add(30 * time.Minute)}, nil
}

// viewDesk keeps saved views.
type viewDesk struct{ *desk }

func (d viewDesk) List(context.Context, domain.UserID) ([]workspace.View, error) { return d.views, nil }

func (d viewDesk) Save(_ context.Context, _ domain.UserID, view workspace.View) error {
	if view.Name == "" {
		return domain.ErrRequired.On("name")
	}
	d.views = append(d.views, view)
	return nil
}

func (d viewDesk) Remove(context.Context, domain.UserID, string) error {
	d.views = nil
	return nil
}

func (d *desk) AllComments(_ context.Context, viewer domain.Actor, _ ticket.ID) (all []view.Comment, err error) {
	for _, e := range d.history {
		added, ok := e.(ticket.CommentAdded)
		c, there := d.state().Comments[added.CommentID]
		if ok && there && (!c.Internal || ticket.SeesInternal(viewer)) {
			all = append(all, view.Comment{
				ID: added.CommentID.UUID, Author: person(c.Author), Text: c.Text, Internal: c.Internal, CreatedAt: c.AddedAt,
			})
		}
	}
	return all, nil
}

func (d *desk) Arrive(_ context.Context, _ uuid.UUID, who domain.UserID) ([]string, error) {
	if who == account("agent").ID {
		return nil, nil
	}
	return []string{"agent"}, nil
}

func (d *desk) Leave(context.Context, uuid.UUID, domain.UserID) error {
	d.left++
	return nil
}

// historyDesk tells of each event, and of an email after each but the first.
type historyDesk struct{ *desk }

func (d historyDesk) Ticket(_ context.Context, _ domain.Actor, _ ticket.ID, p projections.Page) (s projections.Slice[projections.Entry], err error) {
	d.page = p
	for i, e := range d.history {
		at := int64(41 + 2*i)
		s.Items = append(s.Items, projections.Entry{
			Position: at, Version: i + 1, Type: e.EventType(), Summary: "Somebody did " + e.EventType() + ".",
			Changes: []projections.Change{{Field: "status", Before: "open", After: "closed"}}, OccurredAt: noon,
		}, projections.Entry{
			Position: at + 1, Version: 1, Type: "email.queued", Summary: "The email was queued.",
			Cause: &projections.HistoryCause{Kind: "event", Position: &at}, OccurredAt: noon,
		})
	}
	if d.more {
		s.Previous = &projections.Cursor{Key: "41", Back: true}
	}
	return s, nil
}

type pastDesk struct{ *desk }

func (d pastDesk) Ticket(_ context.Context, _ domain.Actor, _ projections.TicketRef, at projections.Moment) (projections.PastTicket, error) {
	then := &desk{history: d.history[:at.Version]}
	return projections.PastTicket{Ticket: then.shown(), RecordedAt: noon}, nil
}
