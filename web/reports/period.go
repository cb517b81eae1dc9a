package reports

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"helpdesk/edge"
	"helpdesk/projections/reports"
	"helpdesk/web"
)

// period is what the reports of a page are about.
type period struct {
	Days int
	AsOf time.Time // zero: now
	Zone *time.Location
	zone string // as the address names it, "" for UTC
}

var errPeriod = web.NewFailure(http.StatusBadRequest, "Unknown report", "A period has 1 to 366 days and ends in the past, for example 2026-01-31T12:00. A time zone has a name such as Europe/Vienna.")

func readPeriod(values url.Values) (p period, err error) {
	p = period{Days: reportDays, Zone: time.UTC, zone: values.Get("tz")}
	if days := values.Get("days"); days != "" {
		if p.Days, err = strconv.Atoi(days); err != nil || p.Days < 1 || p.Days > reportDaysMax {
			return p, errPeriod
		}
	}
	if p.zone != "" {
		if p.Zone, err = edge.Zone(p.zone); err != nil {
			return p, errPeriod
		}
	}
	asOf := values.Get("as_of")
	if asOf == "" {
		return p, nil
	}
	if p.AsOf, err = readInstant(asOf, p.Zone); err != nil || edge.CheckInstant(p.AsOf) != nil {
		return p, errPeriod
	}
	return p, nil
}

// readInstant reads an instant as a link, a person or a browser's field writes it.
func readInstant(text string, zone *time.Location) (time.Time, error) {
	if at, err := edge.ParseInstant(text); err == nil {
		return at, nil
	}
	if at, err := time.Parse(shortForm, text); err == nil {
		return at, nil
	}
	return time.ParseInLocation(localForm, text, zone)
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

func (p period) address() string { return web.Address(reportsPath, p.params()...) }

// part is the address of a part of the reports.
func (p period) part(id string, more ...string) string {
	return web.Address(reportsPath+id+"/", append(p.params(), more...)...)
}

// export is the address of a report of the API on the period, as CSV.
func (p period) export(report string) string {
	return web.Export("reports/"+report, "days", strconv.Itoa(p.Days), "as_of", p.AsOf.UTC().Format(time.RFC3339Nano))
}

// exportAt is the address of a report of the API on the end of the period, as CSV.
func (p period) exportAt(report string) string {
	return web.Export("reports/"+report, "as_of", p.AsOf.UTC().Format(time.RFC3339Nano))
}

// dailyExport is the address of the days of the period, as CSV.
func (p period) dailyExport() string {
	last := p.AsOf.In(p.Zone)
	return web.Export("reports/daily", "from", last.AddDate(0, 0, 1-p.Days).Format(time.DateOnly), "to", last.Format(time.DateOnly),
		"tz", p.zone, "as_of", p.AsOf.UTC().Format(time.RFC3339Nano))
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
func (p period) span() reports.Span {
	return reports.Span{Since: p.AsOf.Add(-time.Duration(p.Days)*24*time.Hour + tick), Upto: p.AsOf.Add(tick)}
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
func (p period) spans() (spans []reports.Span) {
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
		spans = append(spans, reports.Span{Since: from, Upto: upto})
	}
	return spans
}

// behind is the address of the tickets behind a number.
func (p period) behind(of, number string, more ...string) string {
	return web.Address(drillDownPath, append(append(p.params(), "of", of, "number", number), more...)...)
}

// period reads the period of the address; its end is known then.
func (s *Section) period(v *web.Visit) (period, error) {
	p, err := readPeriod(v.Request.URL.Query())
	if err != nil {
		return p, err
	}
	now, err := s.Reports.Now(v.Context())
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

// trend heads the rows.
func (p period) trend() string {
	switch p.step() {
	case 1:
		return "Daily"
	case 7:
		return "Weekly"
	}
	return "Every two weeks"
}
