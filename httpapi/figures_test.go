package httpapi_test

import (
	"context"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
)

// figures are what reports are made of, the same for each.
type figures struct {
	spans   []projections.Span  // of the last report
	explain projections.Explain // of the last report
}

func (d *figures) Report(_ context.Context, q projections.ReportQuery) (projections.Report, error) {
	return projections.Report{Opened: int64(q.Days), From: noon, To: noon, AsOfPosition: 9}, nil
}

func (d *figures) Now(context.Context) (time.Time, error) { return noon, nil }

func (d *figures) Counts(_ context.Context, spans []projections.Span, e projections.Explain) (out projections.Reported[projections.Counts], err error) {
	d.spans, d.explain = spans, e
	for i := range spans {
		out.Rows = append(out.Rows, projections.Counts{Span: i, Priority: ticket.Low, Opened: int64(i + 1), Backlog: 7})
	}
	return out, nil
}

func (d *figures) StatusDistribution(_ context.Context, upto time.Time, e projections.Explain) (out projections.Reported[projections.StatusCount], err error) {
	d.spans, d.explain = []projections.Span{{Upto: upto}}, e
	out.Rows = []projections.StatusCount{{Status: ticket.StatusOpen, Priority: ticket.High, Tickets: 3}}
	if e.Wanted {
		status := ticket.StatusOpen
		out.Behind, out.Next = []projections.Evidence{{Number: "tickets", Status: &status, TicketNumber: 5, Position: 8, OccurredAt: noon}}, 8
	}
	return out, nil
}

func (d *figures) Agents(_ context.Context, s projections.Span, e projections.Explain) (out projections.Reported[projections.AgentCounts], err error) {
	d.spans, d.explain = []projections.Span{s}, e
	name, half := "=agent", 1800.5
	out.Rows = []projections.AgentCounts{{AgentID: &uuid.UUID{15: 3}, Username: &name, Resolved: 2, WaitTimes: projections.WaitTimes{AverageSeconds: &half, MedianSeconds: &half, P90Seconds: &half}}, {Assigned: 1}}
	return out, nil
}

func (d *figures) ResponseTimes(_ context.Context, s projections.Span, e projections.Explain) (out projections.Reported[projections.ResponseTimes], err error) {
	d.spans, d.explain = []projections.Span{s}, e
	out.Rows = []projections.ResponseTimes{{Measure: "resolution"}}
	return out, nil
}
