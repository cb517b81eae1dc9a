package queue

import (
	"testing"

	"helpdesk/domain/ticket"
	"helpdesk/web/webtest"
)

func TestBulkActionsTellOfEachTicket(t *testing.T) {
	t.Parallel()
	const path = "/admin/tickets/bulk/"
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"one can be resolved, the other is not there": func(t *testing.T, s *site) {
			s.Post("admin", path+"?status=all", "do", "status:resolved", "ticket", "7:1", "ticket", "8:3").
				Holds(200, "1 of 2 tickets updated", "#7 Printer &lt;3", "Resolved.", "#8", "There is nothing here that you can see.")
			if s.State().Status != ticket.StatusResolved {
				t.Error("it is not resolved")
			}
		},
		"one has changed": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "status:resolved", "ticket", "7:1")
			s.Post("admin", path, "do", "status:closed", "ticket", "7:1").Holds(200, "No ticket was updated", "It has changed since")
		},
		"none is selected": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "status:closed").Holds(200, "Select at least one ticket.")
		},
		"no action is chosen": func(_ *testing.T, s *site) { s.Post("admin", path, "ticket", "7:1").Holds(200, "Choose an action.") },
		"an assignee there is not": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "assign", "assignee", "nemo", "ticket", "7:1").Holds(200, "There is no user nemo.")
		},
		"an assignee who is no staff": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "assign", "assignee", "user", "ticket", "7:1").Holds(200, "Tickets go to active agents and admins only.")
		},
		"an agent is assigned": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "assign", "assignee", "agent", "ticket", "7:1").Holds(200, "Assigned to agent.")
		},
		"an agent deletes none": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "assign", "assignee", "agent", "ticket", "7:1")
			s.Post("agent", path, "do", "delete", "ticket", "7:2").Holds(200, "Your role may not do this.")
		},
		"one without a version": func(_ *testing.T, s *site) { s.Post("admin", path, "do", "priority:low", "ticket", "7").Holds(400) },
		"a command id that is none": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "priority:low", "ticket", "7:1", "command", "x").Holds(400)
		},
	})
}
