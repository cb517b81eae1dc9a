package tickets

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
	"helpdesk/web/webtest"
)

const ticketPage = "/admin/tickets/7/"

// site has the pages of the section, and what is behind them.
type site struct {
	*webtest.Site
	page projections.Page
	more bool // whether a page follows
	left int  // who closed the page of a ticket
}

func serve(t testing.TB, more ...domain.Event) *site {
	s := &site{Site: webtest.New(t, more...)}
	section := &Section{App: s.App(), Read: reader{s.OneTicket}, History: entries{s}, Past: past{s}, Schedule: s, Viewers: s,
		ReplyReopens: []ticket.Status{ticket.StatusResolved}}
	s.Serve(section.Pages()...)
	return s
}

// reader reads tickets and people.
type reader struct{ *webtest.OneTicket }

func (r reader) Users(ctx context.Context, f people.Filter, _ projections.Page) (s projections.Slice[view.User], err error) {
	u, err := r.User(ctx, webtest.Account(string(f.Role)).ID)
	s.Items = append(s.Items, u)
	return s, err
}

// entries are a history: one of each event, and of an email after each but the first.
type entries struct{ *site }

// past is the ticket as it was.
type past struct{ *site }

// talked is a ticket that an agent works on, with a reply and a note of theirs.
func talked(t testing.TB) *site {
	agent := webtest.Account("agent").ID
	said := func(n byte, text string, internal bool) ticket.CommentAdded {
		return ticket.CommentAdded{CommentID: ticket.CommentID{UUID: uuid.UUID{15: n}}, Author: agent, Text: text, Internal: internal, AddedAt: webtest.Noon}
	}
	return serve(t, ticket.Assigned{AssignedTo: agent}, said(1, "Did <you> try?", false), said(2, "He did not.", true))
}

func (s *site) Arrive(_ context.Context, _ uuid.UUID, who domain.UserID) ([]string, error) {
	if who == webtest.Account("agent").ID {
		return nil, nil
	}
	return []string{"agent"}, nil
}

func (s *site) Leave(context.Context, uuid.UUID, domain.UserID) error {
	s.left++
	return nil
}

func (d entries) Ticket(_ context.Context, _ domain.Actor, _ ticket.ID, p projections.Page) (s projections.Slice[history.Entry], err error) {
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

func (d past) Comments(_ context.Context, viewer domain.Actor, _ time.Time, of *ticket.Ref, p projections.Page) (projections.Slice[view.Comment], error) {
	d.page = p
	s, err := d.Thread(context.Background(), viewer, of.ID, p.Cursor)
	s.Items = s.Items[:1]
	return s, err
}

func (d past) Ticket(_ context.Context, _ domain.Actor, _ ticket.Ref, at history.Moment) (history.PastTicket, error) {
	then := &webtest.OneTicket{History: d.History[:at.Version]}
	was := history.PastTicket{Ticket: then.Shown(), RecordedAt: webtest.Noon}
	if d.more {
		was.Next = &projections.Cursor{Key: "41"}
	}
	return was, nil
}
