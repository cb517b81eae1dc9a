package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"helpdesk/test/program"
)

// TestARestoredTicketIsAsItWas holds what every door shows of a ticket before its
// deletion against what they show once it is restored, and after a rebuild.
func TestARestoredTicketIsAsItWas(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, eve, ida := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent"), d.Join(t, "ida", "auditor")
	for _, p := range []*program.Person{bob, eve, d.Admin} {
		p.WantsNoEmails(t)
	}
	v := bob.Opens(t, "Lost pelican", object{"priority": "high"})
	d.Admin.Assigns(t, v, "eve")
	eve.Does(t, v, "escalate")
	eve.Comments(t, v, "A heron took it.", false)
	eve.Comments(t, v, "An albatross did.", true)
	eve.Does(t, v, "resolve")
	before := d.Admin.Sees(t, v)
	lists := []string{"/api/tickets/?count=true", "/api/tickets/?q=heron", "/api/tickets/?status=resolved&assigned_to=eve", "/api/comments/?ticket=" + v.ID}
	doors := append(lists, v.Path(), v.Path()+"?version=4", "/api/report/", "/api/reports/daily/", "/api/reports/status-distribution/")
	look := func() map[string]any {
		t.Helper()
		seen := map[string]any{}
		for _, p := range []*program.Person{d.Admin, ida, eve, bob} {
			for _, path := range doors {
				if strings.HasPrefix(path, "/api/report") && !strings.Contains("admin auditor", p.Role) {
					continue
				}
				seen[p.Username+" "+path] = lasting(t, p, path)
			}
		}
		return seen
	}
	was := look()

	refused(t, ida.Sends(t, "POST", v.Path("restore"), nil), http.StatusForbidden)
	if got := refused(t, d.Admin.Sends(t, "POST", v.Path("restore"), nil), http.StatusUnprocessableEntity).Code; got != "not_deleted" {
		t.Errorf("restoring one that is there: %s", got)
	}
	d.Admin.Must(t, http.StatusNoContent, "DELETE", v.Path(), nil)
	for _, p := range []*program.Person{ida, eve, bob} {
		refused(t, p.Sends(t, "POST", v.Path("restore"), nil), http.StatusNotFound)
	}
	for _, path := range lists {
		if got := string(d.Admin.Must(t, http.StatusOK, "GET", path, nil).Body); strings.Contains(got, v.ID) {
			t.Errorf("%s shows a deleted ticket", path)
		}
	}
	gone := newestAt(t, d, v)
	stale := fmt.Sprintf(`"%d"`, before.Version)
	refused(t, d.Admin.Sends(t, "POST", v.Path("restore"), nil, "If-Match", stale), http.StatusPreconditionFailed)
	byNumber := "/api/tickets/" + number(v) + "/restore/"
	a := d.Admin.Must(t, http.StatusOK, "POST", byNumber, nil, "Idempotency-Key", "back")
	if a.Header.Get("ETag") != fmt.Sprintf(`"%d"`, before.Version+2) || a.Header.Get("Event-Position") == "" {
		t.Errorf("answered with %v", a.Header)
	}
	after := program.Read[program.Ticket](t, a)
	if after.Status != "resolved" || after.AssignedTo == nil || after.AssignedTo.Username != "eve" || after.CommentCount != 2 || after.Version != before.Version+2 {
		t.Errorf("answered as %+v", after)
	}
	if again := d.Admin.Must(t, http.StatusOK, "POST", byNumber, nil, "Idempotency-Key", "back"); again.Header.Get("Idempotency-Replayed") != "true" {
		t.Error("a repeat was carried out")
	}
	if diff := gocmp.Diff(was, look()); diff != "" {
		t.Errorf("what is shown (-before +after):\n%s", diff)
	}
	checkRestoredPast(t, d, v, before, gone)
	d.Runs(t, "", "projections", "rebuild", "ticket_list", "comment_list", "ticket_words", "ticket_history", "ticket_facts")
	if diff := gocmp.Diff(was, look()); diff != "" {
		t.Errorf("what is shown once built anew (-before +after):\n%s", diff)
	}
}

// checkRestoredPast looks at the ticket as it was while it was deleted, and around that.
func checkRestoredPast(t *testing.T, d *program.Helpdesk, v, before program.Ticket, gone string) {
	t.Helper()
	asOf := "?" + gone
	refused(t, d.Admin.Sends(t, "GET", v.Path()+asOf, nil), http.StatusNotFound)
	for _, list := range []string{"/api/tickets/", "/api/comments/"} {
		if got := string(d.Admin.Must(t, http.StatusOK, "GET", list+asOf, nil).Body); strings.Contains(got, v.ID) {
			t.Errorf("%s shows it while it was deleted", list)
		}
		if got := string(d.Admin.Must(t, http.StatusOK, "GET", list+"?"+newestAt(t, d, v), nil).Body); !strings.Contains(got, v.ID) {
			t.Errorf("%s lacks it after it was restored: %s", list, got)
		}
	}
	refused(t, d.Admin.Sends(t, "GET", fmt.Sprintf("%s?version=%d", v.Path(), before.Version+1), nil), http.StatusNotFound)
	d.Admin.Must(t, http.StatusOK, "GET", fmt.Sprintf("%s?version=%d", v.Path(), before.Version+2), nil)
	diff := fmt.Sprintf("%s?from=%d&to=%d", v.Path("diff"), before.Version, before.Version+2)
	if got := program.Get[struct{ Changes []any }](t, d.Admin, diff); len(got.Changes) != 0 {
		t.Errorf("restored it differs by %v", got.Changes)
	}
	entries := program.Get[program.List[struct {
		Type, Summary string
		Changes       []struct {
			Field         string
			Before, After any
		}
	}]](t, d.Admin, v.Path("history")+"?page_size=100").Results
	last := entries[len(entries)-1]
	if last.Type != "ticket.restored" || last.Summary != "root restored the ticket." || len(last.Changes) != 1 || last.Changes[0].Field != "deleted" || last.Changes[0].After != false {
		t.Errorf("the history ends with %+v", last)
	}
	if feed := program.Get[struct{ Events []struct{ Type string } }](t, d.Admin, "/api/events/?type=ticket.restored"); len(feed.Events) != 1 {
		t.Errorf("the feed has %v", feed.Events)
	}
}

// newestAt returns when the newest event of a ticket was recorded, as a parameter.
func newestAt(t *testing.T, d *program.Helpdesk, v program.Ticket) string {
	t.Helper()
	all := program.Get[program.List[struct {
		RecordedAt string `json:"recorded_at"`
	}]](t, d.Admin, v.Path("history")+"?page_size=100").Results
	return "as_of=" + all[len(all)-1].RecordedAt
}

// lasting is what p reads at a path, without what a restoration is to move.
func lasting(t *testing.T, p *program.Person, path string) any {
	t.Helper()
	var shown any
	if err := json.Unmarshal(p.Must(t, http.StatusOK, "GET", path, nil).Body, &shown); err != nil {
		t.Fatal(err)
	}
	var strip func(any)
	strip = func(x any) {
		switch x := x.(type) {
		case map[string]any:
			for _, name := range []string{"version", "updated_at", "from", "to", "as_of_position"} {
				delete(x, name)
			}
			for _, each := range x {
				strip(each)
			}
		case []any:
			for _, each := range x {
				strip(each)
			}
		}
	}
	strip(shown)
	return shown
}

func TestManyTicketsAreRestoredAtOnce(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, eve := d.Join(t, "bob", "user"), d.Join(t, "eve", "agent")
	one, other, there := bob.Opens(t, "One"), bob.Opens(t, "Another"), bob.Opens(t, "A third")
	bulk := func(p *program.Person, op string, all ...program.Ticket) (status []int) {
		t.Helper()
		var operations []any
		for _, v := range all {
			operations = append(operations, object{"op": op, "ticket": v.Number})
		}
		for _, r := range program.Read[struct{ Results []struct{ Status int } }](t, p.Must(t, http.StatusOK, "POST", "/api/tickets/bulk/", object{"operations": operations})).Results {
			status = append(status, r.Status)
		}
		return status
	}
	for _, c := range []struct {
		who  *program.Person
		op   string
		want []int
	}{
		{d.Admin, "delete", []int{204, 204, 204}},
		{eve, "restore", []int{404, 404, 404}},
		{d.Admin, "restore", []int{200, 200, 200}},
		{d.Admin, "restore", []int{422, 422, 422}},
	} {
		if diff := gocmp.Diff(c.want, bulk(c.who, c.op, one, other, there)); diff != "" {
			t.Errorf("%s by %s (-want +got):\n%s", c.op, c.who.Username, diff)
		}
	}
	if n := *program.Get[program.List[program.Ticket]](t, bob, "/api/tickets/?count=true").Count; n != 3 {
		t.Errorf("%d tickets are there again, want 3", n)
	}
}

// TestDestroyedTextsStayDestroyed redacts and erases while tickets are deleted.
func TestDestroyedTextsStayDestroyed(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, gus := d.Join(t, "bob", "user"), d.Join(t, "gus", "user")
	v, his := bob.Opens(t, "Lost pelican"), gus.Opens(t, "Lost flamingo")
	said := bob.Comments(t, v, "A heron took it.", false)
	for _, x := range []program.Ticket{v, his} {
		d.Admin.Must(t, http.StatusNoContent, "DELETE", x.Path(), nil)
	}
	d.Admin.Must(t, http.StatusOK, "POST", v.Path("redact"), object{"field": "title", "from": 5, "to": 12, "reason": "a bird"})
	d.Admin.Must(t, http.StatusOK, "POST", said.Path()+"redact/", object{"reason": "a bird"})
	d.Runs(t, "", "people", "erase", "gus", "--yes")
	for _, x := range []program.Ticket{v, his} {
		d.Admin.Must(t, http.StatusOK, "POST", x.Path("restore"), nil)
	}
	for _, when := range []string{"restored", "built anew"} {
		shown := ""
		now := newestAt(t, d, his)
		for _, path := range []string{v.Path(), his.Path(), v.Path("history"), his.Path("history"), v.Path() + "?version=1", his.Path() + "?version=1",
			"/api/tickets/", "/api/tickets/?" + now, "/api/tickets/?title=Lost&" + now, "/api/comments/", "/api/events/?limit=1000",
			"/api/tickets/?q=pelican", "/api/tickets/?q=heron", "/api/tickets/?q=flamingo"} {
			shown += string(d.Admin.Must(t, http.StatusOK, "GET", path, nil).Body)
		}
		for _, text := range []string{"pelican", "heron", "flamingo"} {
			if at := strings.Index(strings.ReplaceAll(shown, "q="+text, ""), text); at >= 0 {
				t.Errorf("%s, %q is read: …%s…", when, text, shown[max(at-150, 0):min(at+60, len(shown))])
			}
		}
		if got := d.Admin.Sees(t, v); got.Title != "Lost [redacted]" || got.Comments[0].Text != "[redacted]" {
			t.Errorf("%s it is %+v", when, got)
		}
		if got := program.Get[program.List[program.Ticket]](t, d.Admin, "/api/tickets/?title=Lost&"+now).Results; len(got) != 1 || got[0].ID != v.ID {
			t.Errorf("%s, by its title of then: %+v", when, got)
		}
		if got := d.Admin.Sees(t, his); got.Title != "[erased]" || got.CreatedBy.Username != "[erased]" {
			t.Errorf("%s his is %+v", when, got)
		}
		d.Runs(t, "", "projections", "rebuild", "ticket_list", "comment_list", "ticket_words", "ticket_history")
	}
}

// TestADeletionIsUndoneByFormsAlone presses the buttons that an admin is shown.
func TestADeletionIsUndoneByFormsAlone(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob := d.Join(t, "bob", "user")
	one, other := bob.Opens(t, "Lost pelican"), bob.Opens(t, "Lost heron")
	root := newVisitor(t, d)
	root.submit(t, "/admin/sign-in/", "/admin/sign-in/", "username", "root", "password", program.Secret)
	at := "/admin/tickets/" + number(one) + "/"

	_, page := root.submit(t, at, at+"delete/")
	mentions(t, page, "Ticket deleted.", "Undo")
	_, page = root.send(t, page, "/admin/tickets/bulk/")
	mentions(t, page, "1 ticket restored", "Lost pelican")

	_, page = root.submit(t, "/admin/tickets/", "/admin/tickets/bulk/?", "do", "delete", "ticket", number(one)+":3")
	mentions(t, page, "Delete 1 ticket?")
	_, page = root.send(t, page, "/admin/tickets/bulk/?")
	mentions(t, page, "1 ticket deleted", "Undo")
	_, deleted := root.get(t, at)
	mentions(t, deleted, "root deleted the ticket.", "Lost pelican", "Restore")
	_, page = root.send(t, page, "/admin/tickets/bulk/?")
	mentions(t, page, "1 ticket restored")

	at = "/admin/tickets/" + number(other) + "/"
	root.submit(t, at, at+"delete/")
	where, page := root.submit(t, at, at+"restore/")
	if where != at {
		t.Errorf("restoring leads to %s", where)
	}
	mentions(t, page, "Ticket restored.", "root restored the ticket.", "Lost heron")
	if n := *program.Get[program.List[program.Ticket]](t, bob, "/api/tickets/?count=true").Count; n != 2 {
		t.Errorf("%d tickets are there, want 2", n)
	}
}
