package web

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/workspace"
)

func TestTheQueueShowsEachRoleWhatItMayDo(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]struct{ has, lacks []string }{
		"user":    {[]string{"Your tickets", "Open a ticket", "Printer &lt;3"}, []string{"Assigned to", "Escalates", `id="bulk"`}},
		"agent":   {[]string{"Nothing wants work"}, []string{"Printer"}},
		"admin":   {[]string{"Printer &lt;3", `id="bulk"`, "Assign to…", "Delete", "99+", "Escalates"}, nil},
		"auditor": {[]string{"Printer &lt;3", "Escalates"}, []string{`id="bulk"`, "Open a ticket"}},
	} {
		w := get(newSite(t, newDesk()), role, "/admin/tickets/")
		holds(t, w, 200, want.has...)
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
	me := account("admin").ID
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
		holds(t, get(s, "admin", "/admin/tickets/"+query), 200)
		if diff := cmp.Diff(want, d.filter); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	holds(t, get(s, "admin", "/admin/tickets/?status=closed"), 200, `href="/admin/tickets/?priority=high&amp;status=closed"`)
	for _, query := range []string{"?status=lost", "?priority=9", "?assignee=x", "?order=x", "?cursor=x", "?q=" + strings.Repeat("x", 201)} {
		holds(t, get(s, "admin", "/admin/tickets/"+query), 400, "There is no such filter")
	}
}

func TestAnAddressThatIsNoTextIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	for _, page := range []string{"tickets/", "tickets/new/", "people/", "reports/", "operation/emails/", "audit/"} {
		for _, text := range []string{"%00", "a%00b", "%ff"} {
			holds(t, get(s, "admin", "/admin/"+page+"?q="+text), 400, "There is no such filter")
		}
	}
	leads(t, get(s, "", "/admin/tickets/?q=%00"), "/admin/sign-in/?next=%2Fadmin%2Ftickets%3Fq%3D%2500")
	holds(t, post(s, "admin", "/admin/tickets/views/?q=%00", "name", "Hot"), 400, "There is no such filter")
	if len(d.views) > 0 {
		t.Errorf("views %+v", d.views)
	}
}

func TestWhatTakesTooLongToCountIsNotCounted(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.uncounted = true
	w := get(newSite(t, d), "admin", "/admin/tickets/")
	holds(t, w, 200, "Printer", "Escalated")
	if strings.Contains(w.Body.String(), `class="count"`) {
		t.Error("there are counts")
	}
}

func TestPagesOfTheQueueLeadOn(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.more = true
	s := newSite(t, d)
	next := nextOf(get(s, "admin", "/admin/tickets/?status=all").Body.String())
	holds(t, get(s, "admin", next), 200)
	if d.page.Cursor == nil || d.page.Cursor.ID != ticketID.UUID {
		t.Errorf("page %+v of %q", d.page, next)
	}
	holds(t, get(s, "auditor", next), 400) // another's place
	holds(t, get(s, "admin", strings.Replace(next, "all", "open", 1)), 400)
}

func TestWordsThatTooManyTicketsHaveComeNewestFirst(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.more = true
	s := newSite(t, d)
	body := get(s, "admin", "/admin/tickets/?q=printer&order=best").Body.String()
	if strings.Contains(body, "Too many") {
		t.Error("few tickets are too many")
	}
	d.common = true
	const tooCommon = "Too many tickets have these words"
	w := get(s, "admin", "/admin/tickets/?q=printer&order=best")
	holds(t, w, 200, tooCommon, "Printer &lt;3",
		`href="/admin/tickets/?order=best&amp;priority=high&amp;q=printer"`) // fewer may be left then
	if d.filter.OrderBy != projections.ByCreated || !d.filter.Descending || d.filter.Search != "printer" {
		t.Errorf("filter %+v", d.filter)
	}
	next := nextOf(w.Body.String())
	if strings.Contains(next, "best") {
		t.Errorf("the next page, %s, goes on in another order", next)
	}
	holds(t, get(s, "admin", next), 200, "Printer &lt;3")
	// A place among the best matches, from when they were fewer: the list begins again.
	holds(t, get(s, "admin", nextOf(body)), 200, tooCommon)
	if d.page.Cursor != nil {
		t.Errorf("page %+v", d.page)
	}
}

// nextOf returns where the link to the next page leads.
func nextOf(body string) string {
	_, rest, _ := strings.Cut(body, `rel="next" href="`)
	next, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(next, "&amp;", "&")
}

func TestSavedViews(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	leads(t, post(s, "admin", "/admin/tickets/views/?status=all&priority=high&cursor=x", "name", "Hot"), "/admin/tickets/?priority=high&status=all")
	if diff := cmp.Diff([]workspace.View{{Name: "Hot", Query: "priority=high&status=all"}}, d.views); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	holds(t, get(s, "admin", "/admin/tickets/"), 200, `href="/admin/tickets/?priority=high&amp;status=all"`, "Hot")
	holds(t, post(s, "admin", "/admin/tickets/views/", "name", ""), 400, "A value is required.")
	leads(t, post(s, "admin", "/admin/tickets/views/remove/", "name", "Hot"), "/admin/tickets/")
}

func TestBulkActionsTellOfEachTicket(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	w := post(s, "admin", "/admin/tickets/bulk/?status=all", "do", "status:resolved", "ticket", "7:1", "ticket", "8:3")
	holds(t, w, 200, "1 of 2 tickets done", "#7 Printer &lt;3", "Resolved.", "#8", "There is nothing here that you can see.")
	if d.state().Status != ticket.StatusResolved {
		t.Error("it is not resolved")
	}
	holds(t, post(s, "admin", "/admin/tickets/bulk/", "do", "status:closed", "ticket", "7:1"), 200, "Nothing was done", "Somebody changed it since")
	holds(t, post(s, "admin", "/admin/tickets/bulk/", "do", "status:closed"), 200, "Tick at least one ticket first.")
	holds(t, post(s, "admin", "/admin/tickets/bulk/", "ticket", "7:2"), 200, "Choose what to do.")
	holds(t, post(s, "admin", "/admin/tickets/bulk/", "do", "assign", "assignee", "nemo", "ticket", "7:2"), 200, "Nobody is called nemo.")
	holds(t, post(s, "admin", "/admin/tickets/bulk/", "do", "assign", "assignee", "user", "ticket", "7:2"), 200, "Tickets go to active agents and admins only.")
	holds(t, post(s, "admin", "/admin/tickets/bulk/", "do", "assign", "assignee", "agent", "ticket", "7:2"), 200, "Assigned to agent.")
	holds(t, post(s, "agent", "/admin/tickets/bulk/", "do", "delete", "ticket", "7:3"), 200, "Your role may not do this.")
	holds(t, post(s, "admin", "/admin/tickets/bulk/", "do", "priority:low", "ticket", "7"), 400)
	holds(t, post(s, "admin", "/admin/tickets/bulk/", "do", "priority:low", "ticket", "7:3", "command", "x"), 400)
}

func TestOpeningATicket(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	holds(t, get(s, "user", "/admin/tickets/new/"), 200, `name="title"`)
	holds(t, get(s, "auditor", "/admin/tickets/new/"), 403, "You may not do this")
	leads(t, post(s, "user", "/admin/tickets/", "title", "x", "description", "a\r\nb", "priority", "medium"), "/admin/tickets/7/")
	if c := d.commands[0].(ticket.OpenTicket); c.Description != "a\nb" || c.Priority != ticket.Medium {
		t.Errorf("asked %+v", c)
	}
	holds(t, post(s, "user", "/admin/tickets/", "title", "", "description", "kept <b>"), 400, "A value is required.", "kept &lt;b&gt;", `id="title-fault"`)
	holds(t, post(s, "agent", "/admin/tickets/", "title", "x", "description", "y", "requester", "nemo"), 422, "Nobody is called nemo.")
	holds(t, post(s, "user", "/admin/tickets/", "title", "x", "description", "y", "requester", "agent"), 403)
	leads(t, post(s, "admin", "/admin/tickets/", "title", "x", "description", "y", "requester", "user"), "/admin/tickets/7/")
	if c := d.commands[len(d.commands)-1].(ticket.OpenTicket); c.CreatedBy != account("user").ID || c.Actor.Role != domain.RoleAdmin {
		t.Errorf("asked %+v", c)
	}
}
