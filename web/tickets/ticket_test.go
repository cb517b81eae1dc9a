package tickets

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"helpdesk/web/webtest"
)

func TestTheTicketShowsEachRoleWhatItMayDo(t *testing.T) {
	t.Parallel()
	const start, resolve, closes, escalate = `value="in-progress"`, `name="to" value="resolved"`, `name="to" value="closed"`, `name="to" value="escalated"`
	const edit, note, reply, take, assign, remove, change = `id="edit"`, "Add internal note", `id="reply-text"`, "Assign to me", "Assign to username", "Delete ticket", `action="/admin/tickets/7/comments/`
	all := []string{edit, note, reply, take, assign, remove, change, "He did not.", start, resolve, closes, escalate, "viewing this ticket", "Escalates"}
	for role, may := range map[string][]string{
		"user":    {edit, reply, closes},
		"agent":   {edit, note, reply, change, "He did not.", start, resolve, closes, escalate, "Escalates"},
		"admin":   all,
		"auditor": {"He did not.", "viewing this ticket", "Escalates"},
	} {
		w := webtest.Get(newSite(t, talked()), role, ticketPage)
		webtest.Holds(t, w, 200, append(may, "Printer &lt;3", "Did &lt;you&gt; try?")...)
		for _, one := range all {
			offered := false
			for _, m := range may {
				offered = offered || m == one
			}
			if !offered && strings.Contains(w.Body.String(), one) {
				t.Errorf("%s is offered %q", role, one)
			}
		}
	}
	s := newSite(t, newDesk())
	webtest.Holds(t, webtest.Get(s, "agent", ticketPage), 404, "Page not found")
	webtest.Holds(t, webtest.Get(s, "user", "/admin/tickets/"+webtest.TicketID.String()+"/"), 200)
	for _, name := range []string{"0", "8", "x", uuid.NewString(), "99999999999999999999"} {
		webtest.Holds(t, webtest.Get(s, "user", "/admin/tickets/"+name+"/"), 404)
	}
}

func TestTravellingThroughAHistory(t *testing.T) {
	t.Parallel()
	s := newSite(t, talked())
	w := webtest.Get(s, "admin", ticketPage+"?version=1")
	webtest.Holds(t, w, 200, "version 1 of 4", `max="4"`, `value="1"`, "Current version", "unassigned")
	for _, hidden := range []string{`id="reply-text"`, "Assign to me", "Delete ticket", `id="edit"`} {
		if strings.Contains(w.Body.String(), hidden) {
			t.Errorf("the past can be changed: %s", hidden)
		}
	}
	webtest.Holds(t, webtest.Get(s, "admin", ticketPage+"?version=4"), 200, `id="reply-text"`)
	webtest.Holds(t, webtest.Get(s, "admin", ticketPage+"?version=9"), 200, `id="reply-text"`)
	webtest.Holds(t, webtest.Get(s, "admin", ticketPage+"?version=0"), 400)
	webtest.Holds(t, webtest.Get(s, "admin", ticketPage), 200, "Somebody did ticket.assigned.", `href="#e43"`, "The email was queued.", "<del>open</del>", `href="/admin/tickets/7/?version=2"`)
}

func TestLongHistoriesHaveMorePages(t *testing.T) {
	t.Parallel()
	d := talked()
	d.more = true
	s := newSite(t, d)
	webtest.Holds(t, webtest.Get(s, "admin", ticketPage), 200, `href="/admin/tickets/7/?before=41#history"`)
	webtest.Holds(t, webtest.Get(s, "admin", ticketPage+"?before=41"), 200)
	if d.page.Cursor == nil || d.page.Cursor.Key != "41" || !d.page.Cursor.Back {
		t.Errorf("page %+v", d.page)
	}
	webtest.Holds(t, webtest.Get(s, "admin", ticketPage+"?before=x"), 400)
}

func TestWhoElseLooks(t *testing.T) {
	t.Parallel()
	d := talked()
	s := newSite(t, d)
	w := webtest.Post(s, "admin", ticketPage+"here/")
	webtest.Holds(t, w, 200, "agent is also viewing this ticket")
	if strings.Contains(w.Body.String(), "<html") {
		t.Error("a whole page is answered")
	}
	webtest.Holds(t, webtest.Post(s, "admin", ticketPage+"here/", "gone", "yes"), 200)
	if d.left != 1 {
		t.Error("who left is still there")
	}
	webtest.Holds(t, webtest.Post(s, "user", ticketPage+"here/"), 403)
	if strings.Contains(webtest.Get(s, "user", ticketPage).Body.String(), "viewing this ticket") {
		t.Error("a requester is told who looks")
	}
}
