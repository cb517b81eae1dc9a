package httpapi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
)

// Table is a report: rows, and the span of time they are about.
type Table[R any] struct {
	From         *Time        `json:"from" required:"true" description:"Beginning of the span; null where the rows are about one instant."`
	To           Time         `json:"to" required:"true" description:"End of the span, or the instant."`
	AsOfPosition int64        `json:"as_of_position" required:"true" description:"The numbers are complete up to here in the log."`
	Rows         []R          `json:"rows" required:"true" nullable:"false"`
	Explanation  *Explanation `json:"explanation,omitempty" description:"What is behind the numbers, where explain is true."`
}

// DayCount is what happened to the tickets of a priority on a day.
type DayCount struct {
	Date      string          `json:"date" required:"true" format:"date"`
	From      Time            `json:"from" required:"true" description:"Beginning of the day."`
	To        Time            `json:"to" required:"true" description:"Its end, or as_of if that is before."`
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
	Agent          *Person  `json:"agent" required:"true" description:"Null: the tickets were nobody's."`
	Assigned       int64    `json:"assigned" required:"true"`
	FirstResponses int64    `json:"first_responses" required:"true" description:"Given by the agent, whosever the ticket was."`
	Resolved       int64    `json:"resolved" required:"true"`
	Reopened       int64    `json:"reopened" required:"true"`
	Escalated      int64    `json:"escalated" required:"true"`
	AverageSeconds *float64 `json:"average_seconds" required:"true" description:"From opening to resolution; null: none was resolved for good."`
	MedianSeconds  *float64 `json:"median_seconds" required:"true"`
	P90Seconds     *float64 `json:"p90_seconds" required:"true"`
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
	Explain      Optional[bool]  `query:"explain" description:"List the tickets and events behind the numbers, 1,000 at a time. For JSON alone."`
	ExplainAfter Optional[int64] `query:"explain_after" minimum:"0" description:"Go on after this position: next of the answer before."`
}

// SpanQuery is the parameters of a report on a span of days.
type SpanQuery struct {
	AsOf Optional[time.Time] `query:"as_of" description:"End of the span; now when left out."`
	Days Optional[int]       `query:"days" minimum:"1" maximum:"366" description:"Length of the span, in days of 24 hours; 7 when left out."`
	Explaining
}

// InstantQuery is the parameters of a report on an instant.
type InstantQuery struct {
	AsOf Optional[time.Time] `query:"as_of" description:"The instant; now when left out."`
	Explaining
}

// DailyQuery is the parameters of the daily report.
type DailyQuery struct {
	From Optional[string]    `query:"from" format:"date" description:"First day; six days before the last when left out."`
	To   Optional[string]    `query:"to" format:"date" description:"Last day; today when left out. At most 366 days."`
	TZ   Optional[string]    `query:"tz" maxLength:"64" description:"Time zone that the days are of, such as Europe/Vienna; UTC when left out."`
	AsOf Optional[time.Time] `query:"as_of" description:"Leave out what happened later; days that had not begun by then have no rows."`
	Explaining
}

// tick is the smallest span of time there is: instants have microseconds.
const tick = time.Microsecond

// explainLimit is how many events one answer explains numbers by.
const explainLimit = 1000

func (e Explaining) explain() projections.Explain {
	return projections.Explain{Wanted: e.Explain.Value, After: e.ExplainAfter.Value, Limit: explainLimit}
}

// mayReport refuses who sees no reports, and an instant that is still to come.
func (a *API) mayReport(c *Call, asOf Optional[time.Time]) error {
	if !seesPeople(c.Actor) { // the same two roles: admin and auditor
		return domain.ErrForbidden
	}
	if asOf.Set && asOf.Value.After(a.now()) {
		return invalid(Violation{Pointer: "?as_of", Code: "future", Detail: "an instant in the past is wanted"})
	}
	return nil
}

// instantOf returns the instant of a report: by the clock of the database, whose
// times the events have.
func (a *API) instantOf(ctx context.Context, c *Call, asOf Optional[time.Time]) (time.Time, error) {
	if err := a.mayReport(c, asOf); err != nil || asOf.Set {
		return asOf.Value, err
	}
	return a.Read.Now(ctx)
}

// span returns the span of a report, which like that of the report begins right
// after an instant and ends with one.
func (a *API) span(ctx context.Context, c *Call, in SpanQuery) (s projections.Span, from, to Time, err error) {
	upto, err := a.instantOf(ctx, c, in.AsOf)
	if err != nil {
		return s, from, to, err
	}
	days := reportDays
	if in.Days.Set {
		days = in.Days.Value
	}
	since := upto.Add(-time.Duration(days) * 24 * time.Hour)
	return projections.Span{Since: since.Add(tick), Upto: upto.Add(tick)}, Time{since}, Time{upto}, nil
}

func (a *API) dailyReport(ctx context.Context, c *Call, in DailyQuery) (Table[DayCount], error) {
	var out Table[DayCount]
	now, err := a.instantOf(ctx, c, in.AsOf)
	if err != nil {
		return out, err
	}
	days, err := in.days(now)
	if err != nil {
		return out, err
	}
	spans := make([]projections.Span, 0, len(days))
	for i, d := range days {
		if d.start.After(now) {
			break
		}
		span := projections.Span{Since: d.start, Upto: d.end}
		if in.AsOf.Set && now.Before(d.end) {
			span.Upto, days[i].end = now.Add(tick), now
		}
		spans = append(spans, span)
	}
	from := Time{days[0].start}
	out.From, out.To, out.Rows = &from, Time{days[len(days)-1].end}, []DayCount{}
	if in.AsOf.Set && now.Before(out.To.Time) {
		out.To = Time{now}
	}
	report, err := a.Read.Counts(ctx, spans, in.explain())
	if err != nil {
		return out, err
	}
	out.AsOfPosition, out.Explanation = report.AsOfPosition, explanation(in.Explaining, report.Behind, report.Next)
	for _, r := range report.Rows {
		d := days[r.Span]
		out.Rows = append(out.Rows, DayCount{
			Date: d.date, From: Time{d.start}, To: Time{d.end}, Priority: r.Priority,
			Opened: r.Opened, Resolved: r.Resolved, Reopened: r.Reopened, Escalated: r.Escalated, Closed: r.Closed, Backlog: r.Backlog,
		})
	}
	return out, nil
}

func (a *API) statusDistribution(ctx context.Context, c *Call, in InstantQuery) (Table[StatusCount], error) {
	at, err := a.instantOf(ctx, c, in.AsOf)
	if err != nil {
		return Table[StatusCount]{}, err
	}
	report, err := a.Read.StatusDistribution(ctx, at.Add(tick), in.explain())
	return tableOf(nil, Time{at}, in.Explaining, report, err, func(r projections.StatusCount) StatusCount { return StatusCount(r) })
}

func (a *API) priorityReport(ctx context.Context, c *Call, in SpanQuery) (Table[PriorityCount], error) {
	span, from, to, err := a.span(ctx, c, in)
	if err != nil {
		return Table[PriorityCount]{}, err
	}
	report, err := a.Read.Counts(ctx, []projections.Span{span}, in.explain())
	return tableOf(&from, to, in.Explaining, report, err, func(r projections.Counts) PriorityCount {
		return PriorityCount{
			Priority: r.Priority, Opened: r.Opened, Resolved: r.Resolved, Reopened: r.Reopened, Escalated: r.Escalated, Closed: r.Closed, Backlog: r.Backlog,
		}
	})
}

func (a *API) agentReport(ctx context.Context, c *Call, in SpanQuery) (Table[AgentCount], error) {
	span, from, to, err := a.span(ctx, c, in)
	if err != nil {
		return Table[AgentCount]{}, err
	}
	report, err := a.Read.Agents(ctx, span, in.explain())
	return tableOf(&from, to, in.Explaining, report, err, func(r projections.AgentCounts) AgentCount {
		row := AgentCount{
			Assigned: r.Assigned, FirstResponses: r.FirstResponses, Resolved: r.Resolved, Reopened: r.Reopened, Escalated: r.Escalated,
			AverageSeconds: r.AverageSeconds, MedianSeconds: r.MedianSeconds, P90Seconds: r.P90Seconds,
		}
		if r.AgentID != nil {
			row.Agent = &Person{ID: *r.AgentID}
			if r.Username != nil {
				row.Agent.Username = *r.Username
			}
		}
		return row
	})
}

func (a *API) responseTimes(ctx context.Context, c *Call, in SpanQuery) (Table[ResponseTime], error) {
	span, from, to, err := a.span(ctx, c, in)
	if err != nil {
		return Table[ResponseTime]{}, err
	}
	report, err := a.Read.ResponseTimes(ctx, span, in.explain())
	return tableOf(&from, to, in.Explaining, report, err, func(r projections.ResponseTimes) ResponseTime {
		return ResponseTime{
			Measure: r.Measure, Priority: r.Priority, Tickets: r.Tickets,
			AverageSeconds: r.AverageSeconds, MedianSeconds: r.MedianSeconds, P90Seconds: r.P90Seconds,
		}
	})
}

// tableOf makes the answer of what was read.
func tableOf[P, R any](from *Time, to Time, in Explaining, report projections.Reported[P], err error, row func(P) R) (Table[R], error) {
	if err != nil {
		return Table[R]{}, err
	}
	out := Table[R]{From: from, To: to, AsOfPosition: report.AsOfPosition, Rows: []R{}, Explanation: explanation(in, report.Behind, report.Next)}
	for _, r := range report.Rows {
		out.Rows = append(out.Rows, row(r))
	}
	return out, nil
}

// calendarDay is a day of a time zone: 23, 24 or 25 hours, seldom others.
type calendarDay struct {
	date       string
	start, end time.Time
}

// maxDays is how many days one daily report has at most.
const maxDays = 366

// days returns the days that are asked for, of which the last one is today when
// it is not said.
func (q DailyQuery) days(now time.Time) ([]calendarDay, error) {
	zone, err := zoneNamed(q.TZ.Value)
	if err != nil {
		return nil, invalid(Violation{Pointer: "?tz", Code: domain.ErrEnum.Code, Detail: "there is no such time zone; Europe/Vienna is one"})
	}
	y, m, d := now.In(zone).Date()
	last := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if q.To.Set {
		last, _ = time.Parse(time.DateOnly, q.To.Value) // its format was checked
	}
	first := last.AddDate(0, 0, 1-reportDays)
	if q.From.Set {
		first, _ = time.Parse(time.DateOnly, q.From.Value)
	}
	switch n := int(last.Sub(first)/(24*time.Hour)) + 1; {
	case n < 1:
		return nil, invalid(Violation{Pointer: "?from", Code: "order", Detail: "the first day is after the last"})
	case n > maxDays:
		return nil, invalid(Violation{Pointer: "?from", Code: domain.ErrTooLong.Code, Detail: fmt.Sprintf("at most %d days are reported at a time", maxDays)})
	}
	var all []calendarDay
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		all = append(all, calendarDay{day.Format(time.DateOnly), startOfDay(day, zone), startOfDay(day.AddDate(0, 0, 1), zone)})
	}
	return all, nil
}

// zoneNamed finds a time zone of the IANA database; "": UTC.
func zoneNamed(name string) (*time.Location, error) {
	if strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("%q is a zone of this machine's", name)
	}
	return time.LoadLocation(name)
}

// startOfDay returns the first instant of the date that day, a midnight of UTC,
// names, in a zone. Where clocks are put forward at midnight that is not
// midnight, and where they are put back to it, there are two of which it is the
// first.
func startOfDay(day time.Time, zone *time.Location) time.Time {
	var first time.Time
	for _, near := range []time.Time{day.Add(-36 * time.Hour), day.Add(36 * time.Hour)} {
		_, offset := near.In(zone).Zone()
		t := day.Add(-time.Duration(offset) * time.Second)
		local := t.In(zone)
		_, there := local.Zone()
		if there == offset && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	if !first.IsZero() {
		return first
	}
	// Midnight was left out: the day begins where the clocks were put forward.
	y, m, d := day.Date()
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	start, end := t.ZoneBounds()
	if t.Day() != d {
		return end.UTC()
	}
	return start.UTC()
}
