package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// Texts that were taken back, and those that stand in their place.
var (
	takenBack = []string{"salary5200", "salary5201", "salary5202", "salary5203", "salary5204"}
	stands    = []string{"sorry", "Printer", "humming"}
)

// TestWhoIsNoStaffReadsNoTextThatWasTakenBack goes through every door there is to the
// past of a ticket.
func TestWhoIsNoStaffReadsNoTextThatWasTakenBack(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, eve, ida := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent"), d.Join(t, "ida", "auditor")
	v := bob.Opens(t, "Printer", object{"description": "humming"})
	d.Admin.Assigns(t, v, "eve")
	removed := eve.Comments(t, v, "your salary5200", false)
	edited := eve.Comments(t, v, "your salary5201", false)
	eve.Must(t, http.StatusOK, "PATCH", edited.Path(), object{"text": "your salary5202"})
	eve.Must(t, http.StatusOK, "PATCH", edited.Path(), object{"text": "sorry"})
	eve.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "your salary5203", "description": "your salary5204"})
	eve.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "Printer", "description": "humming"})
	eve.Must(t, http.StatusNoContent, "DELETE", removed.Path(), nil)
	p := pastOf(t, d, v, takenBack...)

	for _, door := range doors() {
		t.Run(door.name, func(t *testing.T) {
			shown := door.opens(t, d, bob, p)
			for _, text := range takenBack {
				if at := strings.Index(shown, text); at >= 0 {
					t.Errorf("bob reads %q: …%s…", text, shown[max(at-150, 0):min(at+60, len(shown))])
				}
			}
			for _, who := range []*program.Person{eve, ida} {
				whole := door.opens(t, d, who, p)
				if !strings.Contains(whole, "salary520") {
					t.Errorf("%s reads nothing that was taken back", who.Username)
				}
				if door.narrow {
					continue
				}
				for _, text := range takenBack {
					if !strings.Contains(whole, text) {
						t.Errorf("%s does not read %q", who.Username, text)
					}
				}
			}
			for _, text := range stands {
				if !door.narrow && !strings.Contains(shown, text) {
					t.Errorf("bob does not read %q, which stands", text)
				}
			}
		})
	}
}

// TestARepeatShowsTextsAsTheyMayBeReadByThen repeats calls under their idempotency keys
// after what they were answered with was withdrawn, and after it was redacted.
func TestARepeatShowsTextsAsTheyMayBeReadByThen(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db)
	bob, eve := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent")
	v := bob.Opens(t, "Printer", object{"description": "humming"})
	d.Admin.Assigns(t, v, "eve")
	eve.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "your salary5200"})
	calls := []struct {
		who          *program.Person
		method, path string
		body         object
	}{
		{bob, "PATCH", v.Path(), object{"priority": "high"}},
		{bob, "PATCH", v.Path(), object{"priority": "high", "description": "humming"}}, // changes nothing
		{bob, "POST", comments, object{"ticket": v.ID, "text": "so salary5201"}},
		{eve, "PATCH", v.Path(), object{"description": "still salary5202"}},
		{bob, "POST", "/api/tickets/", object{"title": "salary5203", "description": "again"}},
	}
	repeat := func(i int) program.Answer {
		c := calls[i]
		return c.who.Sends(t, c.method, c.path, c.body, "Idempotency-Key", fmt.Sprint("once-", i))
	}
	first := make([]program.Answer, len(calls))
	for i := range calls {
		if first[i] = repeat(i); !strings.Contains(string(first[i].Body), "salary520") {
			t.Fatalf("call %d: %d %s", i, first[i].Status, first[i].Body)
		}
	}
	said, opened := program.Read[program.Comment](t, first[2]), program.Read[program.Ticket](t, first[4])
	eve.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "Printer", "description": "quiet"})
	bob.Must(t, http.StatusNoContent, "DELETE", said.Path(), nil)
	bob.Must(t, http.StatusOK, "PATCH", opened.Path(), object{"title": "Plotter"})

	again := func(want string) {
		t.Helper()
		for i, c := range calls {
			a := repeat(i)
			body := string(a.Body)
			if a.Status != first[i].Status || a.Header.Get("ETag") != first[i].Header.Get("ETag") || !isReplay(a) {
				t.Errorf("call %d: %d, ETag %s, want %d, %s: %s", i, a.Status, a.Header.Get("ETag"), first[i].Status, first[i].Header.Get("ETag"), body)
			}
			if c.who == bob && (strings.Contains(body, "salary520") || !strings.Contains(body, want)) {
				t.Errorf("call %d shows bob %s, want %s in it", i, body, want)
			}
		}
	}
	again("[withdrawn]")
	if body := string(repeat(3).Body); !strings.Contains(body, "salary5202") {
		t.Errorf("eve, of the staff, is shown %s", body)
	}
	kept := kit.One[int](t, db.Pool(t), `SELECT count(*)::int FROM idempotency_keys WHERE strpos(convert_from(body, 'UTF8'), 'salary520') > 0`)
	if kept > 0 {
		t.Errorf("the texts stand in %d stored answers", kept)
	}
	for _, path := range []string{v.Path("redact"), opened.Path("redact")} {
		d.Admin.Must(t, http.StatusOK, "POST", path, object{"field": "title", "reason": "salaries"})
	}
	d.Admin.Must(t, http.StatusOK, "POST", v.Path("redact"), object{"field": "description", "reason": "salaries"})
	d.Admin.Must(t, http.StatusOK, "POST", said.Path()+"redact/", object{"reason": "salaries"})
	again("[redacted]")
	if body := string(repeat(3).Body); strings.Contains(body, "salary520") {
		t.Errorf("redacted, eve is shown %s", body)
	}
}
