package reports

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/projections/reports"
	"helpdesk/web/webtest"
)

func TestNumbersOpenTheTicketsBehindThem(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	agent, high, low, seconds := webtest.Account("agent").ID.UUID, ticket.High, ticket.Low, 60.0
	d.behind = []reports.Evidence{
		{Number: "opened", TicketID: webtest.TicketID.UUID, TicketNumber: 7, Position: 1234, Priority: &high, OccurredAt: webtest.Noon},
		{Number: "resolved", TicketID: uuid.New(), TicketNumber: 8, Position: 2, Priority: &low, AgentID: &agent, OccurredAt: webtest.Noon},
		{Number: "resolution", TicketID: uuid.New(), TicketNumber: 9, Position: 3, Priority: &low, Seconds: &seconds, OccurredAt: webtest.Noon},
		{Number: "resolved", TicketID: uuid.New(), TicketNumber: 10, Position: 4, Priority: &high, OccurredAt: webtest.Noon},
	}
	page := webtest.Get(s, "admin", "/admin/reports/").Body.String()
	w := webtest.Get(s, "admin", webtest.Href(t, page, `<dt>Tickets opened</dt><dd><a href="`))
	webtest.Holds(t, w, 200, "Printer &lt;3", "1\u202f234", `rel="next"`)
	webtest.Lacks(t, w.Body.String(), "#8", "#9", "#10")
	webtest.Holds(t, webtest.Get(s, "admin", webtest.Href(t, w.Body.String(), `rel="next" href="`)), 200)
	if d.explain.After != 90 || !d.explain.Wanted {
		t.Errorf("the next part is asked for by %+v", d.explain)
	}
	page = webtest.Get(s, "admin", "/admin/reports/trend/").Body.String()
	webtest.Holds(t, webtest.Get(s, "admin", webtest.Href(t, page, `data-label="Opened"><a href="`)), 200, "Printer &lt;3", "From 2026-01-25")
	if len(d.spans) != 1 || d.spans[0].Since != webtest.Noon.Truncate(24*time.Hour).AddDate(0, 0, -6) {
		t.Errorf("the tickets behind a day are asked for as of %v", d.spans)
	}
	for query, want := range map[string]string{
		"?of=agents&number=resolved&agent=" + agent.String(): "#8 ", "?of=agents&number=resolved&agent=none": "#10 ",
		"?of=times&number=resolution&priority=low": "1 minute", "?of=times&number=resolution&priority=high": "No results",
		"?of=window&number=resolved": "#8 ", "?of=window&number=escalated": "No results on this page",
	} {
		webtest.Holds(t, webtest.Get(s, "auditor", "/admin/reports/drill-down/"+query), 200, want)
	}
	for _, query := range []string{"", "?of=window&number=backlog", "?of=x&number=opened", "?of=day&number=opened&day=2020-01-01", "?of=window&number=opened&after=x", "?of=window&number=opened&priority=9"} {
		webtest.Holds(t, webtest.Get(s, "admin", "/admin/reports/drill-down/"+query), 400)
	}
	webtest.Holds(t, webtest.Get(s, "agent", "/admin/reports/drill-down/?of=window&number=opened"), 403)
}
