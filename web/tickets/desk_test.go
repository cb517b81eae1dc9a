package tickets

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

const ticketPage = "/admin/tickets/7/"

// desk stands in for what is behind the section.
type desk struct {
	*webtest.OneTicket
	page projections.Page
	more bool // whether a page follows
	left int  // who closed the page of a ticket
}

func newDesk(more ...domain.Event) *desk { return &desk{OneTicket: webtest.NewTicket(more...)} }

func newSite(t *testing.T, d *desk) *web.Site {
	t.Helper()
	s := &Section{
		App: d.App(), Read: reader{d.OneTicket}, History: historyDesk{d}, Past: pastDesk{d}, Schedule: d, Viewers: d,
	}
	return webtest.Site(t, d.Backend, s.Pages()...)
}

// reader reads tickets and people.
type reader struct{ *webtest.OneTicket }

func (r reader) Users(ctx context.Context, f people.Filter, _ projections.Page) (s projections.Slice[view.User], err error) {
	u, err := r.User(ctx, webtest.Account(string(f.Role)).ID)
	s.Items = append(s.Items, u)
	return s, err
}

// historyDesk has an entry of each event, and of an email after each but the first.
type historyDesk struct{ *desk }

// pastDesk has the ticket as it was.
type pastDesk struct{ *desk }

// talked is a ticket that an agent works on, with a reply and a note of theirs.
func talked() *desk {
	agent := webtest.Account("agent").ID
	said := func(n byte, text string, internal bool) ticket.CommentAdded {
		return ticket.CommentAdded{CommentID: ticket.CommentID{UUID: uuid.UUID{15: n}}, Author: agent, Text: text, Internal: internal, AddedAt: webtest.Noon}
	}
	return newDesk(ticket.Assigned{AssignedTo: agent}, said(1, "Did <you> try?", false), said(2, "He did not.", true))
}

func (d *desk) Arrive(_ context.Context, _ uuid.UUID, who domain.UserID) ([]string, error) {
	if who == webtest.Account("agent").ID {
		return nil, nil
	}
	return []string{"agent"}, nil
}

func (d *desk) Leave(context.Context, uuid.UUID, domain.UserID) error {
	d.left++
	return nil
}

func (d historyDesk) Ticket(_ context.Context, _ domain.Actor, _ ticket.ID, p projections.Page) (s projections.Slice[history.Entry], err error) {
	d.page = p
	for i, e := range d.History {
		at := int64(41 + 2*i)
		s.Items = append(s.Items, history.Entry{
			Position: at, Version: i + 1, Type: e.EventType(), Summary: "Somebody did " + e.EventType() + ".",
			Changes: []history.Change{{Field: "status", Before: "open", After: "closed"}}, OccurredAt: webtest.Noon,
		}, history.Entry{
			Position: at + 1, Version: 1, Type: "email.queued", Summary: "The email was queued.",
			Cause: &history.Cause{Kind: "event", Position: &at}, OccurredAt: webtest.Noon,
		})
	}
	if d.more {
		s.Previous = &projections.Cursor{Key: "41", Back: true}
	}
	return s, nil
}

func (d pastDesk) Ticket(_ context.Context, _ domain.Actor, _ ticket.Ref, at history.Moment) (history.PastTicket, error) {
	then := &webtest.OneTicket{History: d.History[:at.Version]}
	return history.PastTicket{Ticket: then.Shown(), RecordedAt: webtest.Noon}, nil
}
