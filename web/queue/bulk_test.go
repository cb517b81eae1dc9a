package queue

import (
	"testing"

	"helpdesk/domain/ticket"
	"helpdesk/web/webtest"
)

func TestBulkActionsTellOfEachTicket(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	w := webtest.Post(s, "admin", "/admin/tickets/bulk/?status=all", "do", "status:resolved", "ticket", "7:1", "ticket", "8:3")
	webtest.Holds(t, w, 200, "1 of 2 tickets updated", "#7 Printer &lt;3", "Resolved.", "#8", "There is nothing here that you can see.")
	if d.State().Status != ticket.StatusResolved {
		t.Error("it is not resolved")
	}
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/tickets/bulk/", "do", "status:closed", "ticket", "7:1"), 200, "No ticket was updated", "It has changed since")
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/tickets/bulk/", "do", "status:closed"), 200, "Select at least one ticket.")
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/tickets/bulk/", "ticket", "7:2"), 200, "Choose an action.")
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/tickets/bulk/", "do", "assign", "assignee", "nemo", "ticket", "7:2"), 200, "There is no user nemo.")
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/tickets/bulk/", "do", "assign", "assignee", "user", "ticket", "7:2"), 200, "Tickets go to active agents and admins only.")
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/tickets/bulk/", "do", "assign", "assignee", "agent", "ticket", "7:2"), 200, "Assigned to agent.")
	webtest.Holds(t, webtest.Post(s, "agent", "/admin/tickets/bulk/", "do", "delete", "ticket", "7:3"), 200, "Your role may not do this.")
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/tickets/bulk/", "do", "priority:low", "ticket", "7"), 400)
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/tickets/bulk/", "do", "priority:low", "ticket", "7:3", "command", "x"), 400)
}
