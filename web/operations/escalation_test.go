package operations

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/web/webtest"
)

func TestWhatEscalatesNext(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Holds(t, webtest.Get(s, "auditor", "/admin/system/escalations/"), 200, "4 hours", "1 day 2 hours", "never", "open, in progress", "No upcoming escalations")
	for i := range timersPage + 1 {
		d.timers = append(d.timers, Timer{ID: uuid.UUID{15: byte(i)}, TicketID: uuid.New(), DueAt: webtest.Noon.Add(time.Duration(i) * time.Hour)})
	}
	d.timers[0].TicketID, d.timers[0].Due = webtest.TicketID.UUID, true
	w := webtest.Get(s, "admin", "/admin/system/escalations/")
	webtest.Holds(t, w, 200, "Printer &lt;3", "#7", "deleted, or not available", `rel="next"`)
	webtest.Holds(t, webtest.Get(s, "admin", webtest.Href(t, w.Body.String(), `rel="next" href="`)), 200, "Back to the first page")
	if want := webtest.Noon.Add((timersPage-1)*time.Hour).Format(time.RFC3339Nano) + " " + d.timers[timersPage-1].ID.String(); d.after != want {
		t.Errorf("the next page begins behind %s, want %s", d.after, want)
	}
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/system/escalations/?after=x"), 400)
	d.idle = true
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/system/escalations/"), 200, "No worker of the service has run yet")
	webtest.Leads(t, webtest.Get(s, "admin", "/admin/system/"), "/admin/system/escalations/")
}
