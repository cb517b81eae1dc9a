package operations

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/web/webtest"
)

func TestWhatEscalatesNext(t *testing.T) {
	t.Parallel()
	const path = "/admin/system/escalations/"
	timed := func(t testing.TB) *site { // one timer more than a page has
		s := open(t)
		for i := range timersPage + 1 {
			s.timers = append(s.timers, Timer{ID: uuid.UUID{15: byte(i)}, TicketID: uuid.New(), DueAt: webtest.Noon.Add(time.Duration(i) * time.Hour)})
		}
		s.timers[0].TicketID, s.timers[0].Due = webtest.TicketID.UUID, true
		return s
	}
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"the spans are shown": func(_ *testing.T, s *site) {
			s.Get("auditor", path).Holds(200, "4 hours", "1 day 2 hours", "never", "open, in progress", "No upcoming escalations")
		},
		"a place that is none": func(_ *testing.T, s *site) { s.Get("admin", path+"?after=x").Holds(400) },
		"no worker has run": func(_ *testing.T, s *site) {
			s.idle = true
			s.Get("admin", path).Holds(200, "No worker of the service has run yet")
		},
		"the system leads there": func(_ *testing.T, s *site) { s.Get("admin", "/admin/system/").Leads(path) },
	})
	webtest.Each(t, timed, map[string]func(*testing.T, *site){
		"tickets are named": func(_ *testing.T, s *site) {
			s.Get("admin", path).Holds(200, "Printer &lt;3", "#7", "deleted, or not available", `rel="next"`)
		},
		"pages lead on": func(t *testing.T, s *site) {
			s.Get("admin", s.Get("admin", path).Next()).Holds(200, "Back to the first page")
			if want := webtest.Noon.Add((timersPage-1)*time.Hour).Format(time.RFC3339Nano) + " " + s.timers[timersPage-1].ID.String(); s.after != want {
				t.Errorf("the next page begins behind %s, want %s", s.after, want)
			}
		},
	})
}
