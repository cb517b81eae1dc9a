package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
)

// Reports returns the reports, and the events behind their numbers; see
// [projections.Reader] and docs/reports.md.
type Reports interface {
	Now(ctx context.Context) (time.Time, error)
	Report(ctx context.Context, q projections.ReportQuery) (projections.Report, error)
	Counts(ctx context.Context, spans []projections.Span, e projections.Explain) (projections.Reported[projections.Counts], error)
	Agents(ctx context.Context, s projections.Span, e projections.Explain) (projections.Reported[projections.AgentCounts], error)
	ResponseTimes(ctx context.Context, s projections.Span, e projections.Explain) (projections.Reported[projections.ResponseTimes], error)
}

// Where the pages of reports are.
const (
	reportsPath = Root + "reports/"
	behindPath  = reportsPath + "tickets/"
)

// Bounds of what a report is about.
const (
	reportDays    = 7   // when the address does not say
	reportDaysMax = 366 // as in the API
	agentsMost    = 10  // agents that are listed at first
)

// period is what the reports of a page are about.
type period struct {
	Days int
	AsOf time.Time // zero: now
	Zone *time.Location
	zone string // as the address names it, "" for UTC
}

var errPeriod = &failure{http.StatusBadRequest, "There is no such report", "A period is of 1 to 366 days and ends at an instant that has been, such as 2026-01-31T12:00; a time zone is one such as Europe/Vienna."}

func readPeriod(values url.Values) (p period, err error) {
	p = period{Days: reportDays, Zone: time.UTC, zone: values.Get("tz")}
	if days := values.Get("days"); days != "" {
		if p.Days, err = strconv.Atoi(days); err != nil || p.Days < 1 || p.Days > reportDaysMax {
			return p, errPeriod
		}
	}
	if p.zone != "" {
		if p.Zone, err = time.LoadLocation(p.zone); err != nil || p.zone == "Local" { // which is the server's
			return p, errPeriod
		}
	}
	asOf := values.Get("as_of")
	if asOf == "" {
		return p, nil
	}
	for _, form := range []string{time.RFC3339Nano, shortForm} {
		if p.AsOf, err = time.Parse(form, asOf); err == nil {
			return p, nil
		}
	}
	if p.AsOf, err = time.ParseInLocation(localForm, asOf, p.Zone); err != nil {
		return p, errPeriod
	}
	return p, nil
}

// localForm is how a browser's field writes an instant.
const localForm = "2006-01-02T15:04"

// shortForm is how links write an instant: it needs no escapes.
const shortForm = "20060102T150405.000000Z"

// params are the period's in an address.
func (p period) params() []string {
	days, asOf := "", ""
	if p.Days != reportDays {
		days = strconv.Itoa(p.Days)
	}
	if !p.AsOf.IsZero() {
		asOf = p.AsOf.UTC().Format(shortForm)
	}
	return []string{"days", days, "as_of", asOf, "tz", p.zone}
}

func (p period) address() string { return addressOf(reportsPath, p.params()...) }

// part is the address of a part of the reports.
func (p period) part(id string, more ...string) string {
	return addressOf(reportsPath+id+"/", append(p.params(), more...)...)
}

// field is the end of the period as the form has it.
func (p period) field() string {
	if p.AsOf.IsZero() {
		return ""
	}
	return p.AsOf.In(p.Zone).Format(localForm)
}

// tick is the smallest span of time there is: instants have microseconds.
const tick = time.Microsecond

// span is the period as days of 24 hours. Like that of the report it begins
// right after an instant and ends with one.
func (p period) span() projections.Span {
	return projections.Span{Since: p.AsOf.Add(-time.Duration(p.Days)*24*time.Hour + tick), Upto: p.AsOf.Add(tick)}
}

// step is how many days a row of the report is of: no report has more than 31 rows.
func (p period) step() int {
	switch {
	case p.Days <= 31:
		return 1
	case p.Days <= 31*7:
		return 7
	}
	return 14
}

// spans are the calendar days, or weeks, that a period ends with; the last one
// is over at its end.
func (p period) spans() (spans []projections.Span) {
	step := p.step()
	end := p.AsOf.In(p.Zone)
	year, month, day := end.Date()
	n := (p.Days + step - 1) / step
	for i := n - 1; i >= 0; i-- {
		from := time.Date(year, month, day-i*step-(step-1), 0, 0, 0, 0, p.Zone)
		upto := time.Date(year, month, day-(i-1)*step-(step-1), 0, 0, 0, 0, p.Zone)
		if upto.After(p.AsOf) {
			upto = p.AsOf.Add(tick)
		}
		spans = append(spans, projections.Span{Since: from, Upto: upto})
	}
	return spans
}

// behind is the address of the tickets behind a number.
func (p period) behind(of, number string, more ...string) string {
	return addressOf(behindPath, append(append(p.params(), "of", of, "number", number), more...)...)
}

// reportsView is the page of reports, or a part of it.
type reportsView struct {
	Period     period // with its end
	Now        bool   // whether it ends now
	Presets    []tab
	Figures    projections.Report
	Parts      []reportPart
	Rows       []reportRow
	Charts     []chart
	Waits      []projections.ResponseTimes
	Agents     []projections.AgentCounts
	MoreAgents int // that are not listed
	Uncounted  int64
}

// uncountedNotable is how many events of the log the numbers may be short of before
// a page says so: the newest few are counted while it is read.
const uncountedNotable = 1000

// uncounted returns how many events of the log numbers are short of that are
// complete up to a position: many while a read model is built or paused.
func (s *Site) uncounted(v *Visit, upto int64) (int64, error) {
	head, err := s.EventLog.Head(v.ctx())
	return head - upto, err
}

// incomplete says that numbers are not complete; empty: they are.
func (v reportsView) incomplete() string {
	if v.Uncounted < uncountedNotable {
		return ""
	}
	return "These numbers are not complete yet: " + grouped(v.Uncounted) + " events are still to be counted. Look again in a few minutes; an admin sees under Operation, Read models, how far it is."
}

// reportPart is a part of the reports that takes longer the more tickets the
// period has: a page of its own, which the script puts into its place.
type reportPart struct{ ID, Title, To string }

// What parts are called.
const (
	waitsTitle  = "How long tickets waited"
	agentsTitle = "Agents"
)

// reportRow is what happened in a day or a week, over all priorities.
type reportRow struct {
	projections.Span
	Opened, Resolved, Escalated, Backlog int64
}

func (s *Site) showReports(v *Visit) (reply, error) {
	p, err := s.period(v)
	if err != nil {
		return reply{}, err
	}
	view := reportsView{Period: p, Now: v.Request.URL.Query().Get("as_of") == "", Parts: []reportPart{
		{"course", p.course(), p.part("course")}, {"waits", waitsTitle, p.part("waits")}, {"agents", agentsTitle, p.part("agents")},
	}}
	for _, days := range []int{7, 30, 90, 365} {
		to := p
		if to.Days = days; view.Now {
			to.AsOf = time.Time{}
		}
		view.Presets = append(view.Presets, tab{Label: plural(days, "day", "days"), To: to.address(), Current: days == p.Days})
	}
	if view.Figures, err = s.Reports.Report(v.ctx(), projections.ReportQuery{Days: p.Days, To: p.AsOf}); err != nil {
		return reply{}, err
	}
	view.Uncounted, err = s.uncounted(v, view.Figures.AsOfPosition)
	return show("Reports", reportsPageOf(view)), err
}

// partOf returns a part of the reports, whose numbers are complete up to a position:
// by itself to the script, which has the rest of the page, and else on a page of its own.
func (s *Site) partOf(v *Visit, title string, view reportsView, part templ.Component, upto int64) (reply, error) {
	v.header.Add("Vary", "X-Part")
	if v.Request.Header.Get("X-Part") != "" {
		return fragment(part), nil
	}
	var err error
	view.Uncounted, err = s.uncounted(v, upto)
	return show(title, reportPartPage(view, part)), err
}

func (s *Site) showCourse(v *Visit) (reply, error) {
	p, err := s.period(v)
	if err != nil {
		return reply{}, err
	}
	view := reportsView{Period: p}
	upto, err := s.fillRowsOfReport(v, &view)
	if err != nil {
		return reply{}, err
	}
	return s.partOf(v, p.course(), view, coursePart(view), upto)
}

func (s *Site) showWaits(v *Visit) (reply, error) {
	p, err := s.period(v)
	if err != nil {
		return reply{}, err
	}
	waits, err := s.Reports.ResponseTimes(v.ctx(), p.span(), projections.Explain{})
	if err != nil {
		return reply{}, err
	}
	view := reportsView{Period: p, Waits: waits.Rows}
	return s.partOf(v, waitsTitle, view, waitsPart(view), waits.AsOfPosition)
}

func (s *Site) showAgents(v *Visit) (reply, error) {
	p, err := s.period(v)
	if err != nil {
		return reply{}, err
	}
	agents, err := s.Reports.Agents(v.ctx(), p.span(), projections.Explain{})
	if err != nil {
		return reply{}, err
	}
	view := reportsView{Period: p, Agents: agents.Rows}
	slices.SortStableFunc(view.Agents, func(a, b projections.AgentCounts) int { return cmp.Compare(b.Resolved, a.Resolved) })
	if all := len(view.Agents); all > agentsMost && v.Request.URL.Query().Get("agents") != "all" {
		view.Agents, view.MoreAgents = view.Agents[:agentsMost], all-agentsMost
	}
	return s.partOf(v, agentsTitle, view, agentsPart(view), agents.AsOfPosition)
}

// period reads the period of the address; its end is known then.
func (s *Site) period(v *Visit) (period, error) {
	p, err := readPeriod(v.Request.URL.Query())
	if err != nil {
		return p, err
	}
	now, err := s.Reports.Now(v.ctx())
	switch {
	case err != nil:
		return p, err
	case p.AsOf.IsZero():
		p.AsOf = now
	case p.AsOf.After(now):
		return p, errPeriod
	}
	return p, nil
}

// fillRowsOfReport fills in the rows and answers what position they are complete up to.
func (s *Site) fillRowsOfReport(v *Visit, view *reportsView) (int64, error) {
	spans := view.Period.spans()
	counts, err := s.Reports.Counts(v.ctx(), spans, projections.Explain{})
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

// course heads the rows.
func (p period) course() string {
	switch p.step() {
	case 1:
		return "Day by day"
	case 7:
		return "Week by week"
	}
	return "Every two weeks"
}

// dayWord is a day as people read it.
func (v reportsView) dayWord(r reportRow) string {
	return r.Since.In(v.Period.Zone).Format("Mon 2 Jan 2006")
}

// link is the address of the tickets behind a number of a row.
func (v reportsView) link(number string, r reportRow) string {
	return v.Period.behind("day", number, "day", v.day(r))
}

// chart is a series of numbers as a picture: a small one of its own for each, so
// that no colour has to tell them apart.
type chart struct {
	ID, Label string
	About     string // in a sentence
	Bars      []bar
	Most      int64
}

// bar is one number of a chart, in a frame of 1000 by 100.
type bar struct {
	X, Width, Height int
	Value            int64
	Since            time.Time
}

// Path draws the bar.
func (b bar) Path() string {
	return fmt.Sprintf("M%d 100v-%dh%dv%dz", b.X, b.Height, b.Width, b.Height)
}

// Path draws all bars.
func (c chart) Path() string {
	var b strings.Builder
	for _, one := range c.Bars {
		b.WriteString(one.Path())
	}
	return b.String()
}

func chartsOf(rows []reportRow) (all []chart) {
	for _, c := range []struct {
		id, label string
		of        func(reportRow) int64
	}{
		{"opened", "Opened", func(r reportRow) int64 { return r.Opened }},
		{"resolved", "Resolved", func(r reportRow) int64 { return r.Resolved }},
		{"escalated", "Escalated", func(r reportRow) int64 { return r.Escalated }},
		{"backlog", "Backlog", func(r reportRow) int64 { return r.Backlog }},
	} {
		all = append(all, chartOf(c.id, c.label, rows, c.of))
	}
	most := max(all[0].Most, all[1].Most, all[2].Most) // one scale for what is compared
	for i := range all[:3] {
		all[i].draw(most)
	}
	all[3].draw(all[3].Most)
	return all
}

func chartOf(id, label string, rows []reportRow, of func(reportRow) int64) chart {
	c := chart{ID: id, Label: label}
	least := int64(-1)
	for _, r := range rows {
		n := of(r)
		c.Bars = append(c.Bars, bar{Value: n, Since: r.Since})
		if c.Most = max(c.Most, n); least < 0 || n < least {
			least = n
		}
	}
	if len(rows) > 0 {
		c.About = fmt.Sprintf("%d values from %s on, between %d and %d; the last is %d.",
			len(rows), rows[0].Since.Format("2 January 2006"), least, c.Most, c.Bars[len(c.Bars)-1].Value)
	}
	return c
}

// draw gives the bars their places, most being as high as the frame. What is not
// nothing is to be seen.
func (c *chart) draw(most int64) {
	step := 1000 / max(len(c.Bars), 1)
	for i, b := range c.Bars {
		c.Bars[i].X, c.Bars[i].Width = i*step+step/8, step-step/4
		c.Bars[i].Height = int(100 * b.Value / max(most, 1))
		if b.Value > 0 {
			c.Bars[i].Height = max(c.Bars[i].Height, 1)
		}
	}
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
	return spanWord(max(time.Duration(*seconds*float64(time.Second)), 1))
}
