package queue

import (
	"context"
	"testing"
	"time"

	"helpdesk/domain"
	"helpdesk/projections"
	"helpdesk/projections/people"
	"helpdesk/projections/tickets"
	"helpdesk/projections/view"
	"helpdesk/web/webtest"
	"helpdesk/workspace"
)

// site has the pages of the section, and what is behind them.
type site struct {
	*webtest.Site
	filter    projections.TicketFilter
	page      projections.Page
	more      bool // whether a page follows
	hidden    bool // whether the filters leave the ticket out
	uncounted bool
	common    bool // whether too many tickets have the words that are searched
	views     []workspace.View
	people    people.Filter
	named     []view.User // who has the words of a search in their name
}

func open(t testing.TB) *site {
	s := &site{Site: webtest.New(t)}
	section := &Section{App: s.App(), Read: s, Schedule: s, Views: views{s}}
	s.Serve(section.Pages()...)
	return s
}

func (s *site) Tickets(_ context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	s.filter, s.page = f, p
	if s.common && f.OrderBy == projections.ByRank {
		return projections.Slice[view.Ticket]{}, tickets.ErrTooCommon
	}
	var found projections.Slice[view.Ticket]
	if !s.hidden && s.History != nil && s.State().VisibleTo(viewer) {
		found.Items = append(found.Items, s.Shown())
	}
	if s.more {
		found.Next = &projections.Cursor{Key: "x", ID: webtest.TicketID.UUID}
	}
	return found, s.ReadErr
}

func (s *site) Users(_ context.Context, f people.Filter, p projections.Page) (projections.Slice[view.User], error) {
	s.people = f
	found := projections.Slice[view.User]{Items: s.named}
	if len(s.named) > p.Size {
		found.Items, found.Next = s.named[:p.Size], &projections.Cursor{Key: "x"}
	}
	return found, nil
}

func (s *site) CountTickets(_ context.Context, _ domain.Actor, filters []projections.TicketFilter, most int, _ time.Duration) ([]int, error) {
	if s.uncounted {
		return nil, tickets.ErrUncounted
	}
	counts := make([]int, len(filters))
	counts[0] = most
	return counts, nil
}

// views are those that people saved.
type views struct{ *site }

func (d views) List(context.Context, domain.UserID) ([]workspace.View, error) { return d.views, nil }

func (d views) Save(_ context.Context, _ domain.UserID, view workspace.View) error {
	if view.Name == "" {
		return domain.ErrRequired.On("name")
	}
	d.views = append(d.views, view)
	return nil
}

func (d views) Remove(context.Context, domain.UserID, string) error {
	d.views = nil
	return nil
}
