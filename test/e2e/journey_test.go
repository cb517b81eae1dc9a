package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"helpdesk/test/program"
)

// TestTheStoryOfATicket is what a helpdesk is for, from registering to the last
// word.
func TestTheStoryOfATicket(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_AGENT_VISIBILITY=assigned")
	alice, amy := d.Join(t, "alice", "user"), d.Join(t, "amy", "agent")
	v := alice.Opens(t, "  The printer hums  ", object{"priority": "medium", "description": "Since Monday:\n\tall day."})
	want := program.Ticket{ID: v.ID, Number: v.Number, Title: "The printer hums", Description: "Since Monday:\n\tall day.",
		Priority: "medium", Status: "open", CreatedBy: program.Named{ID: alice.ID, Username: "alice"}, CreatedAt: v.CreatedAt, UpdatedAt: v.CreatedAt, Version: 1}
	if diff := cmp.Diff(want, v, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the ticket opened (-want +got):\n%s", diff)
	}
	want.Comments = []program.Comment{}
	if diff := cmp.Diff(want, alice.Sees(t, v), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the ticket read (-want +got):\n%s", diff)
	}

	refused(t, amy.Sends(t, "GET", v.Path(), nil), http.StatusNotFound) // until an admin gives it to her
	d.Admin.Assigns(t, v, "amy")
	amy.Does(t, v, "start")
	amy.Comments(t, v, "Between us: it is the fan.", true)
	answer := amy.Comments(t, v, "I am coming.", false)
	thanks := alice.Comments(t, v, "Thanks.", false)
	theStoryAsTold(t, alice, amy, v, answer, thanks)

	for _, step := range []struct {
		by         *program.Person
		verb, want string
	}{
		{amy, "resolve", "resolved"}, {alice, "reopen", "open"}, {amy, "escalate", "escalated"},
		{amy, "start", "in-progress"}, {amy, "resolve", "resolved"}, {alice, "close", "closed"}, {alice, "close", "closed"},
	} {
		before := step.by.Sees(t, v)
		after := step.by.Does(t, v, step.verb)
		if after.Status != step.want {
			t.Errorf("%s by %s: got %s, want %s", step.verb, step.by.Username, after.Status, step.want)
		}
		if moved := after.Version - before.Version; moved != 1 && before.Status != step.want {
			t.Errorf("%s moved the version by %d", step.verb, moved)
		}
	}
	report := program.Get[map[string]any](t, d.Admin, "/api/report/")
	for _, column := range []string{"opened", "resolved", "escalated"} {
		if got := report["tickets_"+column+"_last_7_days"]; got != 1.0 {
			t.Errorf("report of tickets %s: got %v, want 1", column, got)
		}
	}
}

// theStoryAsTold compares what the two sides see of the comments.
func theStoryAsTold(t *testing.T, alice, amy *program.Person, v program.Ticket, public ...program.Comment) {
	t.Helper()
	hers := alice.Sees(t, v)
	if diff := cmp.Diff(public, hers.Comments); diff != "" {
		t.Errorf("what the user sees (-want +got):\n%s", diff)
	}
	staffs := amy.Sees(t, v)
	if len(staffs.Comments) != 3 || staffs.CommentCount != 3 || hers.CommentCount != 2 || !staffs.Comments[0].Internal {
		t.Errorf("staff see %+v", staffs)
	}
	listed := program.Get[program.List[program.Comment]](t, alice, "/api/comments/?count=true&ticket="+number(v))
	if diff := cmp.Diff(public, listed.Results); diff != "" || *listed.Count != 2 {
		t.Errorf("the user's list (-want +got):\n%s", diff)
	}
	if all := program.Get[program.List[program.Comment]](t, amy, "/api/comments/"); len(all.Results) != 3 {
		t.Errorf("staff's list of all comments: got %d, want 3", len(all.Results))
	}
	refused(t, alice.Sends(t, "GET", staffs.Comments[0].Path(), nil), http.StatusNotFound)
	for name, got := range map[string]string{"ticket": hers.Title, "agent": hers.AssignedTo.Username, "author": listed.Results[0].Author.Username} {
		if want := map[string]string{"ticket": "The printer hums", "agent": "amy", "author": "amy"}[name]; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestListsOfTickets narrows and orders a list of six.
func TestListsOfTickets(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_AGENT_VISIBILITY=assigned")
	alice, amy := d.Join(t, "alice", "user"), d.Join(t, "amy", "agent")
	all := make([]program.Ticket, 7) // by number; 0 is nobody's
	for i := 1; i <= 6; i++ {
		title := fmt.Sprintf("Lamp %d: 100%% dark", i)
		all[i] = alice.Opens(t, title, object{"priority": []string{"low", "medium", "high"}[i%3]})
	}
	d.Admin.Does(t, all[2], "start")
	d.Admin.Does(t, all[3], "resolve")
	d.Admin.Does(t, all[4], "close")
	d.Admin.Does(t, all[5], "escalate")
	d.Admin.Assigns(t, all[6], amy.ID)
	all[1] = d.Admin.Assigns(t, all[1], "amy")
	at := func(when time.Time) string { return url.QueryEscape(when.Format(time.RFC3339Nano)) }
	zoned := func(when time.Time) string { return at(when.In(time.FixedZone("", 2*3600))) }
	cases := []struct {
		query string
		who   *program.Person
		want  string // numbers
	}{
		{"", alice, "6 5 4 3 2 1"}, {"", amy, "6 1"}, {"", d.Admin, "6 5 4 3 2 1"},
		{"status=open", alice, "6 1"}, {"status=in-progress", alice, "2"}, {"status=resolved", alice, "3"},
		{"status=closed", alice, "4"}, {"status=escalated", alice, "5"},
		{"status=open,closed", alice, "6 4 1"}, {"status=open&status=closed", alice, "6 4 1"}, {"status=open,closed&status=resolved", alice, "6 4 3 1"},
		{"priority=high", alice, "5 2"}, {"priority=low&priority=medium", alice, "6 4 3 1"}, {"priority=low&status=open", alice, "6"},
		{"assigned_to=amy", alice, "6 1"}, {"assigned_to=" + amy.ID, alice, "6 1"}, {"assigned_to=AMY", alice, "6 1"}, {"assigned_to=me", amy, "6 1"},
		{"assigned_to=me", alice, ""}, {"assigned_to=none", alice, "5 4 3"}, {"assigned_to=none", amy, ""},
		{"created_by=alice", d.Admin, "6 5 4 3 2 1"}, {"created_by=" + alice.ID, amy, "6 1"}, {"created_by=me", alice, "6 5 4 3 2 1"}, {"created_by=me", amy, ""},
		{"created_by=nobody.here", alice, ""},
		{"title=LAMP+3", alice, "3"}, {"title=100%25", alice, "6 5 4 3 2 1"}, {"title=%25dark", alice, ""}, {"title=_amp", alice, ""}, {"title=%5C", alice, ""},
		{"created_after=" + at(all[4].CreatedAt), alice, "6 5 4"}, {"created_before=" + at(all[4].CreatedAt), alice, "3 2 1"},
		{"created_after=" + zoned(all[4].CreatedAt), alice, "6 5 4"},
		{"created_after=" + at(all[2].CreatedAt) + "&created_before=" + at(all[4].CreatedAt), alice, "3 2"},
		{"updated_after=" + at(all[1].UpdatedAt), alice, "1"}, {"updated_before=" + at(all[1].UpdatedAt), alice, "6 5 4 3 2"},
		{"ordering=number", alice, "1 2 3 4 5 6"}, {"ordering=-number", alice, "6 5 4 3 2 1"},
		{"ordering=created_at", alice, "1 2 3 4 5 6"}, {"ordering=-created_at", alice, "6 5 4 3 2 1"},
		{"ordering=updated_at", alice, "2 3 4 5 6 1"}, {"ordering=-updated_at", alice, "1 6 5 4 3 2"},
		{"ordering=priority", alice, "3 6 1 4 2 5"}, {"ordering=-priority", alice, "5 2 4 1 6 3"},
		{"page_size=2", alice, "6 5"}, {"page_size=100&ordering=number&status=open", alice, "1 6"},
	}
	steady := strings.NewReplacer(alice.ID, "{alice}", amy.ID, "{amy}", // the same in every run
		at(all[2].CreatedAt), "{2}", at(all[4].CreatedAt), "{4}", zoned(all[4].CreatedAt), "{4, zoned}", at(all[1].UpdatedAt), "{1}")
	for _, c := range cases {
		t.Run("?"+steady.Replace(c.query)+" as "+c.who.Username, func(t *testing.T) {
			got := settled(program.Get[program.List[program.Ticket]](t, c.who, "/api/tickets/?"+c.query))
			if diff := cmp.Diff(strings.Fields(c.want), got); diff != "" && len(got)+len(c.want) > 0 {
				t.Errorf("numbers (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("count counts beyond the page", func(t *testing.T) {
		page := program.Get[program.List[program.Ticket]](t, alice, "/api/tickets/?page_size=2&count=true&status=open,closed")
		if len(page.Results) != 2 || page.Count == nil || *page.Count != 3 {
			t.Errorf("got %d results and count %v, want 2 and 3", len(page.Results), page.Count)
		}
	})
}

// TestReadingOwnWrites opens tickets with eight clients at once, and looks for
// each in every read the moment it is answered.
func TestReadingOwnWrites(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	const clients, rounds = 8, 25
	people := []*program.Person{d.Admin}
	for i := 1; i < clients; i++ {
		people = append(people, d.Join(t, "writer"+strconv.Itoa(i), []string{"user", "agent"}[i%2]))
	}
	var opened atomic.Int64 // by those who run
	t.Run("at once", func(t *testing.T) {
		for _, p := range people {
			t.Run(p.Username, func(t *testing.T) {
				t.Parallel()
				for i := range rounds {
					readOwnWrite(t, d, p, fmt.Sprintf("Of %s, round %d.", p.Username, i))
					opened.Add(1)
				}
			})
		}
	})
	report := program.Get[map[string]any](t, d.Admin, "/api/report/")
	if got := report["tickets_opened_last_7_days"]; got != float64(opened.Load()) {
		t.Errorf("tickets opened: got %v, want %d", got, opened.Load())
	}
}

func readOwnWrite(t *testing.T, d *program.Helpdesk, p *program.Person, title string) {
	t.Helper()
	a := p.Must(t, http.StatusCreated, "POST", "/api/tickets/", program.Opening(title))
	v := program.Read[program.Ticket](t, a)
	if got := p.Sees(t, v); got.Title != title || got.Version != 1 {
		t.Fatalf("the ticket just opened: %+v", got)
	}
	list := program.Get[program.List[program.Ticket]](t, p, "/api/tickets/?title="+url.QueryEscape(title))
	if len(list.Results) != 1 || list.Results[0].ID != v.ID {
		t.Fatalf("the list shows %+v", list.Results)
	}
	report := program.Get[map[string]any](t, d.Admin, "/api/report/")
	if upto := int64(report["as_of_position"].(float64)); upto < position(t, a) {
		t.Fatalf("the report is as of %d, the ticket was opened at %d", upto, position(t, a))
	}
	said := p.Comments(t, v, "Said at once.", false)
	if got := p.Sees(t, v); got.CommentCount != 1 || !slices.ContainsFunc(got.Comments, func(c program.Comment) bool { return c.ID == said.ID }) {
		t.Fatalf("the comment just made is not there: %+v", got)
	}
}
