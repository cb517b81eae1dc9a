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

// finds returns the numbers of the tickets that a search lists to somebody.
func finds(t *testing.T, p *program.Person, q, more string) (numbers []int64) {
	t.Helper()
	for _, v := range program.Get[program.List[program.Ticket]](t, p, "/api/tickets/?q="+url.QueryEscape(q)+more).Results {
		numbers = append(numbers, v.Number)
	}
	return numbers
}

func TestASearchFindsWhatPeoplePaste(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	lisa, eve := d.Join(t, "lisa", "user"), d.Join(t, "eve", "agent")
	bob := d.Join(t, "bob", "user")
	vpn := lisa.Opens(t, "No VPN at https://intranet.example.net/vpn", object{"description": "重启打印机以后还是不行. See rechnung_2024.pdf"})
	on := lisa.Opens(t, "It is not on", object{"description": fmt.Sprint("Like #", vpn.Number, " of Zoë Núñez")})
	bobs := bob.Opens(t, "INV-00417 was paid twice", object{"description": "10.20.30.40 says 0x80070005"})
	d.Admin.Assigns(t, bobs, "eve")
	note := eve.Comments(t, bobs, "Ask acme-holding.example first", true)
	gone := eve.Comments(t, bobs, "Wrong flamingo here", false)
	eve.Must(t, http.StatusNoContent, "DELETE", gone.Path(), nil)

	for _, c := range []struct {
		by   *program.Person
		q    string
		want []int64
	}{
		{lisa, "https://intranet.example.net/vpn", []int64{vpn.Number}},
		{lisa, "intranet", []int64{vpn.Number}},
		{lisa, "intra", []int64{vpn.Number}},
		{lisa, "打印机", []int64{vpn.Number}},
		{lisa, "rechnung", []int64{vpn.Number}},
		{lisa, "it is", []int64{on.Number}},
		{lisa, "zoe nunez", []int64{on.Number}},
		{lisa, "Nu\u0301n\u0303ez", []int64{on.Number}},
		{lisa, fmt.Sprint(vpn.Number), []int64{vpn.Number, on.Number}},
		{lisa, fmt.Sprint("#", vpn.Number), []int64{vpn.Number, on.Number}},
		{lisa, fmt.Sprint("#", bobs.Number), nil}, // not theirs
		{bob, fmt.Sprint("#", bobs.Number), []int64{bobs.Number}},
		{bob, "00417", []int64{bobs.Number}},
		{bob, "10.20.30", []int64{bobs.Number}},
		{bob, "10.20.40", nil},
		{bob, "0x80070005?", []int64{bobs.Number}},
		{bob, "acme", nil}, // a note
		{eve, "acme", []int64{bobs.Number}},
		{eve, "acme-holding.example", []int64{bobs.Number}},
		{eve, "flamingo", nil},
		{d.Admin, "?!", nil},
		{d.Admin, "b", nil},
		{d.Admin, strings.Repeat("paid INV-00417 twice ", 60), []int64{bobs.Number}},
	} {
		if diff := cmp.Diff(c.want, finds(t, c.by, c.q, "")); diff != "" {
			t.Errorf("%s searches %s (-want +got):\n%s", c.by.Username, c.q, diff)
		}
	}
	if got := finds(t, d.Admin, fmt.Sprint(vpn.Number), "&ordering=-number"); !cmp.Equal(got, []int64{on.Number, vpn.Number}) {
		t.Errorf("in another order: got %v", got)
	}
	d.Admin.Must(t, http.StatusBadRequest, "GET", "/api/tickets/?q="+strings.Repeat("x", 2001), nil)
	d.Admin.Must(t, http.StatusOK, "POST", note.Path()+"redact/", object{"reason": "a customer", "from": 4, "to": 8})
	if got := finds(t, eve, "acme", ""); got != nil {
		t.Errorf("a redacted word is found: %v", got)
	}
	if got := finds(t, eve, "holding.example", ""); len(got) != 1 {
		t.Errorf("what is left of the note: %v", got)
	}

	site := func(who string) func(query string) string {
		v := newVisitor(t, d)
		v.submit(t, "/admin/sign-in/", "/admin/sign-in/", "username", who, "password", program.Secret)
		return func(query string) string {
			_, page := v.get(t, "/admin/tickets/?"+query)
			return page
		}
	}
	lacks := func(page string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if strings.Contains(page, text) {
				t.Errorf("the page has %q: %s", text, page)
			}
		}
	}
	root, agent, user := site(d.Admin.Username), site("eve"), site("lisa")
	hers := `href="/admin/tickets/?requester=` + lisa.ID + `&amp;status=all"`
	mentions(t, root("q=lisa"), hers, "Searched all tickets that are active.", "Search tickets of any status")
	mentions(t, root("q=lisa%40example.com"), hers)
	mentions(t, agent("q=LISA"), hers)
	lacks(agent("q=lisa%40example.com"), hers) // they don't see addresses
	lacks(user("q=lisa"), hers)
	page := root("requester=" + lisa.ID + "&status=all")
	mentions(t, page, vpn.Title, on.Title)
	lacks(page, bobs.Title)
	lacks(agent("requester="+lisa.ID+"&status=all"), bobs.Title)

	d.Admin.Does(t, vpn, "resolve")
	page = root(fmt.Sprint("q=%23", vpn.Number)) // whatever the filters
	mentions(t, page, vpn.Title, on.Title)
	if strings.Index(page, vpn.Title) > strings.Index(page, on.Title) || strings.Count(page, ">"+vpn.Title+"<") > 1 {
		t.Error("a number does not lead to its ticket first, and once")
	}
	lacks(user(fmt.Sprint("q=", bobs.Number)), bobs.Title)
	mentions(t, user("q=vpn"), vpn.Title, "Searched your tickets of any status.")
	mentions(t, user("q=%3F%21"), "Nothing to search for")
	for _, q := range []string{"%25_", "lisa%27%22%3B"} { // whatever it is
		mentions(t, root("q="+q), "Searched all tickets")
	}
	mentions(t, agent("q=zebra&status=open"), "No results", "that are open")
}
