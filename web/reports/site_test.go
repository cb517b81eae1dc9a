package reports

import (
	"context"
	"testing"
	"time"

	"helpdesk/domain/ticket"
	"helpdesk/projections/reports"
	"helpdesk/web/webtest"
)

// site has the pages of the section, and what is behind them.
type site struct {
	*webtest.Site
	head    int64
	spans   []reports.Span
	explain reports.Explain
	behind  []reports.Evidence
}

func open(t testing.TB) *site {
	s := &site{Site: webtest.New(t)}
	section := &Section{Reports: figures{s}, Tickets: s, Log: s}
	s.Serve(section.Pages()...)
	return s
}

func (s *site) Head(context.Context) (int64, error) { return max(s.head, 40), nil }

// figures are those of reports: in the span i, i+1 tickets of high and one of low
// priority were opened.
type figures struct{ *site }

func (d figures) Now(context.Context) (time.Time, error) { return webtest.Noon, d.ReadErr }

func (d figures) Report(_ context.Context, q reports.Query) (reports.Report, error) {
	d.explain = q.Explain
	return reports.Report{Opened: 1234, Resolved: 5, To: q.To, Behind: d.behind, Next: 90}, nil
}

func (d figures) Counts(_ context.Context, spans []reports.Span, e reports.Explain) (r reports.Reported[reports.Counts], _ error) {
	d.spans, d.explain = spans, e
	for i := range spans {
		r.Rows = append(r.Rows, reports.Counts{Span: i, Priority: ticket.Low, Opened: 1}, reports.Counts{Span: i, Priority: ticket.High, Opened: int64(i) + 1, Backlog: 9})
	}
	r.Behind = d.behind
	return r, nil
}

func (d figures) Agents(_ context.Context, s reports.Span, e reports.Explain) (r reports.Reported[reports.AgentCounts], _ error) {
	d.spans, d.explain = []reports.Span{s}, e
	id, name, seconds := webtest.Account("agent").ID.UUID, "agent", 5400.0
	r.Rows = []reports.AgentCounts{{AgentID: &id, Username: &name, Resolved: 3, WaitTimes: reports.WaitTimes{MedianSeconds: &seconds}}, {Escalated: 2}}
	r.Behind = d.behind
	return r, nil
}

func (d figures) ResponseTimes(_ context.Context, s reports.Span, e reports.Explain) (r reports.Reported[reports.ResponseTimes], _ error) {
	seconds, high := 90.0, ticket.High
	r.Rows = []reports.ResponseTimes{{Measure: "first_response", Tickets: 2, WaitTimes: reports.WaitTimes{MedianSeconds: &seconds}}, {Measure: "resolution", Priority: &high}}
	r.Behind = d.behind
	return r, nil
}
