package webtest

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// TicketID is that of the one ticket there is. Its number is 7.
var TicketID = ticket.ID{UUID: uuid.MustParse("01900000-0000-7000-8000-0000000000f1")}

// OneTicket stands in for the one ticket there is: commands on it are carried out by
// the real rules.
type OneTicket struct {
	*Backend
	History  []domain.Event
	Commands []ticket.Command // that were asked for
	ReadErr  error
	Room     int                 // for comments on a page; 0: for all
	ThreadAt *projections.Cursor // where they were last asked for
}

// newTicket makes the ticket, of user's, with what happened to it since.
func newTicket(more ...domain.Event) *OneTicket {
	by := Account("user").ID
	return &OneTicket{Backend: &Backend{}, History: append([]domain.Event{ticket.Opened{
		Number: 7, Title: "Printer <3", Description: "It burns.", Priority: ticket.High, CreatedBy: by, OpenedBy: by,
	}}, more...)}
}

// App returns the application layer of what stands in for it.
func (t *OneTicket) App() *commands.App {
	return &commands.App{
		Tickets: t, Numbers: t, People: t, Earlier: t, Accounts: t,
	}
}

// TicketID returns the id of number 7.
func (t *OneTicket) TicketID(_ context.Context, ref ticket.Ref) (ticket.ID, error) {
	if ref.Number != 7 {
		return ticket.ID{}, domain.ErrNotFound
	}
	return TicketID, nil
}

// State returns the ticket as the rules know it.
func (t *OneTicket) State() (s ticket.State) {
	for _, e := range t.History {
		s = ticket.Evolve(s, e)
	}
	return s
}

// Shown returns the ticket as a list shows it.
func (t *OneTicket) Shown() view.Ticket {
	s := t.State()
	shown := view.Ticket{
		ID: TicketID.UUID, Number: s.Number, Title: s.Title, Description: s.Description, Priority: s.Priority,
		Status: s.Status, CreatedBy: person(s.CreatedBy), CreatedAt: Noon, UpdatedAt: Noon, Version: len(t.History), Position: 41,
	}
	if !s.AssignedTo.IsZero() {
		to := person(s.AssignedTo)
		shown.AssignedTo = &to
	}
	return shown
}

// Open decides on opening another ticket.
func (t *OneTicket) Open(_ context.Context, r commands.Request, _ ticket.ID, c ticket.OpenTicket) (commands.Outcome, error) {
	t.Commands = append(t.Commands, c)
	if _, err := t.Note(r); err != nil {
		return commands.Outcome{}, err
	}
	_, err := ticket.Decide(ticket.State{}, c)
	if err == nil {
		t.Carried = append(t.Carried, r.ID)
	}
	return commands.Outcome{StreamID: TicketID.UUID, Version: 1, Position: 40}, err
}

// Do decides on the ticket.
func (t *OneTicket) Do(_ context.Context, r commands.Request, id ticket.ID, c ticket.Command) (commands.Outcome, error) {
	t.Commands = append(t.Commands, c)
	if _, err := t.Note(r); err != nil {
		return commands.Outcome{}, err
	}
	if id != TicketID {
		return commands.Outcome{}, domain.ErrNotFound
	}
	events, err := ticket.Decide(t.State(), c)
	if err != nil {
		return commands.Outcome{}, err
	}
	if r.IfMatch != 0 && r.IfMatch != len(t.History) {
		return commands.Outcome{}, domain.ErrStale
	}
	t.History = append(t.History, events...)
	t.Carried = append(t.Carried, r.ID)
	return commands.Outcome{StreamID: id.UUID, Version: len(t.History), Position: int64(40 + len(t.History))}, nil
}

// Ticket reads the ticket as a viewer sees it.
func (t *OneTicket) Ticket(_ context.Context, viewer domain.Actor, ref ticket.Ref) (view.Ticket, error) {
	if t.ReadErr != nil {
		return view.Ticket{}, t.ReadErr
	}
	if !t.State().VisibleTo(viewer) || (ref.Number != 7 && ref.ID != TicketID) {
		return view.Ticket{}, domain.ErrNotFound
	}
	return t.Shown(), nil
}

// TicketsByID reads the ticket when it is among ids.
func (t *OneTicket) TicketsByID(_ context.Context, _ domain.Actor, ids []uuid.UUID) (map[uuid.UUID]view.Ticket, error) {
	found := map[uuid.UUID]view.Ticket{}
	if slices.Contains(ids, TicketID.UUID) {
		found[TicketID.UUID] = t.Shown()
	}
	return found, t.ReadErr
}

// Thread reads the comments that a viewer may see: as many as there is room for.
func (t *OneTicket) Thread(_ context.Context, viewer domain.Actor, _ ticket.ID, at *projections.Cursor) (s projections.Slice[view.Comment], err error) {
	t.ThreadAt = at
	if s.Items = t.comments(viewer); t.Room > 0 && len(s.Items) > t.Room {
		s.Items = s.Items[len(s.Items)-t.Room:]
		s.Previous, s.Next = &projections.Cursor{Key: "before", Back: true}, &projections.Cursor{Key: "after"}
	}
	return s, nil
}

// Comment reads a comment that a viewer may see.
func (t *OneTicket) Comment(_ context.Context, viewer domain.Actor, id ticket.CommentID) (view.Comment, error) {
	for _, c := range t.comments(viewer) {
		if c.ID == id.UUID {
			return c, nil
		}
	}
	return view.Comment{}, domain.ErrNotFound
}

func (t *OneTicket) comments(viewer domain.Actor) (all []view.Comment) {
	for _, e := range t.History {
		added, ok := e.(ticket.CommentAdded)
		c, there := t.State().Comments[added.CommentID]
		if ok && there && (!c.Internal || ticket.SeesInternal(viewer)) {
			all = append(all, view.Comment{
				ID: added.CommentID.UUID, Ticket: TicketID.UUID, Author: person(c.Author), Text: c.Text, Internal: c.Internal, CreatedAt: c.AddedAt,
			})
		}
	}
	return all
}

// Due knows that the ticket escalates in half an hour.
func (t *OneTicket) Due(context.Context, []uuid.UUID) (map[uuid.UUID]time.Time, error) {
	return map[uuid.UUID]time.Time{TicketID.UUID: Noon.Add(30 * time.Minute)}, nil
}
