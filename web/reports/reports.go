package reports

import (
	"cmp"
	"slices"
	"time"

	"github.com/a-h/templ"

	"helpdesk/domain/ticket"
	"helpdesk/projections/reports"
	"helpdesk/web"
)

// Where the pages of reports are.
const (
	reportsPath   = web.Root + "reports/"
	drillDownPath = reportsPath + "drill-down/"
)

// Bounds of what a report is about.
const (
	reportDays    = 7   // when the address does not say
	reportDaysMax = 366 // as in the API
	agentsMost    = 10  // agents that are listed at first
)

// reportsView is the page of reports, or a part of it.
type reportsView struct {
	Period     period // with its end
	Now        bool   // whether it ends now
	Presets    []web.Tab
	Figures    reports.Report
	Parts      []reportPart
	Rows       []reportRow
	Charts     []chart
	Times      []reports.ResponseTimes
	Agents     []reports.AgentCounts
	MoreAgents int // that are not listed
	Uncounted  int64
}

// uncountedNotable is how many events of the log the numbers may be short of before
// a page says so: the newest few are counted while it is read.
const uncountedNotable = 1000

// uncounted returns how many events of the log numbers are short of that are
// complete up to a position: many while a projection is rebuilt or paused.
func (s *Section) uncounted(v *web.Visit, upto int64) (int64, error) {
	head, err := s.Log.Head(v.Context())
	return head - upto, err
}

// incomplete returns what is missing from the numbers; empty: nothing.
func (v reportsView) incomplete() string {
	if v.Uncounted < uncountedNotable {
		return ""
	}
	return "These figures are not complete yet: " + web.Grouped(v.Uncounted) + " events are still to be counted. Refresh in a few minutes. Admins see the progress under System, Projections."
}

// reportPart is a part of the reports that takes longer the more tickets the
// period has: a page of its own, which the script puts into its place.
type reportPart struct{ ID, Title, To string }

// What parts are called.
const (
	timesTitle  = "Response and resolution times"
	agentsTitle = "Agents"
)

// reportRow is what happened in a day or a week, over all priorities.
type reportRow struct {
	reports.Span
	Opened, Resolved, Escalated, Backlog int64
}

func (s *Section) showReports(v *web.Visit) (web.Reply, error) {
	p, err := s.period(v)
	if err != nil {
		return web.Reply{}, err
	}
	view := reportsView{Period: p, Now: v.Request.URL.Query().Get("as_of") == "", Parts: []reportPart{
		{"trend", p.trend(), p.part("trend")}, {"times", timesTitle, p.part("times")}, {"agents", agentsTitle, p.part("agents")},
	}}
	for _, days := range []int{7, 30, 90, 365} {
		to := p
		if to.Days = days; view.Now {
			to.AsOf = time.Time{}
		}
		view.Presets = append(view.Presets, web.Tab{Label: web.Plural(days, "day", "days"), To: to.address(), Current: days == p.Days})
	}
	if view.Figures, err = s.Reports.Report(v.Context(), reports.Query{Days: p.Days, To: p.AsOf}); err != nil {
		return web.Reply{}, err
	}
	view.Uncounted, err = s.uncounted(v, view.Figures.AsOfPosition)
	return web.Show("Reports", reportsPageOf(view)), err
}

// partOf returns a part of the reports, whose numbers are complete up to a position:
// by itself to the script, which has the rest of the page, and else on a page of its own.
func (s *Section) partOf(v *web.Visit, title string, view reportsView, part templ.Component, upto int64) (web.Reply, error) {
	v.Header().Add("Vary", "X-Part")
	if v.Request.Header.Get("X-Part") != "" {
		return web.Fragment(part), nil
	}
	var err error
	view.Uncounted, err = s.uncounted(v, upto)
	return web.Show(title, reportPartPage(view, part)), err
}

func (s *Section) showTrend(v *web.Visit) (web.Reply, error) {
	p, err := s.period(v)
	if err != nil {
		return web.Reply{}, err
	}
	view := reportsView{Period: p}
	upto, err := s.fillRowsOfReport(v, &view)
	if err != nil {
		return web.Reply{}, err
	}
	return s.partOf(v, p.trend(), view, trendPart(view), upto)
}

func (s *Section) showTimes(v *web.Visit) (web.Reply, error) {
	p, err := s.period(v)
	if err != nil {
		return web.Reply{}, err
	}
	times, err := s.Reports.ResponseTimes(v.Context(), p.span(), reports.Explain{})
	if err != nil {
		return web.Reply{}, err
	}
	view := reportsView{Period: p, Times: times.Rows}
	return s.partOf(v, timesTitle, view, timesPart(view), times.AsOfPosition)
}

func (s *Section) showAgents(v *web.Visit) (web.Reply, error) {
	p, err := s.period(v)
	if err != nil {
		return web.Reply{}, err
	}
	agents, err := s.Reports.Agents(v.Context(), p.span(), reports.Explain{})
	if err != nil {
		return web.Reply{}, err
	}
	view := reportsView{Period: p, Agents: agents.Rows}
	slices.SortStableFunc(view.Agents, func(a, b reports.AgentCounts) int { return cmp.Compare(b.Resolved, a.Resolved) })
	if all := len(view.Agents); all > agentsMost && v.Request.URL.Query().Get("agents") != "all" {
		view.Agents, view.MoreAgents = view.Agents[:agentsMost], all-agentsMost
	}
	return s.partOf(v, agentsTitle, view, agentsPart(view), agents.AsOfPosition)
}

// fillRowsOfReport fills in the rows and returns the position that they are complete up to.
func (s *Section) fillRowsOfReport(v *web.Visit, view *reportsView) (int64, error) {
	spans := view.Period.spans()
	counts, err := s.Reports.Counts(v.Context(), spans, reports.Explain{})
	if err != nil {
		return 0, err
	}
	view.Rows = make([]reportRow, len(spans))
	for i := range spans {
		view.Rows[i].Span = spans[i]
	}
	for _, c := range counts.Rows {
		r := &view.Rows[c.Span]
		r.Opened, r.Resolved, r.Escalated, r.Backlog = r.Opened+c.Opened, r.Resolved+c.Resolved, r.Escalated+c.Escalated, r.Backlog+c.Backlog
	}
	view.Charts = chartsOf(view.Rows)
	return counts.AsOfPosition, nil
}

// day names a row of the report.
func (v reportsView) day(r reportRow) string { return r.Since.In(v.Period.Zone).Format(time.DateOnly) }

// dayWord is a day as people read it.
func (v reportsView) dayWord(r reportRow) string {
	return r.Since.In(v.Period.Zone).Format("Mon 2 Jan 2006")
}

// link is the address of the tickets behind a number of a row.
func (v reportsView) link(number string, r reportRow) string {
	return v.Period.behind("day", number, "day", v.day(r))
}

// measureWord is a wait as people read it.
func measureWord(measure string) string {
	if measure == "first_response" {
		return "first response"
	}
	return measure
}

// priorityOr is a priority, or the word for all of them.
func priorityOr(p *ticket.Priority) string {
	if p == nil {
		return ""
	}
	return string(*p)
}

// waited writes a wait, a dash for none.
func waited(seconds *float64) string {
	if seconds == nil {
		return "–"
	}
	return web.SpanWord(max(time.Duration(*seconds*float64(time.Second)), 1))
}
