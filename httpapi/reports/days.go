package reports

import (
	"fmt"
	"time"

	"helpdesk/domain"
	"helpdesk/edge"
	"helpdesk/httpapi/problem"
)

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
	zone := time.UTC
	if q.TZ.Set {
		var err error
		if zone, err = edge.Zone(q.TZ.Value); err != nil {
			return nil, problem.Param("tz", domain.ErrEnum.Code, "unknown time zone: it must have a name such as Europe/Vienna")
		}
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
		return nil, problem.Param("from", "order", "must not be after to")
	case n > maxDays:
		return nil, problem.Param("from", domain.ErrTooLong.Code, fmt.Sprintf("a report has at most %d days", maxDays))
	}
	var all []calendarDay
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		all = append(all, calendarDay{day.Format(time.DateOnly), startOfDay(day, zone), startOfDay(day.AddDate(0, 0, 1), zone)})
	}
	return all, nil
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
