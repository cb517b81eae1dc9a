// Package picture draws the queue of an agent as the site shows it, from the demo
// data, for the README: a picture that can be read and reviewed as text. It is drawn
// again by "make picture", and its test fails when docs/site.svg is not what it draws.
package picture

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"time"

	"helpdesk/demo"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/web"
)

// end is when the year of the demo data ends: what the picture shows as now.
var end = time.Date(2026, 6, 8, 11, 20, 0, 0, time.UTC)

// Sizes of the picture and of the data behind it.
const (
	tickets   = 3000
	rows      = 9
	firstRow  = 176 // y of the first row
	rowHeight = 46
	titleMost = 34 // characters
)

//go:embed site.svg.tmpl
var text string

// row is a ticket of the list, with where it is drawn.
type row struct {
	Y                                            int
	Number                                       int
	Title, Requester, Status, Priority, Assignee string
	Comments                                     string
	Opened                                       string
	StatusKey                                    ticket.Status
}

// count is a filter with how many tickets it leads to.
type count struct {
	Y       int
	Label   string
	N       int
	Current bool
}

// page is what the template draws.
type page struct {
	User     string
	Rows     []row
	Statuses []count
}

// found is a ticket of the demo data as it stands at the end.
type found struct {
	ticket.State
	number int
	opened time.Time
}

// Draw returns the picture as SVG. It is the same each time.
func Draw() ([]byte, error) {
	people := demo.People(end)
	names := map[domain.UserID]string{}
	p := page{}
	for _, one := range people {
		names[one.ID] = one.Username
		if p.User == "" && one.Role == domain.RoleAgent {
			p.User = one.Username
		}
	}
	all, err := states(people)
	if err != nil {
		return nil, err
	}
	p.Statuses = counts(all)
	for i := len(all) - 1; i >= 0 && len(p.Rows) < rows; i-- {
		if active(all[i].Status) {
			p.Rows = append(p.Rows, rowOf(all[i], firstRow+rowHeight*len(p.Rows), names))
		}
	}
	drawn, err := template.New("site").Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = drawn.Execute(&b, p)
	return b.Bytes(), err
}

// states returns what became of the tickets that were not deleted, the oldest first.
func states(people []demo.Person) (all []found, err error) {
	number := 0
	for told := range demo.Tickets(end, people, tickets) {
		number++
		one := found{number: number, opened: told.Past[0].At}
		for _, past := range told.Past {
			events, err := ticket.Decide(one.State, past.Command)
			if err != nil {
				return nil, fmt.Errorf("ticket %d of the demo data: %w", number, err)
			}
			for _, e := range events {
				one.State = ticket.Evolve(one.State, e)
			}
		}
		if !one.Deleted {
			all = append(all, one)
		}
	}
	return all, nil
}

func active(s ticket.Status) bool {
	return s == ticket.StatusOpen || s == ticket.StatusInProgress || s == ticket.StatusEscalated
}

// counts returns the filters by status, as the site lists them.
func counts(all []found) []count {
	filters := []count{{Label: "Active", Current: true}, {Label: "Open"}, {Label: "In progress"}, {Label: "Escalated"}, {Label: "Resolved"}, {Label: "Closed"}, {Label: "All"}}
	statuses := []ticket.Status{"", ticket.StatusOpen, ticket.StatusInProgress, ticket.StatusEscalated, ticket.StatusResolved, ticket.StatusClosed}
	for i := range filters {
		filters[i].Y = 148 + 26*i
		for _, one := range all {
			if i == 0 && active(one.Status) || i == len(filters)-1 || i > 0 && one.Status == statuses[i] {
				filters[i].N++
			}
		}
	}
	return filters
}

// Count writes how many tickets there are, as the site does.
func (c count) Count() string {
	if c.N == 0 {
		return "0"
	}
	return web.CountOf(c.N)
}

func rowOf(f found, y int, names map[domain.UserID]string) row {
	r := row{
		Y: y, Number: f.number, Title: short(f.Title), Requester: names[f.CreatedBy],
		Status: web.StatusWord(f.Status), StatusKey: f.Status, Priority: string(f.Priority), Assignee: names[f.AssignedTo],
		Opened: ago(end.Sub(f.opened)),
	}
	if n := len(f.Comments); n > 0 {
		r.Comments = " · " + web.Plural(n, "comment", "comments")
	}
	return r
}

// short cuts a title to what the column holds.
func short(title string) string {
	if all := []rune(title); len(all) > titleMost {
		return string(all[:titleMost-1]) + "…"
	}
	return title
}

// ago writes how long ago something was, as browsers do.
func ago(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return web.Plural(int(d/(24*time.Hour)), "day ago", "days ago")
	case d >= time.Hour:
		return fmt.Sprintf("%d hr. ago", d/time.Hour)
	}
	return fmt.Sprintf("%d min. ago", d/time.Minute)
}
