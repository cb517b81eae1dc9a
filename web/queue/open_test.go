package queue

import (
	"testing"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/web/webtest"
)

func TestOpeningATicket(t *testing.T) {
	t.Parallel()
	const path = "/admin/tickets/"
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"by a form":                func(_ *testing.T, s *site) { s.Get("user", path+"new/").Holds(200, `name="title"`) },
		"which an auditor has not": func(_ *testing.T, s *site) { s.Get("auditor", path+"new/").Holds(403, "Access denied") },
		"leads to it": func(t *testing.T, s *site) {
			s.Post("user", path+"new/", "title", "x", "description", "a\r\nb", "priority", "medium").Leads("/admin/tickets/7/")
			if c := s.Commands[0].(ticket.OpenTicket); c.Description != "a\nb" || c.Priority != ticket.Medium {
				t.Errorf("asked %+v", c)
			}
		},
		"without a title": func(_ *testing.T, s *site) {
			s.Post("user", path+"new/", "title", "", "description", "kept <b>").Holds(400, "A value is required.", "kept &lt;b&gt;", `id="title-fault"`)
		},
		"for somebody there is not": func(_ *testing.T, s *site) {
			s.Post("agent", path+"new/", "title", "x", "description", "y", "requester", "nemo").Holds(422, "There is no user nemo.")
		},
		"for another, by a user": func(_ *testing.T, s *site) {
			s.Post("user", path+"new/", "title", "x", "description", "y", "requester", "agent").Holds(403)
		},
		"for another, by an admin": func(t *testing.T, s *site) {
			s.Post("admin", path+"new/", "title", "x", "description", "y", "requester", "user").Leads("/admin/tickets/7/")
			if c := s.Commands[0].(ticket.OpenTicket); c.CreatedBy != webtest.Account("user").ID || c.Actor.Role != domain.RoleAdmin {
				t.Errorf("asked %+v", c)
			}
		},
	})
}
