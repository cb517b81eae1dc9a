// Package reports is what happened, counted; docs/reports.md defines each number.
package reports

import (
	"context"
	"net/http"
	"time"

	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
	"helpdesk/projections/reports"
)

// Numbers counts what docs/reports.md defines.
type Numbers interface {
	// Now returns the time of the clock that events have their times by.
	Now(ctx context.Context) (time.Time, error)
	Report(ctx context.Context, q reports.Query) (reports.Report, error)
	Counts(ctx context.Context, spans []reports.Span, e reports.Explain) (reports.Reported[reports.Counts], error)
	StatusDistribution(ctx context.Context, upto time.Time, e reports.Explain) (reports.Reported[reports.StatusCount], error)
	Agents(ctx context.Context, s reports.Span, e reports.Explain) (reports.Reported[reports.AgentCounts], error)
	ResponseTimes(ctx context.Context, s reports.Span, e reports.Explain) (reports.Reported[reports.ResponseTimes], error)
}

// Resource is the calls that report.
type Resource struct{ Numbers Numbers }

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	return httpapi.Tagged("Report", "What happened, counted.",
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/report/", ID: "report",
			Summary: "Count what happened lately",
			About:   "For admins and auditors. A ticket counts once in each column if it happened inside the window, whatever became of it since.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.window),
			Also:    []int{http.StatusForbidden},
			Headers: []string{"Memento-Datetime", "Link"},
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/reports/daily/", ID: "dailyReport",
			Summary: "Count what happened day by day",
			About:   "For admins and auditors. A row for each day and priority; days have the hours that the time zone gives them, and begin with their first instant. docs/reports.md defines every number.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: tableAs("daily", r.daily), Dear: true,
			Also: []int{http.StatusForbidden}, Export: "exportDailyReport",
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/reports/status-distribution/", ID: "statusDistribution",
			Summary: "Count the tickets in each status",
			About:   "For admins and auditors. A row for each status and priority, at an instant.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: tableAs("status-distribution", r.statuses), Dear: true,
			Also: []int{http.StatusForbidden}, Export: "exportStatusDistribution",
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/reports/priorities/", ID: "priorityReport",
			Summary: "Count what happened by priority",
			About:   "For admins and auditors. A row for each priority: that of the ticket when it happened, in the span (from, to].",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: tableAs("priorities", spanTable(r, countsOf, priorityCount)), Dear: true,
			Also: []int{http.StatusForbidden}, Export: "exportPriorityReport",
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/reports/agents/", ID: "agentReport",
			Summary: "Count what happened by agent",
			About:   "For admins and auditors. A row for each agent who had a ticket when something happened to it, or gave a first response, in the span (from, to].",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: tableAs("agents", spanTable(r, Numbers.Agents, agentCount)), Dear: true,
			Also: []int{http.StatusForbidden}, Export: "exportAgentReport",
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/reports/response-times/", ID: "responseTimes",
			Summary: "Measure how long tickets waited",
			About:   "For admins and auditors. How long tickets had waited that got their first response, or were resolved, in the span (from, to]: average, median and ninth decile.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: tableAs("response-times", spanTable(r, Numbers.ResponseTimes, responseTime)), Dear: true,
			Also: []int{http.StatusForbidden}, Export: "exportResponseTimes",
		},
	)
}

// Table is a report: rows, and the span of time they are about.
type Table[R any] struct {
	From         *wire.Time   `json:"from" required:"true" description:"Beginning of the span; null where the rows are about one instant."`
	To           wire.Time    `json:"to" required:"true" description:"End of the span, or the instant."`
	AsOfPosition int64        `json:"as_of_position" required:"true" description:"The numbers are complete up to here in the log."`
	Rows         []R          `json:"rows" required:"true" nullable:"false"`
	Explanation  *Explanation `json:"explanation,omitempty" description:"What is behind the numbers, where explain is true."`
}

// DayCount is what happened to the tickets of a priority on a day.
type DayCount struct {
	Date      string          `json:"date" required:"true" format:"date"`
	From      wire.Time       `json:"from" required:"true" description:"Beginning of the day."`
	To        wire.Time       `json:"to" required:"true" description:"Its end, or as_of if that is before."`
	Priority  ticket.Priority `json:"priority" required:"true"`
	Opened    int64           `json:"opened" required:"true"`
	Resolved  int64           `json:"resolved" required:"true"`
	Reopened  int64           `json:"reopened" required:"true"`
	Escalated int64           `json:"escalated" required:"true"`
	Closed    int64           `json:"closed" required:"true"`
	Backlog   int64           `json:"backlog" required:"true" description:"Tickets open, in progress or escalated at the end."`
}

// PriorityCount is what happened to the tickets of a priority.
type PriorityCount struct {
	Priority  ticket.Priority `json:"priority" required:"true"`
	Opened    int64           `json:"opened" required:"true"`
	Resolved  int64           `json:"resolved" required:"true"`
	Reopened  int64           `json:"reopened" required:"true"`
	Escalated int64           `json:"escalated" required:"true"`
	Closed    int64           `json:"closed" required:"true"`
	Backlog   int64           `json:"backlog" required:"true" description:"Tickets open, in progress or escalated at the end."`
}

// StatusCount is how many tickets are in a status.
type StatusCount struct {
	Status   ticket.Status   `json:"status" required:"true"`
	Priority ticket.Priority `json:"priority" required:"true"`
	Tickets  int64           `json:"tickets" required:"true"`
}

// AgentCount is what happened to the tickets of somebody.
type AgentCount struct {
	Agent          *wire.Person `json:"agent" required:"true" description:"Null: the tickets were nobody's."`
	Assigned       int64        `json:"assigned" required:"true"`
	FirstResponses int64        `json:"first_responses" required:"true" description:"Given by the agent, whosever the ticket was."`
	Resolved       int64        `json:"resolved" required:"true"`
	Reopened       int64        `json:"reopened" required:"true"`
	Escalated      int64        `json:"escalated" required:"true"`
	AverageSeconds *float64     `json:"average_seconds" required:"true" description:"From opening to resolution; null: none was resolved for good."`
	MedianSeconds  *float64     `json:"median_seconds" required:"true"`
	P90Seconds     *float64     `json:"p90_seconds" required:"true"`
}

// ResponseTime is how long tickets waited.
type ResponseTime struct {
	Measure        string           `json:"measure" required:"true" enum:"first_response,resolution"`
	Priority       *ticket.Priority `json:"priority" required:"true" description:"Null: of all priorities."`
	Tickets        int64            `json:"tickets" required:"true"`
	AverageSeconds *float64         `json:"average_seconds" required:"true" description:"Null: there are none."`
	MedianSeconds  *float64         `json:"median_seconds" required:"true"`
	P90Seconds     *float64         `json:"p90_seconds" required:"true"`
}

// Explaining are the parameters that open the numbers of a report.
type Explaining struct {
	httpapi.AsFile
	Explain      bind.Optional[bool]  `query:"explain" description:"List the tickets and events behind the numbers, 1,000 at a time. For JSON alone."`
	ExplainAfter bind.Optional[int64] `query:"explain_after" minimum:"0" description:"Go on after this position: next of the answer before."`
}

// SpanQuery is the parameters of a report on a span of days.
type SpanQuery struct {
	AsOf bind.Optional[time.Time] `query:"as_of" description:"End of the span; now when left out."`
	Days bind.Optional[int]       `query:"days" minimum:"1" maximum:"366" description:"Length of the span, in days of 24 hours; 7 when left out."`
	Explaining
}

// InstantQuery is the parameters of a report on an instant.
type InstantQuery struct {
	AsOf bind.Optional[time.Time] `query:"as_of" description:"The instant; now when left out."`
	Explaining
}

// DailyQuery is the parameters of the daily report.
type DailyQuery struct {
	From bind.Optional[string]    `query:"from" format:"date" description:"First day; six days before the last when left out."`
	To   bind.Optional[string]    `query:"to" format:"date" description:"Last day; today when left out. At most 366 days."`
	TZ   bind.Optional[string]    `query:"tz" maxLength:"64" description:"Time zone that the days are of, such as Europe/Vienna; UTC when left out."`
	AsOf bind.Optional[time.Time] `query:"as_of" description:"Leave out what happened later; days that had not begun by then have no rows."`
	Explaining
}

// tick is the smallest span of time there is: instants have microseconds.
const tick = time.Microsecond

// explainLimit is how many events one answer explains numbers by.
const explainLimit = 1000

func (e Explaining) explain() reports.Explain {
	return reports.Explain{Wanted: e.Explain.Value, After: e.ExplainAfter.Value, Limit: explainLimit}
}

func (e Explaining) file() httpapi.AsFile { return e.AsFile }

// mayReport refuses who sees no reports, and an instant that is still to come.
func mayReport(c *httpapi.Call, asOf bind.Optional[time.Time]) error {
	if err := httpapi.MayOversee(c.Actor); err != nil {
		return err
	}
	if asOf.Set && asOf.Value.After(c.Now()) {
		return problem.Param("as_of", "future", "must be in the past")
	}
	return nil
}

// instantOf returns the instant of a report: by the clock of the database, whose
// times the events have.
func (r Resource) instantOf(ctx context.Context, c *httpapi.Call, asOf bind.Optional[time.Time]) (time.Time, error) {
	if err := mayReport(c, asOf); err != nil || asOf.Set {
		return asOf.Value, err
	}
	return r.Numbers.Now(ctx)
}

// span returns the span of a report, which like that of the report begins right
// after an instant and ends with one.
func (r Resource) span(ctx context.Context, c *httpapi.Call, in SpanQuery) (s reports.Span, from, to wire.Time, err error) {
	upto, err := r.instantOf(ctx, c, in.AsOf)
	if err != nil {
		return s, from, to, err
	}
	days := reportDays
	if in.Days.Set {
		days = in.Days.Value
	}
	since := upto.Add(-time.Duration(days) * 24 * time.Hour)
	return reports.Span{Since: since.Add(tick), Upto: upto.Add(tick)}, wire.At(since), wire.At(upto), nil
}

func (r Resource) daily(ctx context.Context, c *httpapi.Call, in DailyQuery) (Table[DayCount], error) {
	var out Table[DayCount]
	now, err := r.instantOf(ctx, c, in.AsOf)
	if err != nil {
		return out, err
	}
	days, err := in.days(now)
	if err != nil {
		return out, err
	}
	spans := make([]reports.Span, 0, len(days))
	for i, d := range days {
		if d.start.After(now) {
			break
		}
		span := reports.Span{Since: d.start, Upto: d.end}
		if in.AsOf.Set && now.Before(d.end) {
			span.Upto, days[i].end = now.Add(tick), now
		}
		spans = append(spans, span)
	}
	from := wire.At(days[0].start)
	out.From, out.To, out.Rows = &from, wire.At(days[len(days)-1].end), []DayCount{}
	if in.AsOf.Set && now.Before(out.To.Time) {
		out.To = wire.At(now)
	}
	report, err := r.Numbers.Counts(ctx, spans, in.explain())
	if err != nil {
		return out, err
	}
	out.AsOfPosition, out.Explanation = report.AsOfPosition, explanation(in.Explaining, report.Behind, report.Next)
	for _, r := range report.Rows {
		d := days[r.Span]
		out.Rows = append(out.Rows, DayCount{
			Date: d.date, From: wire.At(d.start), To: wire.At(d.end), Priority: r.Priority,
			Opened: r.Opened, Resolved: r.Resolved, Reopened: r.Reopened, Escalated: r.Escalated, Closed: r.Closed, Backlog: r.Backlog,
		})
	}
	return out, nil
}

func (r Resource) statuses(ctx context.Context, c *httpapi.Call, in InstantQuery) (Table[StatusCount], error) {
	at, err := r.instantOf(ctx, c, in.AsOf)
	if err != nil {
		return Table[StatusCount]{}, err
	}
	report, err := r.Numbers.StatusDistribution(ctx, at.Add(tick), in.explain())
	out := tableOf(report, in.Explaining, func(r reports.StatusCount) StatusCount { return StatusCount(r) })
	out.To = wire.At(at)
	return out, err
}

// spanTable makes the handler of a report on a span of days: read reads it, row
// makes a row of the answer.
func spanTable[P, R any](
	r Resource, read func(Numbers, context.Context, reports.Span, reports.Explain) (reports.Reported[P], error), row func(P) R,
) func(context.Context, *httpapi.Call, SpanQuery) (Table[R], error) {
	return func(ctx context.Context, c *httpapi.Call, in SpanQuery) (Table[R], error) {
		span, from, to, err := r.span(ctx, c, in)
		if err != nil {
			return Table[R]{}, err
		}
		report, err := read(r.Numbers, ctx, span, in.explain())
		out := tableOf(report, in.Explaining, row)
		out.From, out.To = &from, to
		return out, err
	}
}

// tableOf makes the answer of what was read, but for its span.
func tableOf[P, R any](report reports.Reported[P], in Explaining, row func(P) R) Table[R] {
	out := Table[R]{AsOfPosition: report.AsOfPosition, Rows: []R{}, Explanation: explanation(in, report.Behind, report.Next)}
	for _, r := range report.Rows {
		out.Rows = append(out.Rows, row(r))
	}
	return out
}

// countsOf reads the counts of one span.
func countsOf(n Numbers, ctx context.Context, s reports.Span, e reports.Explain) (reports.Reported[reports.Counts], error) {
	return n.Counts(ctx, []reports.Span{s}, e)
}

func priorityCount(r reports.Counts) PriorityCount {
	return PriorityCount{
		Priority: r.Priority, Opened: r.Opened, Resolved: r.Resolved, Reopened: r.Reopened, Escalated: r.Escalated, Closed: r.Closed, Backlog: r.Backlog,
	}
}

func agentCount(r reports.AgentCounts) AgentCount {
	row := AgentCount{
		Assigned: r.Assigned, FirstResponses: r.FirstResponses, Resolved: r.Resolved, Reopened: r.Reopened, Escalated: r.Escalated,
		AverageSeconds: r.AverageSeconds, MedianSeconds: r.MedianSeconds, P90Seconds: r.P90Seconds,
	}
	if r.AgentID != nil {
		row.Agent = &wire.Person{ID: *r.AgentID}
		if r.Username != nil {
			row.Agent.Username = *r.Username
		}
	}
	return row
}

func responseTime(r reports.ResponseTimes) ResponseTime {
	return ResponseTime{
		Measure: r.Measure, Priority: r.Priority, Tickets: r.Tickets,
		AverageSeconds: r.AverageSeconds, MedianSeconds: r.MedianSeconds, P90Seconds: r.P90Seconds,
	}
}
