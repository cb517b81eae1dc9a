package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/test/program"
)

// paging walks a long list forward and back while tickets are opened.
func paging(t *testing.T, d *program.Helpdesk) {
	const tickets = 120
	pat := d.Join(t, "pat", "user")
	for i := range tickets {
		pat.Opens(t, fmt.Sprint("Page ", i), object{"priority": []string{"low", "medium", "high"}[i%3]})
	}
	for _, ordering := range []string{"", "created_at", "-created_at", "updated_at", "-updated_at", "priority", "-priority", "number", "-number"} {
		t.Run("ordered by "+ordering, func(t *testing.T) {
			query := url.Values{"page_size": {"25"}, "title": {"page"}, "count": {"true"}}
			if ordering != "" {
				query.Set("ordering", ordering)
			}
			walk(t, pat, "/api/tickets/?"+query.Encode(), tickets)
		})
	}
	t.Run("a cursor opens nothing else", func(t *testing.T) { foreignCursors(t, d, pat) })
}

// walk reads the pages from first to last and back, while another ticket that
// the filter leaves out, and one that it does not, appear before each page. The
// latter are called "Late page", and may or may not be met.
func walk(t *testing.T, p *program.Person, first string, want int) {
	var there, back []string
	next, last := first, ""
	for range want {
		page := pageAt(t, p, next)
		if page.Count == nil || int(*page.Count) < want {
			t.Errorf("count: got %v, want at least %d", page.Count, want)
		}
		there = append(there, settled(page)...)
		p.Opens(t, "Late page")
		if last = next; page.Next == nil {
			break
		}
		next = *page.Next
	}
	if len(there) != want || len(distinct(there)) != want {
		t.Fatalf("the way there met %d tickets, %d of them once; want %d", len(there), len(distinct(there)), want)
	}
	for range 2 * want {
		page := pageAt(t, p, last)
		back = append(settled(page), back...)
		p.Opens(t, "Late page")
		if page.Previous == nil {
			break
		}
		last = *page.Previous
	}
	if diff := cmp.Diff(there, back); diff != "" {
		t.Errorf("the way back (-there +back):\n%s", diff)
	}
}

// pageAt reads a page, and looks at its Link header.
func pageAt(t *testing.T, p *program.Person, address string) program.List[program.Ticket] {
	t.Helper()
	a := p.Must(t, http.StatusOK, "GET", address, nil)
	page := program.Read[program.List[program.Ticket]](t, a)
	var links []string
	for _, l := range []struct {
		link *string
		rel  string
	}{{page.Next, "next"}, {page.Previous, "prev"}} {
		if l.link != nil {
			links = append(links, fmt.Sprintf(`<%s>; rel="%s"`, *l.link, l.rel))
			if !strings.HasPrefix(*l.link, "/api/tickets/?") {
				t.Errorf("a link leads elsewhere: %s", *l.link)
			}
		}
	}
	if got, want := a.Header.Get("Link"), strings.Join(links, ", "); got != want {
		t.Errorf("Link: got %q, want %q", got, want)
	}
	return page
}

// settled returns the numbers of the tickets that are no late ones.
func settled(page program.List[program.Ticket]) []string {
	var all []string
	for _, v := range page.Results {
		if v.Title != "Late page" {
			all = append(all, number(v))
		}
	}
	return all
}

func distinct(all []string) map[string]bool {
	set := map[string]bool{}
	for _, one := range all {
		set[one] = true
	}
	return set
}

// foreignCursors uses a cursor on other lists than its own, and broken ones.
func foreignCursors(t *testing.T, d *program.Helpdesk, pat *program.Person) {
	link, err := url.Parse(*pageAt(t, pat, "/api/tickets/?page_size=10&title=page").Next)
	if err != nil {
		t.Fatal(err)
	}
	cursor := link.Query().Get("cursor")
	middle := len(cursor) / 2
	flipped := cursor[:middle] + string(cursor[middle]^1) + cursor[middle+1:]
	cases := []struct {
		name   string
		who    *program.Person
		path   string
		query  url.Values
		status int
	}{
		{"on its own list with another page size", pat, "/api/tickets/", url.Values{"title": {"page"}, "page_size": {"3"}, "cursor": {cursor}}, 200},
		{"on a list without the filter", pat, "/api/tickets/", url.Values{"cursor": {cursor}}, 400},
		{"on a list with another filter", pat, "/api/tickets/", url.Values{"title": {"other"}, "cursor": {cursor}}, 400},
		{"on a list in another order", pat, "/api/tickets/", url.Values{"title": {"page"}, "ordering": {"number"}, "cursor": {cursor}}, 400},
		{"on the list of comments", pat, "/api/comments/", url.Values{"cursor": {cursor}}, 400},
		{"on somebody else's list", d.Admin, "/api/tickets/", url.Values{"title": {"page"}, "cursor": {cursor}}, 400},
		{"that is cut short", pat, "/api/tickets/", url.Values{"title": {"page"}, "cursor": {cursor[:len(cursor)-1]}}, 400},
		{"that is a few characters", pat, "/api/tickets/", url.Values{"title": {"page"}, "cursor": {cursor[:8]}}, 400},
		{"that is longer", pat, "/api/tickets/", url.Values{"title": {"page"}, "cursor": {cursor + "AAAA"}}, 400},
		{"with a character changed", pat, "/api/tickets/", url.Values{"title": {"page"}, "cursor": {flipped}}, 400},
		{"given twice", pat, "/api/tickets/", url.Values{"title": {"page"}, "cursor": {cursor, cursor}}, 400},
		{"beyond all measure", pat, "/api/tickets/", url.Values{"title": {"page"}, "cursor": {strings.Repeat("A", 2001)}}, 400},
	}
	for _, c := range cases {
		t.Run("a cursor "+c.name, func(t *testing.T) {
			a := c.who.Sends(t, "GET", c.path+"?"+c.query.Encode(), nil)
			if c.status == http.StatusOK {
				if a.Status != c.status {
					t.Errorf("got %d %s, want %d", a.Status, a.Body, c.status)
				}
				return
			}
			if diff := cmp.Diff([]string{"?cursor"}, refused(t, a, c.status).pointers()); diff != "" {
				t.Errorf("pointers (-want +got):\n%s", diff)
			}
		})
	}
}
