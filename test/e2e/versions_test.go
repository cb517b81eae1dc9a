package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"helpdesk/test/program"
)

// TestNotesLeaveNoGapInTheVersionsOfARequester writes notes between what the requester
// sees, and has both name versions.
func TestNotesLeaveNoGapInTheVersionsOfARequester(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, eve := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent")
	v := bob.Opens(t, "Printer")
	d.Admin.Assigns(t, v, "eve")
	note := eve.Comments(t, v, "He again.", true)
	eve.Must(t, http.StatusOK, "PATCH", note.Path(), object{"text": "Him again."})
	eve.Comments(t, v, "Which one?", false)
	eve.Must(t, http.StatusNoContent, "DELETE", note.Path(), nil)
	bob.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "Plotter"}) // his fourth, the seventh of all

	for who, want := range map[*program.Person]int{bob: 4, eve: 7} {
		a := who.Must(t, http.StatusOK, "GET", v.Path(), nil)
		if got := program.Read[program.Ticket](t, a); got.Version != want || a.Header.Get("ETag") != fmt.Sprintf(`"%d"`, want) {
			t.Errorf("%s sees version %d, ETag %s, want %d", who.Username, got.Version, a.Header.Get("ETag"), want)
		}
		list := program.Get[program.List[program.Ticket]](t, who, "/api/tickets/").Results
		if len(list) != 1 || list[0].Version != want {
			t.Errorf("%s sees in the list %+v, want version %d", who.Username, list, want)
		}
		var versions []int
		for _, e := range program.Get[program.List[struct {
			Type    string
			Version int
		}]](t, who, v.Path("history")+"?page_size=100").Results {
			if strings.HasPrefix(e.Type, "ticket.") {
				versions = append(versions, e.Version)
			}
		}
		for i, version := range versions {
			if version != i+1 || len(versions) != want {
				t.Errorf("%s reads the versions %v, want 1 to %d", who.Username, versions, want)
				break
			}
		}
		for version := 1; version <= want; version++ {
			path := fmt.Sprintf("%s?version=%d", v.Path(), version)
			if got := program.Get[program.Ticket](t, who, path); got.Version != version {
				t.Errorf("%s sees version %d at %s", who.Username, got.Version, path)
			}
		}
		who.Must(t, http.StatusNotFound, "GET", fmt.Sprintf("%s?version=%d", v.Path(), want+1), nil)
	}
	for who, want := range map[*program.Person]int{bob: 4, eve: 7} {
		told := streamed(t, d, who, past{Ticket: v})
		if data := fmt.Sprintf(`"type":"ticket.retitled","ticket":"%s","ticket_number":%d,"version":%d,`, v.ID, v.Number, want); !strings.Contains(told, data) {
			t.Errorf("%s is told:\n%s\nwant %s", who.Username, told, data)
		}
	}

	etag := bob.Must(t, http.StatusOK, "GET", v.Path(), nil).Header.Get("ETag")
	eve.Comments(t, v, "Still him.", true)
	a := bob.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "Copier"}, "If-Match", etag) // the note is no news to him
	if next := a.Header.Get("ETag"); next == etag {
		t.Errorf("after a write the ETag is %s still", next)
	}
	refused := bob.Must(t, http.StatusPreconditionFailed, "PATCH", v.Path(), object{"title": "Scanner"}, "If-Match", etag)
	if text := string(refused.Body); !strings.Contains(text, "it is at version "+strings.Trim(a.Header.Get("ETag"), `"`)+" now") {
		t.Errorf("refused with %s", text)
	}
}

// TestANoteMovesNoDateOfARequester writes a note, edits it and removes it, and has the
// requester look everywhere.
func TestANoteMovesNoDateOfARequester(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, eve := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent")
	first, second := bob.Opens(t, "First"), bob.Opens(t, "Second")
	bob.Must(t, http.StatusOK, "PATCH", second.Path(), object{"title": "Later"})
	since := url.QueryEscape(microsecond(bob.Sees(t, second).UpdatedAt))
	instant := func() string { return url.QueryEscape(microsecond(time.Now())) }
	looks := func() (all []string) {
		for _, path := range []string{
			first.Path(), "/api/tickets/?ordering=-updated_at", "/api/tickets/?updated_after=" + since, "/api/tickets/?updated_before=" + since,
			"/api/tickets/export/?ordering=updated_at", first.Path() + "?as_of=" + instant(), "/api/tickets/?ordering=-updated_at&as_of=" + instant(),
			"/api/tickets/?q=first&updated_after=" + since, first.Path("diff") + "?from=" + since + "&to=" + instant(), first.Path("history"),
		} {
			a := bob.Must(t, http.StatusOK, "GET", path, nil)
			all = append(all, string(a.Body))
			if tag := a.Header.Get("ETag"); tag != "" {
				bob.Must(t, http.StatusNotModified, "GET", path, nil, "If-None-Match", tag)
			}
		}
		return all
	}
	before := looks()
	note := eve.Comments(t, first, "He again.", true)
	eve.Must(t, http.StatusOK, "PATCH", note.Path(), object{"text": "Him again."})
	eve.Comments(t, first, "And again.", true)
	eve.Must(t, http.StatusNoContent, "DELETE", note.Path(), nil)
	for i, after := range looks() {
		if after != before[i] {
			t.Errorf("look %d: before the note\n%s\nand after it\n%s", i, before[i], after)
		}
	}
	if noted := eve.Sees(t, first).UpdatedAt; !noted.After(bob.Sees(t, first).UpdatedAt) {
		t.Errorf("staff see it updated at %v, the requester at %v", noted, bob.Sees(t, first).UpdatedAt)
	}
}

func microsecond(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }

// TestAChangeOfWithheldTextsIsAChange has a title changed twice and back: the requester
// reads of it without the texts between.
func TestAChangeOfWithheldTextsIsAChange(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, eve := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent")
	v := bob.Opens(t, "Printer")
	d.Admin.Assigns(t, v, "eve")
	said := eve.Comments(t, v, "salary5200", false)
	for _, text := range []string{"salary5201", "salary5202", "Plotter"} {
		eve.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": text})
		eve.Must(t, http.StatusOK, "PATCH", said.Path(), object{"text": text})
	}
	for _, e := range program.Get[program.List[struct {
		Type, Summary string
		Changes       []object
	}]](t, bob, v.Path("history")+"?page_size=100").Results {
		if strings.HasPrefix(e.Type, "ticket.") && len(e.Changes) == 0 {
			t.Errorf("%s: %q changes nothing", e.Type, e.Summary)
		}
	}
	agent := refused(t, eve.Sends(t, "POST", v.Path("assign"), object{"assigned_to": "me"}), http.StatusForbidden)
	if !strings.Contains(agent.Detail, "by their own username or id") {
		t.Errorf("assigning to me is refused with %q", agent.Detail)
	}
	visitor := newVisitor(t, d)
	visitor.submit(t, "/admin/sign-in/", "/admin/sign-in/", "username", "bob", "password", program.Secret)
	_, page := visitor.get(t, "/admin/tickets/"+number(v)+"/?as_of="+microsecond(v.CreatedAt))
	mentions(t, page, "You are viewing version 1")
}
