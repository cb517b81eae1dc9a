package queue

import (
	"testing"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/web/webtest"
)

func TestOpeningATicket(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Holds(t, webtest.Get(s, "user", "/admin/tickets/new/"), 200, `name="title"`)
	webtest.Holds(t, webtest.Get(s, "auditor", "/admin/tickets/new/"), 403, "Access denied")
	webtest.Leads(t, webtest.Post(s, "user", "/admin/tickets/", "title", "x", "description", "a\r\nb", "priority", "medium"), "/admin/tickets/7/")
	if c := d.Commands[0].(ticket.OpenTicket); c.Description != "a\nb" || c.Priority != ticket.Medium {
		t.Errorf("asked %+v", c)
	}
	webtest.Holds(t, webtest.Post(s, "user", "/admin/tickets/", "title", "", "description", "kept <b>"), 400, "A value is required.", "kept &lt;b&gt;", `id="title-fault"`)
	webtest.Holds(t, webtest.Post(s, "agent", "/admin/tickets/", "title", "x", "description", "y", "requester", "nemo"), 422, "There is no user nemo.")
	webtest.Holds(t, webtest.Post(s, "user", "/admin/tickets/", "title", "x", "description", "y", "requester", "agent"), 403)
	webtest.Leads(t, webtest.Post(s, "admin", "/admin/tickets/", "title", "x", "description", "y", "requester", "user"), "/admin/tickets/7/")
	if c := d.Commands[len(d.Commands)-1].(ticket.OpenTicket); c.CreatedBy != webtest.Account("user").ID || c.Actor.Role != domain.RoleAdmin {
		t.Errorf("asked %+v", c)
	}
}
