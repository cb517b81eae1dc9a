package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/test/kit"
	"helpdesk/test/mailserver"
	"helpdesk/test/program"
)

// newest returns the newest entries of a ticket's history, the oldest first, without
// what became of its emails.
func newest(t *testing.T, p *program.Person, v program.Ticket, n int) []entryView {
	t.Helper()
	all := program.Get[program.List[entryView]](t, p, v.Path("history")+"?page_size=100").Results
	all = slices.DeleteFunc(all, func(e entryView) bool { return strings.HasPrefix(e.Type, "email.") })
	return all[len(all)-n:]
}

// causes returns the types of entries, each with the type of its cause if that is
// among them.
func causes(entries []entryView) (all []string) {
	at := map[int64]string{}
	for _, e := range entries {
		line := e.Type
		if e.Cause != nil && e.Cause.Position != nil {
			line += " by " + at[*e.Cause.Position]
		}
		at[e.Position] = e.Type
		all = append(all, line)
	}
	return all
}

// visits returns somebody who is signed in on the site.
func visits(t *testing.T, d *program.Helpdesk, name string) *visitor {
	t.Helper()
	v := newVisitor(t, d)
	v.submit(t, "/admin/sign-in/", "/admin/sign-in/", "username", name, "password", program.Secret)
	return v
}

func TestTheRequestersReplyReopensWhatIsResolved(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	bob, eve := d.Join(t, "bob", "user").WantsNoEmails(t), d.Join(t, "eve", "agent").WantsNoEmails(t)
	resolved := func(by *program.Person) program.Ticket {
		v := by.Opens(t, "Printer")
		d.Admin.Assigns(t, v, "eve")
		return eve.Does(t, v, "resolve")
	}
	status := func(v program.Ticket) string { return d.Admin.Sees(t, v).Status }

	v := resolved(bob)
	bob.Comments(t, v, "It smokes again.", false)
	if got := d.Admin.Sees(t, v); got.Status != "open" || got.ResolvedAt != nil || got.AssignedTo == nil || got.AssignedTo.Username != "eve" {
		t.Errorf("after the reply it is %+v", got)
	}
	if diff := cmp.Diff([]string{"ticket.comment_added", "ticket.reopened by ticket.comment_added"}, causes(newest(t, bob, v, 2))); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	replied := func() bool {
		desk := visits(t, d, "eve")
		_, list := desk.get(t, "/admin/tickets/")
		return strings.Contains(list, "customer replied")
	}
	if !replied() {
		t.Error("the queue does not show that the customer replied")
	}
	eve.Comments(t, v, "I am coming.", false)
	if replied() {
		t.Error("the queue shows that the customer replied, who was answered since")
	}

	v = resolved(bob)
	eve.Comments(t, v, "Is it well now?", false)
	eve.Comments(t, v, "It is.", true)
	if got := status(v); got != "resolved" {
		t.Errorf("comments of staff left it %s", got)
	}
	v = resolved(d.Admin)
	d.Admin.Comments(t, v, "Between us.", true)
	if got := status(v); got != "resolved" {
		t.Errorf("a note of the requester left it %s", got)
	}
	d.Admin.Comments(t, v, "No.", false)
	if got := status(v); got != "open" {
		t.Errorf("a reply of the requester, an admin, left it %s", got)
	}

	v = bob.Does(t, resolved(bob), "close")
	a := refused(t, bob.Sends(t, "POST", "/api/comments/", object{"ticket": v.Number, "text": "Again."}), http.StatusUnprocessableEntity)
	if a.Code != "ticket_closed" || !strings.Contains(a.Detail, "/reopen/") || len(a.Errors) != 1 || a.Errors[0].Pointer != "/ticket" {
		t.Errorf("a comment on a closed ticket: %+v", a)
	}
	desk := visits(t, d, "bob")
	page := "/admin/tickets/" + number(v) + "/"
	desk.submit(t, page, page+"comment/", "text", "Once more.", "reopen", "yes")
	if got := d.Admin.Sees(t, v); got.Status != "open" || got.CommentCount != 1 {
		t.Errorf("after the reply on the site it is %s with %d comments", got.Status, got.CommentCount)
	}
}

func TestRepliesReopenNothingWhereThatIsSwitchedOff(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_REOPEN_ON_REPLY=false")
	bob := d.Join(t, "bob", "user")
	v := d.Admin.Does(t, bob.Opens(t, "Printer"), "resolve")
	bob.Comments(t, v, "Thanks.", false)
	if got := d.Admin.Sees(t, v); got.Status != "resolved" || got.CommentCount != 1 {
		t.Errorf("it is %s with %d comments", got.Status, got.CommentCount)
	}
	d.Admin.Does(t, v, "close")
	refused(t, bob.Sends(t, "POST", "/api/comments/", object{"ticket": v.ID, "text": "Again."}), http.StatusUnprocessableEntity)
}

func TestNothingIsInProgressOfNobodyThatWasUnassigned(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	eve := d.Join(t, "eve", "agent")
	for name, unassign := range map[string]func(program.Ticket){
		"given back by its agent": func(v program.Ticket) { eve.Assigns(t, v, nil) },
		"taken off by an admin":   func(v program.Ticket) { d.Admin.Assigns(t, v, nil) },
		"by PATCH": func(v program.Ticket) {
			d.Admin.Must(t, http.StatusOK, "PATCH", v.Path(), object{"assigned_to": nil})
		},
		"by PUT": func(v program.Ticket) {
			d.Admin.Must(t, http.StatusOK, "PUT", v.Path(), object{"title": v.Title, "description": v.Description, "priority": v.Priority, "status": v.Status, "assigned_to": nil})
		},
		"in bulk": func(v program.Ticket) {
			d.Admin.Must(t, http.StatusOK, "POST", "/api/tickets/bulk/", object{"operations": []object{{"op": "assign", "ticket": v.ID, "assigned_to": nil}}})
		},
		"on the site": func(v program.Ticket) {
			desk := visits(t, d, "root")
			page := "/admin/tickets/" + number(v) + "/"
			desk.submit(t, page, page+"assign/", "to", "none")
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := d.Admin.Assigns(t, d.Admin.Opens(t, "Printer"), "eve")
			v = eve.Does(t, v, "start")
			unassign(v)
			if got := d.Admin.Sees(t, v); got.Status != "open" || got.AssignedTo != nil {
				t.Errorf("it is %s and of %v", got.Status, got.AssignedTo)
			}
			if diff := cmp.Diff([]string{"ticket.unassigned", "ticket.returned by ticket.unassigned"}, causes(newest(t, d.Admin, v, 2))); diff != "" {
				t.Errorf("history (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTicketsOfWhoLeavesComeBackIntoView(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL(), "HELPDESK_AGENT_VISIBILITY=queue")
	bob := d.Join(t, "bob", "user").WantsNoEmails(t)
	eve, dan, amy := d.Join(t, "eve", "agent").WantsNoEmails(t), d.Join(t, "dan", "agent").WantsNoEmails(t), d.Join(t, "amy", "agent").WantsNoEmails(t)
	max := d.Join(t, "max", "agent")
	of := func(p *program.Person, verbs ...string) program.Ticket {
		v := d.Admin.Assigns(t, bob.Opens(t, "Printer of "+p.Username), p.Username)
		for _, verb := range verbs {
			v = p.Does(t, v, verb)
		}
		return v
	}
	open, begun, escalated, resolved := of(eve), of(eve, "start"), of(eve, "escalate"), of(eve, "resolve")
	demoted, erased := of(dan, "start"), of(amy, "start")
	mailed := func(want int) (left int) {
		kit.Poll(t, "the emails", func() bool {
			left = 0
			for _, l := range server.Taken() {
				if strings.Contains(l.Header.Get("Subject"), "the assignee left") {
					left++
				}
			}
			return left >= want
		})
		return left
	}
	back := func(v program.Ticket, status, cause string) {
		t.Helper()
		kit.Poll(t, "the ticket to be nobody's", func() bool { return d.Admin.Sees(t, v).AssignedTo == nil })
		if got := d.Admin.Sees(t, v).Status; got != status {
			t.Errorf("it is %s, want %s", got, status)
		}
		if status == "open" {
			if seen := max.Sees(t, v); seen.ID != v.ID { // as in the queue of all agents
				t.Errorf("max sees %+v", seen)
			}
		}
		entries := program.Get[program.List[entryView]](t, d.Admin, v.Path("history")+"?page_size=100").Results
		at := slices.IndexFunc(entries, func(e entryView) bool { return e.Type == "ticket.unassigned" })
		if at < 0 || entries[at].Actor.Kind != "system" || entries[at].Cause == nil {
			t.Fatalf("history: %+v", entries)
		}
		why := map[string]string{"user.deactivated": ", who was deactivated.", "user.role_changed": ", who has the role user now.", "user.erased": ", who was erased."}[cause]
		if entries[at].Cause.Position == nil || !strings.HasSuffix(entries[at].Summary, why) {
			t.Errorf("%q, at position %v, want %q and a position", entries[at].Summary, entries[at].Cause.Position, why)
		}
		events := program.Get[struct {
			Events []struct {
				EventID string `json:"event_id"`
				Type    string
			}
		}](t, d.Admin, "/api/events/?limit=1000&type="+cause).Events
		if !slices.ContainsFunc(events, func(e struct {
			EventID string `json:"event_id"`
			Type    string
		}) bool {
			return e.EventID == entries[at].Cause.ID
		}) {
			t.Errorf("its cause is no %s: %+v", cause, entries[at].Cause)
		}
	}

	d.Admin.Must(t, http.StatusOK, "PATCH", "/api/users/eve/", object{"is_active": false})
	back(open, "open", "user.deactivated")
	back(begun, "open", "user.deactivated")
	back(escalated, "escalated", "user.deactivated")
	if got := d.Admin.Sees(t, resolved); got.AssignedTo == nil {
		t.Error("a resolved ticket was taken back")
	}
	bob.Comments(t, resolved, "It smokes again.", false)
	back(resolved, "open", "user.deactivated")
	if got := mailed(1); got != 1 {
		t.Errorf("%d emails that eve left, want 1", got)
	}

	d.Admin.Must(t, http.StatusOK, "PATCH", "/api/users/dan/", object{"role": "user"})
	back(demoted, "open", "user.role_changed")

	// While nobody is there to take it back.
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
	d.Runs(t, "", "people", "erase", "amy", "--yes")
	d.Program = program.Serve(t, d.Env...)
	d.Admin, max = d.SignIn(t, "root"), d.SignIn(t, "max")
	back(erased, "open", "user.erased")
	if got := mailed(3); got != 3 {
		t.Errorf("%d emails that somebody left, want 3", got)
	}
}

func TestRepliesAndReopeningsAreToldToWhoWorksOnTheTicket(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL())
	bob, eve := d.Join(t, "bob", "user").WantsNoEmails(t), d.Join(t, "eve", "agent")
	v := d.Admin.Assigns(t, bob.Opens(t, "Printer"), "eve")
	n := "[#" + number(v) + "] "
	want := []string{"eve@example.com " + n + "Assigned to you: Printer"}
	wantEmails(t, d, server, want...)
	eve.Does(t, v, "resolve")
	bob.Comments(t, v, "It smokes again.", false)
	want = append(want, "eve@example.com "+n+"New reply: Printer")
	wantEmails(t, d, server, want...)
	eve.Comments(t, v, "Gone.", true)
	eve.Does(t, v, "close")
	bob.Does(t, v, "reopen")
	want = append(want, "eve@example.com "+n+"Reopened: Printer")
	wantEmails(t, d, server, want...)
	d.Admin.Assigns(t, v, nil)
	bob.Comments(t, v, "Anybody?", false)
	want = append(want, "root@example.com "+n+"New reply: Printer")
	wantEmails(t, d, server, want...)
}
