package load

import (
	"fmt"
	"net/http"
	"sync/atomic"
)

// Works are what a helpdesk is asked for all day, by name.
func (d *Desk) Works() []Work {
	return []Work{
		write("create", d.create),
		write("change a priority", d.changePriority),
		write("public comment", func(n int) Request { return d.comment(n, false) }),
		write("internal note", func(n int) Request { return d.comment(n, true) }),
		read("first page, admin", d.list(d.admin, "")),
		read("first page, agent, filtered", d.list(d.agent, "?status=closed&priority=high")),
		read("title search", d.list(d.admin, "?title=toner")),
		read("title search among older tickets", d.list(d.admin, "?title=toner")), // once many others are newer
		read("search for a common word", d.list(d.admin, "?q=printer")),
		read("search for a rare word", d.list(d.admin, "?q=4711")), // a number that a few devices have
		read("one ticket with comments", d.ticket),
		read("report", func(int) Request { return New(http.MethodGet, "/api/report/", d.admin, "") }),
		read("events page of 100", d.events),
	}
}

// write makes work of a request that differs each time, whoever sends it.
func write(name string, next func(n int) Request) Work {
	var n atomic.Int64
	return Work{Name: name, Writes: true, Next: func(int) Request { return next(int(n.Add(1))) }}
}

func read(name string, next func(n int) Request) Work {
	w := write(name, next)
	w.Writes = false
	return w
}

func (d *Desk) create(n int) Request {
	return New(http.MethodPost, "/api/tickets/", d.user, fmt.Sprintf(
		`{"title": "Printer %d", "description": "It stops after the first page and shows an error.", "priority": "low"}`, n))
}

// round returns the ticket for the nth of something that is done to one after the
// other, and how many times it was done to each before.
func (d *Desk) round(n int) (ticket int64, before int) {
	return d.fresh[n%len(d.fresh)], n / len(d.fresh)
}

func (d *Desk) changePriority(n int) Request {
	ticket, before := d.round(n)
	priority := [...]string{"high", "medium", "low"}[before%3] // they were opened with low
	return New(http.MethodPatch, fmt.Sprintf("/api/tickets/%d/", ticket), d.admin, fmt.Sprintf(`{"priority": %q}`, priority))
}

func (d *Desk) comment(n int, internal bool) Request {
	ticket, _ := d.round(n)
	return New(http.MethodPost, "/api/comments/", d.admin, fmt.Sprintf(
		`{"ticket": %d, "text": "I have changed the drum and printed %d test pages.", "internal": %t}`, ticket, n, internal))
}

func (d *Desk) list(cookie, query string) func(int) Request {
	r := New(http.MethodGet, "/api/tickets/"+query, cookie, "")
	return func(int) Request { return r }
}

func (d *Desk) ticket(n int) Request {
	return New(http.MethodGet, fmt.Sprintf("/api/tickets/%d/", d.old[n%len(d.old)]), d.admin, "")
}

// events begins each page somewhere else: a multiple of a prime goes all over the log.
func (d *Desk) events(n int) Request {
	const prime = 7919
	after := int64(n) * prime % max(1, d.head-100)
	return New(http.MethodGet, fmt.Sprintf("/api/events/?after=%d&limit=100", after), d.admin, "")
}

// The floor's works: what every write and every read of the helpdesk is held against.

// Insert writes one row.
func Insert() Work {
	return write("insert", func(n int) Request {
		return New(http.MethodPost, "/tickets", "", fmt.Sprintf(
			`{"title": "Printer %d", "description": "It stops after the first page and shows an error.", "priority": "low"}`, n))
	})
}

// Select reads one row of so many.
func Select(rows int) Work {
	return read("select", func(n int) Request {
		return New(http.MethodGet, fmt.Sprintf("/tickets/%d", 1+n%rows), "", "")
	})
}
