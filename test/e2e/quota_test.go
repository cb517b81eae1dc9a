package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"helpdesk/test/program"
)

// Of two processes on one database.
func TestARequesterAddsNoMoreThanTheyMay(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_RATE_LIMIT=100000", "HELPDESK_TICKETS_PER_HOUR=3", "HELPDESK_COMMENTS_PER_HOUR=2")
	ada := d.Join(t, "ada", "user")
	other := *d
	other.Program = program.ServeAs(t, "api", d.Env...)
	there := other.SignIn(t, "ada")
	body := object{"title": "One", "description": "It smokes."}
	v := ada.Opens(t, "One")
	ada.Opens(t, "Two")
	there.Must(t, http.StatusCreated, "POST", "/api/tickets/", body)
	wants := func(a program.Answer, code string) {
		t.Helper()
		seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
		if a.Status != http.StatusTooManyRequests || !strings.Contains(string(a.Body), `"`+code+`"`) || err != nil || seconds < 3500 || seconds > 3600 {
			t.Errorf("got %d, Retry-After %q, %s; want 429 %s, and to wait for nearly an hour", a.Status, a.Header.Get("Retry-After"), a.Body, code)
		}
	}
	for _, p := range []*program.Person{ada, there} {
		wants(p.Sends(t, "POST", "/api/tickets/", body), "too_many_tickets")
	}
	comment := object{"ticket": v.ID, "text": "Still."}
	ada.Must(t, http.StatusCreated, "POST", "/api/comments/", comment)
	there.Must(t, http.StatusCreated, "POST", "/api/comments/", comment)
	wants(ada.Sends(t, "POST", "/api/comments/", comment), "too_many_comments")

	site, at := newVisitor(t, d), fmt.Sprintf("/admin/tickets/%d/", v.Number)
	site.submit(t, "/admin/sign-in/", "/admin/sign-in/", "username", "ada", "password", program.Secret)
	for _, form := range []struct{ page, to, said string }{
		{"/admin/tickets/new/", "/admin/tickets/new/", "opened as many tickets"},
		{at, at + "comment/", "added as many comments"},
	} {
		_, page := site.get(t, form.page)
		answer := site.post(t, page, form.to, "title", "A title to keep", "description", "A text to keep.", "text", "A text to keep.")
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusTooManyRequests {
			t.Errorf("the form of %s gets %d, %v; want 429", form.to, answer.StatusCode, err)
		}
		mentions(t, string(body), form.said, "Try again in 60 minutes.", "A text to keep.")
	}

	for range 4 {
		d.Admin.Must(t, http.StatusCreated, "POST", "/api/tickets/", object{"title": "For ada", "description": "She called.", "created_by": "ada"})
		d.Admin.Must(t, http.StatusCreated, "POST", "/api/comments/", comment)
	}
}
