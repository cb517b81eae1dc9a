package reports

import (
	"context"
	"testing"
	"time"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

// desk stands in for what is behind the section.
type desk struct {
	*webtest.OneTicket
	head    int64
	spans   []projections.Span
	explain projections.Explain
	behind  []projections.Evidence
}

func newDesk() *desk { return &desk{OneTicket: webtest.NewTicket()} }

func newSite(t *testing.T, d *desk) *web.Site {
	t.Helper()
	s := &Section{Reports: reportDesk{d}, Tickets: d, Log: d}
	return webtest.Site(t, d.Backend, s.Pages()...)
}

func (d *desk) Head(context.Context) (int64, error) { return max(d.head, 40), nil }

// reportDesk has reports: in the span i, i+1 tickets of high and one of low priority
// were opened.
type reportDesk struct{ *desk }

func (d reportDesk) Now(context.Context) (time.Time, error) { return webtest.Noon, d.ReadErr }

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
	id, name, seconds := webtest.Account("agent").ID.UUID, "agent", 5400.0
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
