package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"helpdesk/test/program"
)

// door is a way to what happened to a ticket or to what it was.
type door struct {
	name  string
	opens func(t *testing.T, d *program.Helpdesk, p *program.Person, v past) string
	// narrow doors show less than every text there ever was, to whoever asks.
	narrow bool
}

// past is a ticket with what is known of its past.
type past struct {
	program.Ticket
	instants []time.Time // when each of its events was recorded, by version
	words    []string    // that its texts hold or held
}

// pastOf reads the past of a ticket as the admin.
func pastOf(t *testing.T, d *program.Helpdesk, v program.Ticket, words ...string) past {
	t.Helper()
	p := past{Ticket: d.Admin.Sees(t, v), words: words}
	entries := program.Get[program.List[struct {
		Type       string
		RecordedAt time.Time `json:"recorded_at"`
	}]](t, d.Admin, v.Path("history")+"?page_size=100").Results
	for _, e := range entries {
		if strings.HasPrefix(e.Type, "ticket.") {
			p.instants = append(p.instants, e.RecordedAt)
		}
	}
	return p
}

// at returns the instants as parameters.
func (v past) at() (all []string) {
	for _, at := range v.instants {
		all = append(all, url.QueryEscape(at.Format(time.RFC3339Nano)))
	}
	return all
}

// paths makes a door of addresses of the API, one after the other.
func paths(name string, of func(past) []string, header ...string) door {
	return door{name: name, opens: func(t *testing.T, _ *program.Helpdesk, p *program.Person, v past) string {
		t.Helper()
		var all strings.Builder
		for _, path := range of(v) {
			answer := p.Sends(t, "GET", path, nil, header...)
			if answer.Status != http.StatusOK && answer.Status != http.StatusNotFound {
				t.Errorf("%s as %s: %d %s", path, p.Username, answer.Status, answer.Body)
			}
			all.Write(answer.Body)
		}
		return all.String()
	}}
}

// each makes an address for each of some values.
func each(values []string, format string, args ...any) (all []string) {
	for _, value := range values {
		all = append(all, fmt.Sprintf(format, append(args, value)...))
	}
	return all
}

func versions(v past) (all []string) {
	for n := range v.instants {
		all = append(all, fmt.Sprint(n+1))
	}
	return all
}

// doors lists every way by which somebody who is no admin can come to what was.
func doors() []door {
	all := []door{
		paths("history", func(v past) []string { return []string{v.Path("history") + "?page_size=100"} }),
		paths("versions", func(v past) []string { return each(versions(v), "%s?version=%s", v.Path()) }),
		paths("instants", func(v past) []string { return each(v.at(), "%s?as_of=%s", v.Path()) }),
		paths("differences of versions", func(v past) (all []string) {
			for _, from := range versions(v) {
				all = append(all, each(versions(v), "%s?from=%s&to=%s", v.Path("diff"), from)...)
			}
			return all
		}),
		paths("differences of instants", func(v past) (all []string) {
			for _, from := range v.at() {
				all = append(all, each(v.at(), "%s?from=%s&to=%s", v.Path("diff"), from)...)
			}
			return all
		}),
		paths("lists of then", func(v past) []string { return each(v.at(), "/api/tickets/?as_of=%s") }),
		paths("lists of then as CSV", func(v past) []string { return each(v.at(), "/api/tickets/?as_of=%s") }, "Accept", "text/csv"),
		paths("lists of then by title", func(v past) (all []string) {
			for _, word := range v.words {
				all = append(all, each(v.at(), "/api/tickets/?title=%s&as_of=%s", word)...)
			}
			return all
		}),
		paths("comments of then", func(v past) []string { return each(v.at(), "/api/comments/?as_of=%s") }),
		paths("comments of the ticket then", func(v past) []string { return each(v.at(), "/api/comments/?ticket=%s&as_of=%s", v.ID) }),
		{name: "event stream", opens: streamed},
		{name: "the site", opens: visited},
	}
	for i, d := range all { // no comments in lists of tickets, no descriptions in CSV and differences of lists
		all[i].narrow = strings.HasPrefix(d.name, "lists") || strings.HasPrefix(d.name, "comments")
	}
	return all
}

// streamed returns what the event stream tells of all that happened.
func streamed(t *testing.T, d *program.Helpdesk, p *program.Person, v past) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	response, err := p.Begin(ctx, "GET", "/api/events/stream/?after=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	last := d.Admin.Must(t, http.StatusOK, "PATCH", v.Path(), object{"priority": other(d.Admin.Sees(t, v.Ticket).Priority)}).Header.Get("Event-Position")
	var told strings.Builder
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if lines.Text() == "id: "+last {
			return told.String()
		}
		told.WriteString(lines.Text() + "\n")
	}
	t.Fatalf("the stream ended before position %s:\n%s", last, told.String())
	return ""
}

func other(priority string) string {
	if priority == "high" {
		return "low"
	}
	return "high"
}

// visited returns the pages of the ticket on the site, at each of its versions.
func visited(t *testing.T, d *program.Helpdesk, p *program.Person, v past) string {
	t.Helper()
	visitor := newVisitor(t, d)
	visitor.submit(t, "/admin/sign-in/", "/admin/sign-in/", "username", p.Username, "password", program.Secret)
	var all strings.Builder
	for _, version := range versions(v) {
		_, page := visitor.get(t, fmt.Sprintf("/admin/tickets/%d/?version=%s", v.Number, version))
		all.WriteString(page)
	}
	return all.String()
}
