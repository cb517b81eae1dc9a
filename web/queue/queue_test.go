package queue

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/web/webtest"
	"helpdesk/workspace"
)

func TestTheQueueShowsEachRoleWhatItMayDo(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]struct{ has, lacks []string }{
		"user":    {[]string{"Your tickets", "New ticket", "Printer &lt;3"}, []string{"Assignee", "Escalates", `id="bulk"`}},
		"agent":   {[]string{"No active tickets"}, []string{"Printer"}},
		"admin":   {[]string{"Printer &lt;3", `id="bulk"`, "Assign to…", "Delete", "99+", "Escalates"}, nil},
		"auditor": {[]string{"Printer &lt;3", "Escalates"}, []string{`id="bulk"`, "New ticket"}},
	} {
		w := webtest.Get(newSite(t, newDesk()), role, "/admin/tickets/")
		webtest.Holds(t, w, 200, want.has...)
		for _, text := range want.lacks {
			if strings.Contains(w.Body.String(), text) {
				t.Errorf("%s sees %q", role, text)
			}
		}
	}
}

func TestFiltersAreLinks(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	me := webtest.Account("admin").ID
	for query, want := range map[string]projections.TicketFilter{
		"": {Statuses: statusSets[0].statuses, OrderBy: projections.ByCreated, Descending: true},
		"?status=all&priority=high&assignee=none&order=oldest": {
			Priorities: []ticket.Priority{ticket.High}, Unassigned: true, OrderBy: projections.ByCreated},
		"?status=closed&assignee=me&order=priority": {
			Statuses: []ticket.Status{ticket.StatusClosed}, AssignedTo: &me, OrderBy: projections.ByPriority, Descending: true},
		"?q=paper+jam":            {Statuses: statusSets[0].statuses, Search: "paper jam", OrderBy: projections.ByCreated, Descending: true},
		"?order=best":             {Statuses: statusSets[0].statuses, OrderBy: projections.ByCreated, Descending: true},
		"?q=paper+jam&order=best": {Statuses: statusSets[0].statuses, Search: "paper jam", OrderBy: projections.ByRank, Descending: true, CompareMost: 1000},
	} {
		webtest.Holds(t, webtest.Get(s, "admin", "/admin/tickets/"+query), 200)
		if diff := cmp.Diff(want, d.filter); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/tickets/?status=closed"), 200, `href="/admin/tickets/?priority=high&amp;status=closed"`)
	for _, query := range []string{"?status=lost", "?priority=9", "?assignee=x", "?order=x", "?cursor=x", "?q=" + strings.Repeat("x", 201)} {
		webtest.Holds(t, webtest.Get(s, "admin", "/admin/tickets/"+query), 400, "Unknown filter")
	}
}

func TestWhatTakesTooLongToCountIsNotCounted(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.uncounted = true
	w := webtest.Get(newSite(t, d), "admin", "/admin/tickets/")
	webtest.Holds(t, w, 200, "Printer", "Escalated")
	if strings.Contains(w.Body.String(), `class="count"`) {
		t.Error("there are counts")
	}
}

func TestPagesOfTheQueueLeadOn(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.more = true
	s := newSite(t, d)
	next := webtest.Next(t, webtest.Get(s, "admin", "/admin/tickets/?status=all").Body.String())
	webtest.Holds(t, webtest.Get(s, "admin", next), 200)
	if d.page.Cursor == nil || d.page.Cursor.ID != webtest.TicketID.UUID {
		t.Errorf("page %+v of %q", d.page, next)
	}
	webtest.Holds(t, webtest.Get(s, "auditor", next), 400) // another's place
	webtest.Holds(t, webtest.Get(s, "admin", strings.Replace(next, "all", "open", 1)), 400)
}

func TestWordsThatTooManyTicketsHaveComeNewestFirst(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.more = true
	s := newSite(t, d)
	body := webtest.Get(s, "admin", "/admin/tickets/?q=printer&order=best").Body.String()
	if strings.Contains(body, "Too many") {
		t.Error("few tickets are too many")
	}
	d.common = true
	const tooCommon = "Too many tickets match"
	w := webtest.Get(s, "admin", "/admin/tickets/?q=printer&order=best")
	webtest.Holds(t, w, 200, tooCommon, "Printer &lt;3",
		`href="/admin/tickets/?order=best&amp;priority=high&amp;q=printer"`) // fewer may be left then
	if d.filter.OrderBy != projections.ByCreated || !d.filter.Descending || d.filter.Search != "printer" {
		t.Errorf("filter %+v", d.filter)
	}
	next := webtest.Next(t, w.Body.String())
	if strings.Contains(next, "best") {
		t.Errorf("the next page, %s, goes on in another order", next)
	}
	webtest.Holds(t, webtest.Get(s, "admin", next), 200, "Printer &lt;3")
	// A place among the best matches, from when they were fewer: the list begins again.
	webtest.Holds(t, webtest.Get(s, "admin", webtest.Next(t, body)), 200, tooCommon)
	if d.page.Cursor != nil {
		t.Errorf("page %+v", d.page)
	}
}

func TestSavedViews(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Leads(t, webtest.Post(s, "admin", "/admin/tickets/views/?status=all&priority=high&cursor=x", "name", "Hot"), "/admin/tickets/?priority=high&status=all")
	if diff := cmp.Diff([]workspace.View{{Name: "Hot", Query: "priority=high&status=all"}}, d.views); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/tickets/"), 200, `href="/admin/tickets/?priority=high&amp;status=all"`, "Hot")
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/tickets/views/", "name", ""), 400, "A value is required.")
	webtest.Leads(t, webtest.Post(s, "admin", "/admin/tickets/views/remove/", "name", "Hot"), "/admin/tickets/")
}
