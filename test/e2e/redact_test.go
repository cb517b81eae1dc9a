package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// destroyed are words of texts that are redacted.
var destroyed = []string{"pelican", "heron", "flamingo", "cormorant", "albatross"}

// TestARedactedTextIsGoneForGood goes through every door there is, and looks into the
// database.
func TestARedactedTextIsGoneForGood(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db, "HELPDESK_DATA_DIR="+t.TempDir()) // verified where it is signed
	bob, eve, ida := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent"), d.Join(t, "ida", "auditor")
	v := bob.Opens(t, "Lost pelican", object{"description": "A heron took it."})
	d.Admin.Assigns(t, v, "eve")
	eve.Must(t, http.StatusOK, "PATCH", v.Path(), object{"description": "A heron and a flamingo took it."}, "Idempotency-Key", "hers")
	removed := eve.Comments(t, v, "That was a cormorant.", false)
	note := eve.Comments(t, v, "I saw an albatross today.", true)
	eve.Must(t, http.StatusNoContent, "DELETE", removed.Path(), nil)
	before := pastOf(t, d, v)

	reason := object{"reason": "names of birds"}
	redact := func(want int, p *program.Person, path string, more object) program.Answer {
		t.Helper()
		return p.Must(t, want, "POST", path, reason.With(more))
	}
	redact(http.StatusForbidden, eve, note.Path()+"redact/", nil)
	redact(http.StatusForbidden, bob, v.Path("redact"), object{"field": "title"})
	redact(http.StatusForbidden, ida, v.Path("redact"), object{"field": "title"})
	redact(http.StatusNotFound, bob, note.Path()+"redact/", nil)
	redact(http.StatusBadRequest, d.Admin, v.Path("redact"), object{"field": "title", "from": 3})
	redact(http.StatusBadRequest, d.Admin, v.Path("redact"), object{"field": "title", "from": 3, "to": 99})
	redact(http.StatusBadRequest, d.Admin, v.Path("redact"), object{"field": "title", "from": 3, "to": 9, "all": true})
	d.Admin.Must(t, http.StatusBadRequest, "POST", v.Path("redact"), object{"field": "title"})

	if got := program.Read[program.Ticket](t, redact(http.StatusOK, d.Admin, v.Path("redact"), object{"field": "title", "from": 5, "to": 12})); got.Title != "Lost [redacted]" || got.Version != before.Version+1 {
		t.Errorf("the title is answered as %q, version %d", got.Title, got.Version)
	}
	if got := program.Read[program.Ticket](t, redact(http.StatusOK, d.Admin, v.Path("redact"), object{"field": "description", "all": true})); got.Description != "[redacted]" {
		t.Errorf("the description is answered as %q", got.Description)
	}
	for path, want := range map[string]string{note.Path(): "I saw [redacted] today.", removed.Path(): "[redacted]"} {
		more := object{}
		if path == note.Path() {
			more = object{"from": 6, "to": 18}
		}
		if got := program.Read[program.Comment](t, redact(http.StatusOK, d.Admin, path+"redact/", more)); got.Text != want {
			t.Errorf("the comment is answered as %q, want %q", got.Text, want)
		}
	}

	p := pastOf(t, d, v, destroyed...)
	everywhere := append(doors(),
		paths("the log", func(past) []string { return []string{"/api/events/?limit=1000&stream=" + v.ID} }),
		paths("the present", func(past) []string { return []string{"/api/tickets/", v.Path(), "/api/comments/", note.Path()} }))
	for _, door := range everywhere {
		t.Run(door.name, func(t *testing.T) {
			for _, who := range []*program.Person{d.Admin, ida, eve, bob} {
				if strings.HasPrefix(door.name, "the log") && !strings.Contains("admin auditor", who.Role) {
					continue
				}
				shown := door.opens(t, d, who, p)
				for _, text := range destroyed {
					if at := strings.Index(shown, text); at >= 0 {
						t.Errorf("%s reads %q: …%s…", who.Username, text, shown[max(at-150, 0):min(at+60, len(shown))])
					}
				}
				if !door.narrow && !strings.Contains(shown, "[redacted]") {
					t.Errorf("%s is shown nothing of it", who.Username)
				}
			}
		})
	}
	for _, word := range destroyed {
		if found := program.Get[program.List[program.Ticket]](t, d.Admin, "/api/tickets/?q="+url.QueryEscape(word)); len(found.Results) > 0 {
			t.Errorf("found by %q", word)
		}
	}
	if found := program.Get[program.List[program.Ticket]](t, d.Admin, "/api/tickets/?q=today"); len(found.Results) != 1 {
		t.Errorf("what is left of the note is not found: %+v", found.Results)
	}
	history := string(bob.Must(t, http.StatusOK, "GET", v.Path("history"), nil).Body)
	mentions(t, history, "root redacted the title: names of birds.", "root redacted a comment: names of birds.")
	if strings.Contains(history, "internal note") {
		t.Error("bob reads of the note")
	}
	dump := db.Dump(t)
	for _, text := range destroyed {
		if at := strings.Index(strings.ToLower(dump), text); at >= 0 {
			t.Errorf("the database still holds %q: …%s…", text, dump[max(at-200, 0):min(at+60, len(dump))])
		}
	}
	waitSigned(t, d.Admin.Client, logHead(t, d))
	mentions(t, d.Runs(t, "", "audit", "verify"), "5 redacted texts: nothing opens what was there, as events of the log say.")
	d.Runs(t, "", "projections", "rebuild", "ticket_list", "comment_list", "ticket_words", "ticket_history")
	if got := d.Admin.Sees(t, v); got.Title != "Lost [redacted]" || got.Description != "[redacted]" {
		t.Errorf("built anew it is %+v", got)
	}
	// A key that is destroyed by hand is no redaction.
	other := bob.Opens(t, "Found", object{"description": "again"})
	waitSigned(t, d.Admin.Client, logHead(t, d))
	const byHand = `INSERT INTO text_keys (position, member, destroyed_at) SELECT position, 'title', now() FROM events WHERE stream_id = $1 AND version = 1`
	if _, err := db.OwnerPool(t).Exec(t.Context(), byHand, other.ID); err != nil {
		t.Fatal(err)
	}
	if _, stderr, err := program.Run(t.Context(), t, "", d.Env, "audit", "verify"); err == nil || !strings.Contains(stderr, "no event of the log redacts it") {
		t.Errorf("of a key destroyed by hand: %v, %s", err, stderr)
	}
}

// TestATextOfADeletedTicketIsRedacted has the admin name the ticket by its id.
func TestATextOfADeletedTicketIsRedacted(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob := d.Join(t, "bob", "user")
	v := bob.Opens(t, "Lost pelican")
	said := bob.Comments(t, v, "A heron.", false)
	d.Admin.Must(t, http.StatusNoContent, "DELETE", v.Path(), nil)
	d.Admin.Must(t, http.StatusOK, "POST", v.Path("redact"), object{"field": "title", "reason": "a bird"})
	d.Admin.Must(t, http.StatusOK, "POST", said.Path()+"redact/", object{"reason": "a bird"})
	shown := string(d.Admin.Must(t, http.StatusOK, "GET", v.Path("history"), nil).Body)
	for version := range 2 {
		shown += string(d.Admin.Must(t, http.StatusOK, "GET", fmt.Sprintf("%s?version=%d", v.Path(), version+1), nil).Body)
	}
	if strings.Contains(shown, "pelican") || strings.Contains(shown, "heron") || strings.Count(shown, "[redacted]") < 3 {
		t.Errorf("it reads:\n%s", shown)
	}
	d.Admin.Must(t, http.StatusNotFound, "GET", v.Path(), nil)
}
