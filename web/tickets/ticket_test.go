package tickets

import (
	"slices"
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
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			others := slices.DeleteFunc(slices.Clone(all), func(one string) bool { return slices.Contains(may, one) })
			talked(t).Get(role, ticketPage).Holds(200, append(may, "Printer &lt;3", "Did &lt;you&gt; try?")...).Lacks(others...)
		})
	}
}

func TestTheButtonThatStartsWorkSaysThatItTakesTheTicket(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Get("admin", ticketPage).Holds(200, "Take and start work")
	s.Post("admin", ticketPage+"status/", "to", "in-progress").Leads(ticketPage)
	if got, want := s.State().AssignedTo, webtest.Account("admin").ID; got != want {
		t.Errorf("it is %v's, want %v", got, want)
	}
	talked(t).Get("agent", ticketPage).Holds(200, "Start work").Lacks("Take and start work")
}

func TestTheAddressOfATicket(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		as, id string
		status int
	}{
		"its number": {"user", "7", 200}, "its id": {"user", webtest.TicketID.String(), 200}, "who may not see it": {"agent", "7", 404},
		"zero": {"user", "0", 404}, "another number": {"user", "8", 404}, "a word": {"user", "x", 404},
		"another id": {"user", uuid.NewString(), 404}, "a number too large": {"user", "99999999999999999999", 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := serve(t).Get(c.as, "/admin/tickets/"+c.id+"/").Holds(c.status)
			if c.status == 404 {
				a.Holds(404, "Page not found")
			}
		})
	}
}

func TestTravellingThroughAHistory(t *testing.T) {
	t.Parallel()
	webtest.Each(t, talked, map[string]func(*testing.T, *site){
		"the past is shown, and cannot be changed": func(_ *testing.T, s *site) {
			s.Get("admin", ticketPage+"?version=1").
				Holds(200, "version 1 of 4", `max="4"`, `value="1"`, "Current version", "unassigned").
				Lacks(`id="reply-text"`, "Assign to me", "Delete ticket", `id="edit"`)
		},
		"the newest version is the ticket": func(_ *testing.T, s *site) { s.Get("admin", ticketPage+"?version=4").Holds(200, `id="reply-text"`) },
		"a version to come is none": func(_ *testing.T, s *site) {
			s.Get("admin", ticketPage+"?version=999").Holds(404, "Ticket #7 is at version 4: there is no version 999 of it.")
		},
		"the past is not told from now": func(_ *testing.T, s *site) {
			s.Get("admin", ticketPage).Holds(200, "data-ago")
			s.Get("admin", ticketPage+"?version=1").Holds(200, "created this ticket").Lacks("data-ago")
		},
		"a version there never was": func(_ *testing.T, s *site) { s.Get("admin", ticketPage+"?version=0").Holds(400) },
		"each event leads to its version": func(_ *testing.T, s *site) {
			s.Get("admin", ticketPage).Holds(200, "Somebody did ticket.assigned.", `href="#e43"`, "The email was queued.", "<del>open</del>", `href="/admin/tickets/7/?version=2"`)
		},
	})
}

func TestLongHistoriesHaveMorePages(t *testing.T) {
	t.Parallel()
	long := func(t testing.TB) *site {
		s := talked(t)
		s.more = true
		return s
	}
	webtest.Each(t, long, map[string]func(*testing.T, *site){
		"to which a link leads": func(_ *testing.T, s *site) {
			s.Get("admin", ticketPage).Holds(200, `href="/admin/tickets/7/?before=41#history"`)
		},
		"before a position": func(t *testing.T, s *site) {
			s.Get("admin", ticketPage+"?before=41").Holds(200)
			if s.page.Cursor == nil || s.page.Cursor.Key != "41" || !s.page.Cursor.Back {
				t.Errorf("page %+v", s.page)
			}
		},
		"but not before what is none": func(_ *testing.T, s *site) { s.Get("admin", ticketPage+"?before=x").Holds(400) },
	})
}

func TestWhoElseLooks(t *testing.T) {
	t.Parallel()
	const here = ticketPage + "here/"
	webtest.Each(t, talked, map[string]func(*testing.T, *site){
		"is told to staff, as a part of the page": func(_ *testing.T, s *site) {
			s.Post("admin", here).Holds(200, "agent is also viewing this ticket").Lacks("<html")
		},
		"until they left": func(t *testing.T, s *site) {
			s.Post("admin", here, "gone", "yes").Holds(200)
			if s.left != 1 {
				t.Error("who left is still there")
			}
		},
		"is not told to requesters": func(_ *testing.T, s *site) {
			s.Post("user", here).Holds(403)
			s.Get("user", ticketPage).Holds(200).Lacks("viewing this ticket")
		},
	})
}

func TestAMomentThatIsNoneIsNamed(t *testing.T) {
	t.Parallel()
	s := talked(t)
	for _, version := range []string{"0", "-1", "abc"} {
		s.Get("user", ticketPage+"?version="+version).Holds(400, "whole number from 1 on").Lacks("Unknown filter")
	}
	s.Get("user", ticketPage+"?as_of=yesterday").Holds(400, "No such time", "2026-01-31T12:00:00Z")
	s.Get("user", ticketPage+"?version=01").Holds(400, "No such version")
	s.Get("user", ticketPage+"?version=1&as_of=2026-01-31T12:00:00Z").Holds(400, "either a version or a time")
}

func TestStaffAreToldThatEmailsToTheRequesterComeBack(t *testing.T) {
	s := talked(t)
	s.Get("agent", ticketPage).Lacks("No emails are sent")
	s.BouncedAt, s.Bounce = new(webtest.Noon), "5.1.1: no such <user>"
	const why = "No emails are sent to user: one came back: 5.1.1: no such &lt;user&gt;"
	s.Get("agent", ticketPage).Holds(200, why)
	s.Get("user", ticketPage).Holds(200).Lacks("No emails are sent")
}
