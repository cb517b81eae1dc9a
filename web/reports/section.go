// Package reports is the reports of a period and the drill-down from each of their
// numbers to the tickets behind it.
package reports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/projections/reports"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// Reports reads the reports, and the events behind their numbers; see
// [projections.Reader] and docs/reports.md.
type Reports interface {
	Now(ctx context.Context) (time.Time, error)
	Report(ctx context.Context, q reports.Query) (reports.Report, error)
	Counts(ctx context.Context, spans []reports.Span, e reports.Explain) (reports.Reported[reports.Counts], error)
	Agents(ctx context.Context, s reports.Span, e reports.Explain) (reports.Reported[reports.AgentCounts], error)
	ResponseTimes(ctx context.Context, s reports.Span, e reports.Explain) (reports.Reported[reports.ResponseTimes], error)
}

// Tickets finds tickets by their ids; see [projections.Reader].
type Tickets interface {
	TicketsByID(ctx context.Context, viewer domain.Actor, ids []uuid.UUID) (map[uuid.UUID]view.Ticket, error)
}

// Log knows the position of the newest event; see [feed.Events].
type Log interface {
	Head(ctx context.Context) (int64, error)
}

// Section is the pages of this package. All fields are needed.
type Section struct {
	Reports Reports
	Tickets Tickets
	Log     Log
}

// Pages returns the pages of the section.
func (s *Section) Pages() []web.Page {
	return []web.Page{
		web.Get("reports", web.Overseers, s.showReports).InMenu(20, "Reports"),
		web.Get("reports/trend", web.Overseers, s.showTrend).Dear(),
		web.Get("reports/times", web.Overseers, s.showTimes).Dear(),
		web.Get("reports/agents", web.Overseers, s.showAgents).Dear(),
		web.Get("reports/drill-down", web.Overseers, s.showDrillDown).Dear(),
	}
}
