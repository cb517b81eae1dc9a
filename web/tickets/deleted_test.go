package tickets

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"

	"helpdesk/web/webtest"
)

func TestADeletedTicketHasAPageForThoseWhoSeeItsHistory(t *testing.T) {
	t.Parallel()
	webtest.Each(t, func(t testing.TB) *site {
		s := talked(t)
		s.Post("admin", ticketPage+"delete/")
		return s
	}, map[string]func(*testing.T, *site){
		"an admin, who can restore it": func(_ *testing.T, s *site) {
			s.Get("admin", ticketPage).Holds(200, "Somebody did ticket.deleted.", "Printer &lt;3", `action="/admin/tickets/7/restore/"`, `name="version" value="5"`).
				Lacks(`action="/admin/tickets/7/edit/"`, `action="/admin/tickets/7/redact/"`, "Last version")
		},
		"an auditor, who cannot": func(_ *testing.T, s *site) {
			s.Get("auditor", ticketPage).Holds(200, "Somebody did ticket.deleted.").Lacks("restore/")
		},
		"at an earlier version": func(_ *testing.T, s *site) {
			s.Get("admin", ticketPage+"?version=2").Holds(200, "version 2 of 5", "Last version")
			s.Get("admin", ticketPage+"?version=x").Holds(400)
		},
		"and nobody else": func(_ *testing.T, s *site) {
			for _, who := range []string{"agent", "user"} {
				s.Get(who, ticketPage).Holds(404, "Page not found")
				s.Post(who, ticketPage+"restore/").Holds(404, "Page not found")
			}
			s.Get("admin", "/admin/tickets/8/").Holds(404, "Page not found")
		},
		"until it is restored": func(t *testing.T, s *site) {
			s.Post("admin", ticketPage+"restore/", "version", "5", "command", uuid.NewString()).Leads(ticketPage)
			if s.State().Deleted {
				t.Error("it is still deleted")
			}
			s.Get("admin", ticketPage).Holds(200, `action="/admin/tickets/7/edit/"`).Lacks("restore/")
		},
		"which a version before the deletion does not do": func(t *testing.T, s *site) {
			s.Post("admin", ticketPage+"restore/", "version", "4", "command", uuid.NewString()).Leads(ticketPage)
			if !s.State().Deleted {
				t.Error("it is restored")
			}
		},
	})
}

func TestWhoDeletesATicketIsOfferedToUndoThat(t *testing.T) {
	t.Parallel()
	after := func(s *site, who string) *webtest.Answer {
		a := s.Post(who, ticketPage+"delete/")
		a.Leads("/admin/tickets/")
		r := httptest.NewRequest(http.MethodGet, "/admin/account/nowhere/", nil)
		for _, cookie := range a.Result().Cookies() {
			r.AddCookie(cookie)
		}
		return s.Send(who, r)
	}
	webtest.Each(t, func(t testing.TB) *site { return serve(t) }, map[string]func(*testing.T, *site){
		"an admin": func(_ *testing.T, s *site) {
			after(s, "admin").Holds(404, "Ticket deleted.", "Undo", `action="/admin/tickets/bulk/"`, `name="ticket" value="7:2"`)
		},
		"but not the requester, who may not": func(_ *testing.T, s *site) {
			after(s, "user").Holds(404, "Ticket deleted.").Lacks("Undo")
		},
	})
}
