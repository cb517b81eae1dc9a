package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
)

// reportDesk returns reports: in the span i, i+1 tickets of high and one of low
// priority were opened.
type reportDesk struct{ *desk }

func (d reportDesk) Now(context.Context) (time.Time, error) { return noon, d.readErr }

func (d reportDesk) Report(_ context.Context, q projections.ReportQuery) (projections.Report, error) {
	d.explain = q.Explain
	return projections.Report{Opened: 1234, Resolved: 5, To: q.To, Behind: d.behind, Next: 90}, nil
}

func (d reportDesk) Counts(_ context.Context, spans []projections.Span, e projections.Explain) (r projections.Reported[projections.Counts], _ error) {
	d.spans, d.explain = spans, e
	for i := range spans {
		r.Rows = append(r.Rows, projections.Counts{Span: i, Priority: ticket.Low, Opened: 1}, projections.Counts{Span: i, Priority: ticket.High, Opened: int64(i) + 1, Backlog: 9})
	}
	r.Behind = d.behind
	return r, nil
}

func (d reportDesk) Agents(_ context.Context, s projections.Span, e projections.Explain) (r projections.Reported[projections.AgentCounts], _ error) {
	d.spans, d.explain = []projections.Span{s}, e
	id, name, seconds := account("agent").ID.UUID, "agent", 5400.0
	r.Rows = []projections.AgentCounts{{AgentID: &id, Username: &name, Resolved: 3, WaitTimes: projections.WaitTimes{MedianSeconds: &seconds}}, {Escalated: 2}}
	r.Behind = d.behind
	return r, nil
}

func (d reportDesk) ResponseTimes(_ context.Context, s projections.Span, e projections.Explain) (r projections.Reported[projections.ResponseTimes], _ error) {
	seconds, high := 90.0, ticket.High
	r.Rows = []projections.ResponseTimes{{Measure: "first_response", Tickets: 2, WaitTimes: projections.WaitTimes{MedianSeconds: &seconds}}, {Measure: "resolution", Priority: &high}}
	r.Behind = d.behind
	return r, nil
}

func TestReportsSayWhenTheyAreNotComplete(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	const said = "These numbers are not complete yet"
	for _, path := range []string{"/admin/reports/", "/admin/reports/course/", "/admin/reports/waits/", "/admin/reports/agents/"} {
		d.head = uncountedNotable - 1 // the numbers of this desk are up to position 0
		lacks(t, get(s, "auditor", path).Body.String(), said)
		d.head = 8_695_700
		holds(t, get(s, "auditor", path), 200, said, "8\u202f695\u202f700 events")
	}
}

func TestReportsAreOfAnyPeriod(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	w := get(s, "auditor", "/admin/reports/")
	at := "?as_of=20260131T120000.000000Z"
	holds(t, w, 200, "1\u202f234", "Day by day", `data-later="/admin/reports/course/`+at+`"`, `href="/admin/reports/waits/`+at+`"`, "Agents")
	if d.spans != nil {
		t.Error("the page waits for its parts")
	}
	holds(t, get(s, "auditor", "/admin/reports/course/"+at), 200, `id="course"`, "Day by day", "<desc", "The figures", "Sun 25 Jan 2026",
		"v-100h", "7 values from 25 January 2026 on, between 2 and 8; the last is 8.")
	holds(t, get(s, "auditor", "/admin/reports/waits/"+at), 200, `id="waits"`, "1 minute 30 seconds", "<html")
	byScript := httptest.NewRequest(http.MethodGet, "/admin/reports/waits/"+at, nil)
	byScript.Header.Set("X-Part", "yes")
	w = send(s, "auditor", byScript)
	holds(t, w, 200, `id="waits"`, "1 minute 30 seconds")
	lacks(t, w.Body.String(), "<html")
	holds(t, get(s, "auditor", "/admin/reports/agents/"+at), 200, `id="agents"`, "1 hour 30 minutes", "nobody")
	for query, want := range map[string]struct {
		n           int
		first, last string
	}{
		"":                                      {7, "2026-01-25T00:00:00Z", "2026-01-31T12:00:00.000001Z"},
		"?days=1":                               {1, "2026-01-31T00:00:00Z", "2026-01-31T12:00:00.000001Z"},
		"?days=31":                              {31, "2026-01-01T00:00:00Z", "2026-01-31T12:00:00.000001Z"},
		"?days=366":                             {27, "2025-01-19T00:00:00Z", "2026-01-31T12:00:00.000001Z"},
		"?days=2&tz=Asia/Tokyo":                 {2, "2026-01-29T15:00:00Z", "2026-01-31T12:00:00.000001Z"},
		"?as_of=2026-01-10T08:30":               {7, "2026-01-04T00:00:00Z", "2026-01-10T08:30:00.000001Z"},
		"?as_of=2026-01-10T08:30&tz=Asia/Tokyo": {7, "2026-01-03T15:00:00Z", "2026-01-09T23:30:00.000001Z"},
		"?as_of=2026-01-10T00:00:00.000005Z":    {7, "2026-01-04T00:00:00Z", "2026-01-10T00:00:00.000006Z"},
	} {
		p, err := readPeriod(valuesOf(t, query))
		if p.AsOf.IsZero() {
			p.AsOf = noon
		}
		spans := p.spans()
		for i := 1; i < len(spans); i++ {
			if !spans[i].Since.Equal(spans[i-1].Upto) {
				t.Errorf("%s: there is a gap before %v", query, spans[i])
			}
		}
		last := len(spans) - 1
		got := []any{len(spans), spans[0].Since.UTC().Format(time.RFC3339Nano), spans[last].Upto.UTC().Format(time.RFC3339Nano)}
		if diff := cmp.Diff([]any{want.n, want.first, want.last}, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", query, err, diff)
		}
		for _, part := range []string{"", "course/", "waits/", "agents/"} {
			holds(t, get(s, "admin", "/admin/reports/"+part+query), 200)
		}
	}
	w = get(s, "admin", "/admin/reports/course/?days=366")
	holds(t, w, 200, "Every two weeks")
	if n := w.Body.Len(); n > 45_000 {
		t.Errorf("the page of a year has %d bytes", n)
	}
	for _, query := range []string{"?days=0", "?days=367", "?days=x", "?as_of=x", "?as_of=2026-02-01T00:00", "?tz=Nowhere/Land", "?tz=Local"} {
		for _, part := range []string{"", "course/", "waits/", "agents/"} {
			holds(t, get(s, "admin", "/admin/reports/"+part+query), 400, "There is no such report")
		}
	}
}

func valuesOf(t *testing.T, query string) map[string][]string {
	t.Helper()
	values := map[string][]string{}
	for pair := range strings.SplitSeq(strings.TrimPrefix(query, "?"), "&") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			values[name] = []string{value}
		}
	}
	return values
}

func TestNumbersOpenTheTicketsBehindThem(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	agent, high, low, seconds := account("agent").ID.UUID, ticket.High, ticket.Low, 60.0
	d.behind = []projections.Evidence{
		{Number: "opened", TicketID: ticketID.UUID, TicketNumber: 7, Position: 1234, Priority: &high, OccurredAt: noon},
		{Number: "resolved", TicketID: uuid.New(), TicketNumber: 8, Position: 2, Priority: &low, AgentID: &agent, OccurredAt: noon},
		{Number: "resolution", TicketID: uuid.New(), TicketNumber: 9, Position: 3, Priority: &low, Seconds: &seconds, OccurredAt: noon},
		{Number: "resolved", TicketID: uuid.New(), TicketNumber: 10, Position: 4, Priority: &high, OccurredAt: noon},
	}
	page := get(s, "admin", "/admin/reports/").Body.String()
	w := get(s, "admin", hrefOf(t, page, `<dt>Tickets opened</dt><dd><a href="`))
	holds(t, w, 200, "Printer &lt;3", "1\u202f234", `rel="next"`)
	lacks(t, w.Body.String(), "#8", "#9", "#10")
	holds(t, get(s, "admin", hrefOf(t, w.Body.String(), `rel="next" href="`)), 200)
	if d.explain.After != 90 || !d.explain.Wanted {
		t.Errorf("the next part is asked for by %+v", d.explain)
	}
	page = get(s, "admin", "/admin/reports/course/").Body.String()
	holds(t, get(s, "admin", hrefOf(t, page, `data-label="Opened"><a href="`)), 200, "Printer &lt;3", "From 2026-01-25")
	if len(d.spans) != 1 || d.spans[0].Since != noon.Truncate(24*time.Hour).AddDate(0, 0, -6) {
		t.Errorf("the tickets behind a day are asked for as of %v", d.spans)
	}
	for query, want := range map[string]string{
		"?of=agents&number=resolved&agent=" + agent.String(): "#8 ", "?of=agents&number=resolved&agent=none": "#10 ",
		"?of=waits&number=resolution&priority=low": "1 minute", "?of=waits&number=resolution&priority=high": "There is no ticket behind this number",
		"?of=window&number=resolved": "#8 ", "?of=window&number=escalated": "None in this part",
	} {
		holds(t, get(s, "auditor", "/admin/reports/tickets/"+query), 200, want)
	}
	for _, query := range []string{"", "?of=window&number=backlog", "?of=x&number=opened", "?of=day&number=opened&day=2020-01-01", "?of=window&number=opened&after=x", "?of=window&number=opened&priority=9"} {
		holds(t, get(s, "admin", "/admin/reports/tickets/"+query), 400)
	}
	holds(t, get(s, "agent", "/admin/reports/tickets/?of=window&number=opened"), 403)
}
