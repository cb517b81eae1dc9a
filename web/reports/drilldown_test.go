package reports

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/projections/reports"
	"helpdesk/web/webtest"
)

// explained has tickets behind its numbers.
func explained(t testing.TB) *site {
	s := open(t)
	agent, high, low, seconds := webtest.Account("agent").ID.UUID, ticket.High, ticket.Low, 60.0
	s.behind = []reports.Evidence{
		{Number: "opened", TicketID: webtest.TicketID.UUID, TicketNumber: 7, Position: 1234, Priority: &high, OccurredAt: webtest.Noon},
		{Number: "resolved", TicketID: uuid.New(), TicketNumber: 8, Position: 2, Priority: &low, AgentID: &agent, OccurredAt: webtest.Noon},
		{Number: "resolution", TicketID: uuid.New(), TicketNumber: 9, Position: 3, Priority: &low, Seconds: &seconds, OccurredAt: webtest.Noon},
		{Number: "resolved", TicketID: uuid.New(), TicketNumber: 10, Position: 4, Priority: &high, OccurredAt: webtest.Noon},
	}
	return s
}

func TestNumbersOpenTheTicketsBehindThem(t *testing.T) {
	t.Parallel()
	const drillDown = "/admin/reports/drill-down/"
	opened := func(s *site) *webtest.Answer {
		return s.Get("admin", s.Get("admin", "/admin/reports/").Href(`<dt>Tickets opened</dt><dd><a href="`))
	}
	webtest.Each(t, explained, map[string]func(*testing.T, *site){
		"of a number of the whole": func(_ *testing.T, s *site) {
			opened(s).Holds(200, "Printer &lt;3", "1\u202f234", `rel="next"`).Lacks("#8", "#9", "#10")
		},
		"pages lead on": func(t *testing.T, s *site) {
			s.Get("admin", opened(s).Next()).Holds(200)
			if s.explain.After != 90 || !s.explain.Wanted {
				t.Errorf("the next part is asked for by %+v", s.explain)
			}
		},
		"of a day": func(t *testing.T, s *site) {
			trend := s.Get("admin", "/admin/reports/trend/")
			s.Get("admin", trend.Href(`data-label="Opened"><a href="`)).Holds(200, "Printer &lt;3", "From 2026-01-25")
			if len(s.spans) != 1 || s.spans[0].Since != webtest.Noon.Truncate(24*time.Hour).AddDate(0, 0, -6) {
				t.Errorf("the tickets behind a day are asked for as of %v", s.spans)
			}
		},
		"not for agents": func(_ *testing.T, s *site) {
			s.Get("agent", drillDown+"?of=window&number=opened").Holds(403)
		},
	})
	agent := webtest.Account("agent").ID.String()
	for query, want := range map[string]string{
		"?of=agents&number=resolved&agent=" + agent: ">#8</a> ", "?of=agents&number=resolved&agent=none": ">#10</a> ",
		"?of=times&number=resolution&priority=low": "1 minute", "?of=times&number=resolution&priority=high": "No results",
		"?of=window&number=resolved": ">#8</a> ", "?of=window&number=escalated": "No results on this page",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			explained(t).Get("auditor", drillDown+query).Holds(200, want)
		})
	}
	for name, query := range map[string]string{
		"of nothing": "", "a number without tickets": "?of=window&number=backlog", "of what there is not": "?of=x&number=opened",
		"of a day outside": "?of=day&number=opened&day=2020-01-01", "after no place": "?of=window&number=opened&after=x",
		"an unknown priority": "?of=window&number=opened&priority=9",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			explained(t).Get("admin", drillDown+query).Holds(400)
		})
	}
}
