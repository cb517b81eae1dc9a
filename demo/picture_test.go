package demo

import (
	"flag"
	"fmt"
	"html"
	"os"
	"strings"
	"testing"
	"time"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

var update = flag.Bool("update", false, "draw docs/site.svg anew")

const pictureFile = "../docs/site.svg"

// TestThePictureOfTheSiteIsOfTheDemoData holds the README's picture: the queue of an
// agent with every sixth of the newest active tickets of a made-up year, drawn in the site's colours
// (go test ./demo -run Picture -update).
func TestThePictureOfTheSiteIsOfTheDemoData(t *testing.T) {
	t.Parallel()
	got := drawQueue(newestActive(t, 9, 6))
	if *update {
		if err := os.WriteFile(pictureFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(pictureFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is not what the demo data make: draw it anew with -update", pictureFile)
	}
}

// row is a ticket as the queue lists it.
type row struct {
	number              int
	state               ticket.State
	requester, assignee string
	age                 time.Duration // since it last changed
}

// newestActive returns n of the newest tickets of a year that are active at its end,
// one of so many.
func newestActive(t *testing.T, n, of int) []row {
	t.Helper()
	people := People(end)
	names := map[domain.UserID]string{}
	for _, p := range people {
		names[p.ID] = p.Username
	}
	var rows []row
	number, active := 0, 0
	for told := range Tickets(end, people, 20_000) {
		number++
		var s ticket.State
		for _, p := range told.Past {
			events, err := ticket.Decide(s, p.Command)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				s = ticket.Evolve(s, e)
			}
		}
		if !s.Exists || !s.Status.Active() {
			continue
		}
		if active++; active%of != 0 {
			continue
		}
		last := told.Past[len(told.Past)-1].At
		rows = append([]row{{number, s, names[s.CreatedBy], names[s.AssignedTo], end.Sub(last)}}, rows[:min(len(rows), n-1)]...)
	}
	return rows
}

const (
	pictureWidth = 1040
	rowHeight    = 44
)

// drawQueue returns an SVG of rows that follows the reader's preference for light or
// dark.
func drawQueue(rows []row) string {
	var b strings.Builder
	height := 132 + rowHeight*len(rows) + 24
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="The queue of an agent">
<style>
svg { --ground: #f6f6f4; --surface: #ffffff; --ink: #1d2125; --soft: #565e67; --line: #dcdcd7; --accent: #9a3412; --on: #ffffff; --bad: #b3261e; --work: #2457a6; }
@media (prefers-color-scheme: dark) { svg { --ground: #15171a; --surface: #1c1f23; --ink: #e7e8ea; --soft: #a5adb6; --line: #31363c; --accent: #f2a27e; --on: #2a1006; --bad: #ff9d95; --work: #9dc0ff; } }
text { font: 14px system-ui, sans-serif; fill: var(--ink); }
.soft { fill: var(--soft); font-size: 12.5px; }
.title { font-weight: 600; }
.head { font-size: 22px; font-weight: 650; }
.escalated, .high { fill: var(--bad); font-weight: 600; }
.in-progress { fill: var(--work); font-weight: 600; }
.line { stroke: var(--line); }
</style>
<rect width="100%%" height="100%%" rx="10" fill="var(--ground)"/>
<rect x="24" y="112" width="%d" height="%d" rx="8" fill="var(--surface)" class="line"/>
<text x="24" y="34" class="title">Helpdesk</text>
<text x="130" y="34">Tickets</text>
<text x="204" y="34" class="soft">Reports</text>
<text x="274" y="34" class="soft">People</text>
<text x="24" y="82" class="head">Active tickets</text>
<rect x="906" y="58" width="110" height="34" rx="8" fill="var(--accent)"/>
<text x="961" y="80" text-anchor="middle" style="fill: var(--on)">New ticket</text>
`, pictureWidth, height, pictureWidth-48, rowHeight*len(rows)+20)
	for i, r := range rows {
		y := 142 + rowHeight*i
		if i > 0 {
			fmt.Fprintf(&b, `<line x1="40" x2="%d" y1="%d" y2="%d" class="line"/>`+"\n", pictureWidth-40, y-24, y-24)
		}
		assignee := r.assignee
		if assignee == "" {
			assignee = "Unassigned"
		}
		cell := func(x int, class, text string) {
			fmt.Fprintf(&b, `<text x="%d" y="%d" class="%s">%s</text>`+"\n", x, y+4, class, html.EscapeString(text))
		}
		cell(44, "soft", fmt.Sprintf("#%d", r.number))
		cell(104, "title", r.state.Title)
		cell(490, string(r.state.Status), strings.ReplaceAll(string(r.state.Status), "-", " "))
		cell(592, string(r.state.Priority), string(r.state.Priority))
		cell(668, "soft", r.requester)
		cell(810, "soft", assignee)
		cell(950, "soft", ago(r.age))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// ago returns a span in the largest unit that it has one of.
func ago(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%d d", d/(24*time.Hour))
	case d >= time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d min", d/time.Minute)
}
