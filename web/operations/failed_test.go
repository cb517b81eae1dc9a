package operations

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/web/webtest"
)

func TestWhatIsFailedIsDecidedOn(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/system/failed/"), 200, "Nothing has failed")
	one, two := uuid.UUID{1}, uuid.UUID{2}
	for range failedMost - 1 {
		d.failed = append(d.failed, FailedCommand{ID: uuid.New(), Name: "SendEmail"})
	}
	d.failed = append([]FailedCommand{
		{ID: one, Name: "EscalateTicket", Payload: `{"a":"<b>"}`, Error: "no <way>", Attempts: 12, FailedAt: webtest.Noon}, {ID: two, Name: "SendEmail"},
	}, d.failed...)
	d.events = []FailedEvent{{"ticket_list", 1234, webtest.TicketID.UUID, "boom"}, {"ticket_list", 1235, webtest.TicketID.UUID, "behind"}, {"user_list", 9, one, "bang"}}
	w := webtest.Get(s, "admin", "/admin/system/failed/")
	webtest.Holds(t, w, 200, "no &lt;way&gt;", "12 attempts", "&lt;b&gt;", "1 more not shown", "1\u202f234", "boom", "bang", "Apply now", "Discard")
	webtest.Lacks(t, webtest.Get(s, "auditor", "/admin/system/failed/").Body.String(), "Discard", "Apply now", "Retry")
	path := "/admin/system/failed/commands/"
	webtest.Leads(t, webtest.Post(s, "admin", path+one.String()+"/", "do", "retry"), "/admin/system/failed/")
	webtest.Leads(t, webtest.Post(s, "admin", path+two.String()+"/", "do", "discard"), "/admin/system/failed/")
	webtest.Leads(t, webtest.Post(s, "admin", path+two.String()+"/", "do", "discard"), "/admin/system/failed/") // sent twice
	webtest.Leads(t, webtest.Post(s, "admin", "/admin/system/failed/events/ticket_list/"), "/admin/system/failed/")
	webtest.Leads(t, webtest.Post(s, "admin", "/admin/system/failed/events/nobody/"), "/admin/system/failed/")
	if diff := cmp.Diff([]string{"retry", "discard", "replay ticket_list"}, d.did); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	webtest.Holds(t, webtest.Post(s, "admin", path+one.String()+"/", "do", "sing"), 400)
	webtest.Holds(t, webtest.Post(s, "admin", path+"x/", "do", "retry"), 404)
	webtest.Holds(t, webtest.Post(s, "auditor", path+one.String()+"/", "do", "retry"), 403)
	webtest.Holds(t, webtest.Post(s, "auditor", "/admin/system/failed/events/ticket_list/"), 403)
}
