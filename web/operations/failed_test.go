package operations

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/web/webtest"
)

func TestWhatIsFailedIsDecidedOn(t *testing.T) {
	t.Parallel()
	const path = "/admin/system/failed/"
	one, two := path+"commands/"+uuid.UUID{1}.String()+"/", path+"commands/"+uuid.UUID{2}.String()+"/"
	failed := func(t testing.TB) *site { // one command more than are shown
		s := open(t)
		s.failed = []FailedCommand{
			{ID: uuid.UUID{1}, Name: "EscalateTicket", Payload: `{"a":"<b>"}`, Error: "no <way>", Attempts: 12, FailedAt: webtest.Noon}, {ID: uuid.UUID{2}, Name: "SendEmail"},
		}
		for range failedMost - 1 {
			s.failed = append(s.failed, FailedCommand{ID: uuid.New(), Name: "SendEmail"})
		}
		s.events = []FailedEvent{{"ticket_list", 1234, webtest.TicketID.UUID, "boom"}, {"ticket_list", 1235, webtest.TicketID.UUID, "behind"}, {"user_list", 9, uuid.UUID{1}, "bang"}}
		return s
	}
	did := func(t *testing.T, s *site, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, s.did); diff != "" {
			t.Errorf("done (-want +got):\n%s", diff)
		}
	}
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"nothing has": func(_ *testing.T, s *site) { s.Get("admin", path).Holds(200, "Nothing has failed") },
	})
	webtest.Each(t, failed, map[string]func(*testing.T, *site){
		"an admin sees it": func(_ *testing.T, s *site) {
			s.Get("admin", path).Holds(200, "no &lt;way&gt;", "12 attempts", "&lt;b&gt;", "1 more not shown", "1\u202f234", "boom", "bang", "Apply now", "Discard")
		},
		"an auditor decides nothing": func(_ *testing.T, s *site) {
			s.Get("auditor", path).Holds(200, "boom").Lacks("Discard", "Apply now", "Retry")
			s.Post("auditor", one, "do", "retry").Holds(403)
			s.Post("auditor", path+"events/ticket_list/").Holds(403)
		},
		"a command is retried": func(t *testing.T, s *site) {
			s.Post("admin", one, "do", "retry").Leads(path)
			did(t, s, "retry")
		},
		"a command is discarded, by a form sent twice": func(t *testing.T, s *site) {
			s.Post("admin", two, "do", "discard").Leads(path)
			s.Post("admin", two, "do", "discard").Leads(path)
			did(t, s, "discard")
		},
		"events are applied": func(t *testing.T, s *site) {
			s.Post("admin", path+"events/ticket_list/").Leads(path)
			s.Post("admin", path+"events/nobody/").Leads(path)
			did(t, s, "replay ticket_list")
		},
		"a decision there is not": func(_ *testing.T, s *site) { s.Post("admin", one, "do", "sing").Holds(400) },
		"an id that is none":      func(_ *testing.T, s *site) { s.Post("admin", path+"commands/x/", "do", "retry").Holds(404) },
	})
}
