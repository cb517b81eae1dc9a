package queue

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/web/webtest"
)

func TestBulkActionsTellOfEachTicket(t *testing.T) {
	t.Parallel()
	const path = "/admin/tickets/bulk/"
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"one can be resolved, the other is not there": func(t *testing.T, s *site) {
			a := s.Post("admin", path+"?status=all", "do", "status:resolved", "ticket", "7:1", "ticket", "8:3").Leads("/admin/tickets/?status=all")
			s.Follow("admin", a).
				Holds(200, "1 of 2 tickets updated", "#7 Printer &lt;3", "Resolved.", "#8", "Not found, or you may not see it.")
			if s.State().Status != ticket.StatusResolved {
				t.Error("it is not resolved")
			}
		},
		"one has changed": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "status:resolved", "ticket", "7:1")
			s.Follow("admin", s.Post("admin", path, "do", "status:closed", "ticket", "7:1", "command", uuid.NewString())).Holds(200, "No ticket was updated", "It has changed since")
		},
		"an action that was sent as another": func(t *testing.T, s *site) {
			s.Post("admin", path, "do", "status:resolved", "ticket", "7:1")
			s.Post("admin", path, "do", "status:closed", "ticket", "7:2").Holds(409, "This form was submitted before with other content")
			if s.State().Status != ticket.StatusResolved {
				t.Error("it was closed")
			}
		},
		"none is selected": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "status:closed").Holds(400, "Select at least one ticket.", `<option value="status:closed" selected>`)
		},
		"no action is chosen": func(_ *testing.T, s *site) {
			s.Post("admin", path, "ticket", "7:1").Holds(400, "Choose an action.", `value="7:1" checked`)
		},
		"an assignee there is not": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "assign", "assignee", "nemo", "ticket", "7:1").Holds(422, "There is no user nemo.", `value="7:1" checked`, `value="nemo"`, `value="assign" selected`)
		},
		"an assignee who is no staff": func(_ *testing.T, s *site) {
			s.Follow("admin", s.Post("admin", path, "do", "assign", "assignee", "user", "ticket", "7:1")).Holds(200, "Tickets go to active agents and admins only.")
		},
		"an agent is assigned": func(_ *testing.T, s *site) {
			s.Follow("admin", s.Post("admin", path, "do", "assign", "assignee", "agent", "ticket", "7:1")).Holds(200, "Assigned to agent.")
		},
		"an agent deletes none": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "assign", "assignee", "agent", "ticket", "7:1")
			s.Follow("agent", s.Post("agent", path, "do", "delete", "ticket", "7:2")).Holds(200, "Your role may not do this.")
		},
		"one without a version": func(_ *testing.T, s *site) { s.Post("admin", path, "do", "priority:low", "ticket", "7").Holds(400) },
		"a command id that is none": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "priority:low", "ticket", "7:1", "command", "x").Holds(400)
		},
	})
}

// What is loaded anew after a bulk action is the list, which says once what became of it.
func TestABulkActionLeadsToTheList(t *testing.T) {
	t.Parallel()
	s := open(t)
	form := []string{"do", "priority:low"}
	for n := range bulkMost {
		form = append(form, "ticket", fmt.Sprintf("%d:12345", 7_000_000+n))
	}
	done := s.Post("admin", "/admin/tickets/bulk/?status=all&order=oldest", form...).Leads("/admin/tickets/?order=oldest&status=all")
	s.Follow("admin", done).Holds(200, "No ticket was updated", "#7000099", "Not found, or you may not see it.")
	s.Get("admin", done.Header().Get("Location")).Holds(200).Lacks("No ticket was updated")
	for _, c := range done.Result().Cookies() {
		if len(c.String()) > 4096 {
			t.Errorf("a cookie of %d bytes", len(c.String()))
		}
	}
}

func TestTicketsAreDeletedOnceSomebodyIsSure(t *testing.T) {
	t.Parallel()
	const path = "/admin/tickets/bulk/?status=all"
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"who is asked with their number": func(t *testing.T, s *site) {
			s.Follow("admin", s.Post("admin", path, "do", "delete", "ticket", "7:1")).
				Holds(200, "Delete 1 ticket?", "Printer &lt;3", `name="ticket" value="7:1"`, `action="/admin/tickets/bulk/?status=all"`, `href="/admin/tickets/?status=all"`)
			if s.State().Deleted {
				t.Error("it is deleted unasked")
			}
		},
		"and then they are": func(t *testing.T, s *site) {
			s.Follow("admin", s.Post("admin", path, "do", "delete", "sure", "yes", "ticket", "7:1")).
				Holds(200, "1 ticket deleted", "Deleted.", "Undo", `name="do" value="restore"`, `name="ticket" value="7:2"`)
			if !s.State().Deleted {
				t.Error("it is not deleted")
			}
		},
		"and are restored where that was wrong": func(t *testing.T, s *site) {
			s.Post("admin", path, "do", "delete", "sure", "yes", "ticket", "7:1")
			s.Follow("admin", s.Post("admin", path, "do", "restore", "ticket", "7:2", "command", uuid.NewString())).Holds(200, "1 ticket restored", "#7 Printer &lt;3").Lacks("Undo")
			if s.State().Deleted {
				t.Error("it is still deleted")
			}
			s.Follow("admin", s.Post("admin", path, "do", "restore", "ticket", "7:3", "command", uuid.NewString())).Holds(200, "No ticket was restored", "The ticket is not deleted.")
		},
		"but by an admin alone": func(t *testing.T, s *site) {
			s.Post("admin", path, "do", "delete", "sure", "yes", "ticket", "7:1")
			s.Follow("agent", s.Post("agent", path, "do", "restore", "ticket", "7:2", "command", uuid.NewString())).Holds(200, "No ticket was restored")
			if !s.State().Deleted {
				t.Error("an agent restored it")
			}
		},
		"and none where none is selected": func(_ *testing.T, s *site) {
			s.Post("admin", path, "do", "delete").Holds(400, "Select at least one ticket.")
		},
		"its address leads back to the list": func(_ *testing.T, s *site) { s.Get("admin", path).Leads("/admin/tickets/?status=all") },
	})
}
