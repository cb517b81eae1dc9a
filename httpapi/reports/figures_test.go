package reports_test

import (
	"context"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/httpapi/apitest"
	"helpdesk/projections/reports"
)

// figures are what reports are made of, the same for each.
type figures struct {
	spans   []reports.Span  // of the last report
	explain reports.Explain // of the last report
}

func (d *figures) Report(_ context.Context, q reports.Query) (reports.Report, error) {
	return reports.Report{Opened: int64(q.Days), From: apitest.Noon, To: apitest.Noon, AsOfPosition: 9}, nil
}

func (d *figures) Now(context.Context) (time.Time, error) { return apitest.Noon, nil }

func (d *figures) Counts(_ context.Context, spans []reports.Span, e reports.Explain) (out reports.Reported[reports.Counts], err error) {
	d.spans, d.explain = spans, e
	for i := range spans {
		out.Rows = append(out.Rows, reports.Counts{Span: i, Priority: ticket.Low, Opened: int64(i + 1), Backlog: 7})
	}
	return out, nil
}

func (d *figures) StatusDistribution(_ context.Context, upto time.Time, e reports.Explain) (out reports.Reported[reports.StatusCount], err error) {
	d.spans, d.explain = []reports.Span{{Upto: upto}}, e
	out.Rows = []reports.StatusCount{{Status: ticket.StatusOpen, Priority: ticket.High, Tickets: 3}}
	if e.Wanted {
		status := ticket.StatusOpen
		out.Behind, out.Next = []reports.Evidence{{Number: "tickets", Status: &status, TicketNumber: 5, Position: 8, OccurredAt: apitest.Noon}}, 8
	}
	return out, nil
}

func (d *figures) Agents(_ context.Context, s reports.Span, e reports.Explain) (out reports.Reported[reports.AgentCounts], err error) {
	d.spans, d.explain = []reports.Span{s}, e
	name, half := "=agent", 1800.5
	out.Rows = []reports.AgentCounts{{AgentID: &uuid.UUID{15: 3}, Username: &name, Resolved: 2, WaitTimes: reports.WaitTimes{AverageSeconds: &half, MedianSeconds: &half, P90Seconds: &half}}, {Assigned: 1}}
	return out, nil
}

func (d *figures) ResponseTimes(_ context.Context, s reports.Span, e reports.Explain) (out reports.Reported[reports.ResponseTimes], err error) {
	d.spans, d.explain = []reports.Span{s}, e
	out.Rows = []reports.ResponseTimes{{Measure: "resolution"}}
	return out, nil
}
