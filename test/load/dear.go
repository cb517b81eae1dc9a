package load

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Long opens a ticket of the user's with so many bytes of comments, each of size.
func (d *Desk) Long(ctx context.Context, bytes, size int) (number int64, err error) {
	c, err := Dial(ctx, d.Address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var opened struct{ Number int64 }
	if err := ask(c, d.create(0), &opened); err != nil {
		return 0, err
	}
	text := strings.Repeat("long ", size/len("long "))
	for range bytes / size {
		body := fmt.Sprintf(`{"ticket": %d, "text": %q}`, opened.Number, text)
		if _, err := c.Ask(New(http.MethodPost, "/api/comments/", d.admin, body), nil); err != nil {
			return 0, err
		}
	}
	return opened.Number, nil
}

// Wide opens so many tickets with descriptions of size.
func (d *Desk) Wide(ctx context.Context, tickets, size int) error {
	return d.share(ctx, tickets, func(c *Conn, i int) error {
		body := fmt.Sprintf(`{"title": "Wide %d", "description": %q}`, i, strings.Repeat("wide ", size/len("wide ")))
		_, err := c.Ask(New(http.MethodPost, "/api/tickets/", d.user, body), nil)
		return err
	})
}

// Dear are requests that one caller could make all pay for, on three long tickets: one that
// they change by hundreds, one that they change, and one that they read, which are as long on
// a fast machine as on a slow one.
func (d *Desk) Dear(bulk, changed, long int64) []Work {
	at := func(path string) string { return fmt.Sprintf("/api/tickets/%d/%s", long, path) }
	get := func(name, cookie, path string) Work {
		return read(name, func(int) Request { return New(http.MethodGet, path, cookie, "") })
	}
	members, operations := filled(`{`, `}`, func(i int) string { return fmt.Sprintf(`"m%d": 0`, i) }), filled(`{"operations": [`, `]}`, func(int) string { return `{}` })
	priorities := [...]string{"high", "medium", "low"}
	return []Work{
		write("login, 100,000 unknown members", func(int) Request { return New(http.MethodPost, "/api/login/", "", members) }),
		write("login, wrong password", func(n int) Request {
			return New(http.MethodPost, "/api/login/", "", fmt.Sprintf(`{"username": "nobody%d", "password": "wrong-password"}`, n%4))
		}),
		write("bulk, 200,000 operations", func(int) Request { return New(http.MethodPost, "/api/tickets/bulk/", d.user, operations) }),
		write("bulk, 100 on the long ticket", func(n int) Request {
			var all []string
			for i := range 100 {
				all = append(all, fmt.Sprintf(`{"op": "priority", "ticket": %d, "priority": %q}`, bulk, priorities[(n+i)%3]))
			}
			return New(http.MethodPost, "/api/tickets/bulk/", d.admin, `{"operations": [`+strings.Join(all, ",")+`]}`)
		}),
		write("comment on the long ticket", func(n int) Request { return d.Comment(changed, n) }),
		write("priority of the long ticket", func(n int) Request {
			return New(http.MethodPatch, fmt.Sprintf("/api/tickets/%d/", changed), d.admin, fmt.Sprintf(`{"priority": %q}`, priorities[n%3]))
		}),
		get("the long ticket", d.user, at("")),
		get("its page on the site", d.admin, fmt.Sprintf("/admin/tickets/%d/", long)),
		get("its history", d.user, at("history/?page_size=100")),
		get("its past", d.user, at("?version=200")),
		get("its differences", d.user, at("diff/?from=1&to=200")),
		get("its comments of the past", d.user, fmt.Sprintf("/api/comments/?ticket=%d&page_size=100&as_of=%s", long, time.Now().UTC().Format(time.RFC3339))),
		get("a page of all comments", d.admin, "/api/comments/?page_size=100"),
		get("a page of wide tickets", d.admin, "/api/tickets/?page_size=100&title=Wide"),
		get("export", d.admin, "/api/tickets/export/"),
		get("event stream from the beginning", d.user, "/api/events/stream/?after=0"),
	}
}

// Comment is the nth of the user's comments on a ticket.
func (d *Desk) Comment(ticket int64, n int) Request {
	return New(http.MethodPost, "/api/comments/", d.user, fmt.Sprintf(`{"ticket": %d, "text": "No. %d"}`, ticket, n))
}

// filled repeats pieces, each made of its number, as often as a body of a megabyte has
// room for.
func filled(begin, end string, piece func(int) string) string {
	const most = 1<<20 - 100
	var b strings.Builder
	b.WriteString(begin)
	for i := 0; b.Len() < most; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(piece(i))
	}
	return b.String() + end
}

// glance is how long an answer without an end is read.
const glance = 100 * time.Millisecond

// Try asks on a connection of its own and reads the answer, for no longer than it goes on
// coming; a refusal is an answer, too.
func Try(ctx context.Context, address string, r Request) (status, bytes int, err error) {
	c, err := Dial(ctx, address)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, 0, err
	}
	if _, err := c.Write(r); err != nil {
		return 0, 0, nil // it was refused before all was sent
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, 0, nil
	}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		if err := c.SetDeadline(time.Now().Add(glance)); err != nil {
			return 0, 0, err
		}
	}
	n, _ := io.Copy(io.Discard, answer.Body) // cut off, it has been read for long enough
	return answer.StatusCode, int(n), nil
}

// Read is what somebody else reads all the while.
func (d *Desk) Read() Work {
	return read("first page", d.list(d.agent, ""))
}

// Allocated returns how many bytes the program has allocated since it began.
func (d *Desk) Allocated(ctx context.Context) (bytes float64, err error) {
	c, err := Dial(ctx, d.Address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var page strings.Builder
	if _, err := c.Ask(New(http.MethodGet, "/metrics", "", ""), &page); err != nil {
		return 0, err
	}
	for line := range strings.Lines(page.String()) {
		if value, ok := strings.CutPrefix(line, "go_memstats_alloc_bytes_total "); ok {
			return bytes, json.Unmarshal([]byte(strings.TrimSpace(value)), &bytes)
		}
	}
	return 0, fmt.Errorf("the metrics have no allocations")
}
