package reports

import (
	"fmt"
	"strings"
	"time"
)

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
		c.About = fmt.Sprintf("%d values from %s, between %d and %d. The last is %d.",
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
