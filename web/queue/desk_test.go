package queue

import (
	"context"
	"testing"
	"time"

	"helpdesk/domain"
	"helpdesk/projections"
	"helpdesk/projections/tickets"
	"helpdesk/projections/view"
	"helpdesk/web"
	"helpdesk/web/webtest"
	"helpdesk/workspace"
)

// desk stands in for what is behind the section.
type desk struct {
	*webtest.OneTicket
	filter    projections.TicketFilter
	page      projections.Page
	more      bool // whether a page follows
	uncounted bool
	common    bool // whether too many tickets have the words that are searched
	views     []workspace.View
}

func newDesk() *desk { return &desk{OneTicket: webtest.NewTicket()} }

func newSite(t *testing.T, d *desk) *web.Site {
	t.Helper()
	s := &Section{App: d.App(), Read: d, Schedule: d, Views: viewDesk{d}}
	return webtest.Site(t, d.Backend, s.Pages()...)
}

func (d *desk) Tickets(_ context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	d.filter, d.page = f, p
	if d.common && f.OrderBy == projections.ByRank {
		return projections.Slice[view.Ticket]{}, tickets.ErrTooCommon
	}
	var s projections.Slice[view.Ticket]
	if d.History != nil && d.State().VisibleTo(viewer) {
		s.Items = append(s.Items, d.Shown())
	}
	if d.more {
		s.Next = &projections.Cursor{Key: "x", ID: webtest.TicketID.UUID}
	}
	return s, d.ReadErr
}

func (d *desk) CountTickets(_ context.Context, _ domain.Actor, filters []projections.TicketFilter, most int, _ time.Duration) ([]int, error) {
	if d.uncounted {
		return nil, tickets.ErrUncounted
	}
	counts := make([]int, len(filters))
	counts[0] = most
	return counts, nil
}

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
