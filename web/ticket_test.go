package web

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

const ticketPage = "/admin/tickets/7/"

// talked is a ticket that an agent works on, with a reply and a note of theirs.
func talked() *desk {
	agent := account("agent").ID
	said := func(n byte, text string, internal bool) ticket.CommentAdded {
		return ticket.CommentAdded{CommentID: ticket.CommentID{UUID: uuid.UUID{15: n}}, Author: agent, Text: text, Internal: internal, AddedAt: noon}
	}
	return newDesk(ticket.Assigned{AssignedTo: agent}, said(1, "Did <you> try?", false), said(2, "He did not.", true))
}

func TestTheTicketShowsEachRoleWhatItMayDo(t *testing.T) {
	t.Parallel()
	const start, resolve, closes, escalate = `value="in-progress"`, `name="to" value="resolved"`, `name="to" value="closed"`, `name="to" value="escalated"`
	const edit, note, reply, take, assign, remove, change = `id="edit"`, "Add note", `id="reply-text"`, "Take it", "Assign to username", "Delete this ticket", "<summary>Change</summary>"
	all := []string{edit, note, reply, take, assign, remove, change, "He did not.", start, resolve, closes, escalate, "looking at this ticket", "Escalates"}
	for role, may := range map[string][]string{
		"user":    {edit, reply, closes},
		"agent":   {edit, note, reply, change, "He did not.", start, resolve, closes, escalate, "Escalates"},
		"admin":   all,
		"auditor": {"He did not.", "looking at this ticket", "Escalates"},
	} {
		w := get(newSite(t, talked()), role, ticketPage)
		holds(t, w, 200, append(may, "Printer &lt;3", "Did &lt;you&gt; try?")...)
		for _, one := range all {
			offered := false
			for _, m := range may {
				offered = offered || m == one
			}
			if !offered && strings.Contains(w.Body.String(), one) {
				t.Errorf("%s is offered %q", role, one)
			}
		}
	}
	s := newSite(t, newDesk())
	holds(t, get(s, "agent", ticketPage), 404, "There is nothing here")
	holds(t, get(s, "user", "/admin/tickets/"+ticketID.String()+"/"), 200)
	for _, name := range []string{"0", "8", "x", uuid.NewString(), "99999999999999999999"} {
		holds(t, get(s, "user", "/admin/tickets/"+name+"/"), 404)
	}
}

func TestEachFormOfATicketIsACommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		as, path string
		fields   []string
		check    func(c ticket.Command) bool
	}{
		{"user", "comment/", []string{"text", "a\r\nb"}, func(c ticket.Command) bool {
			x := c.(ticket.AddComment)
			return x.Text == "a\nb" && !x.Internal && x.Now.Equal(noon)
		}},
		{"agent", "comment/", []string{"text", "x", "internal", "yes"}, func(c ticket.Command) bool { return c.(ticket.AddComment).Internal }},
		{"agent", "comments/" + uuid.UUID{15: 1}.String() + "/", []string{"text", "other"}, func(c ticket.Command) bool { return c.(ticket.EditComment).Text == "other" }},
		{"agent", "comments/" + uuid.UUID{15: 1}.String() + "/", []string{"do", "remove"}, func(c ticket.Command) bool { _, ok := c.(ticket.RemoveComment); return ok }},
		{"user", "edit/", []string{"title", "t", "description", "d", "priority", "low"}, func(c ticket.Command) bool {
			x := c.(ticket.EditTicket)
			return *x.Title == "t" && *x.Description == "d" && *x.Priority == ticket.Low
		}},
		{"agent", "status/", []string{"to", "resolved", "reason", "done"}, func(c ticket.Command) bool { return c.(ticket.ChangeStatus).Reason == "done" }},
		{"admin", "assign/", []string{"to", "me"}, func(c ticket.Command) bool { return c.(ticket.AssignTicket).To.ID == account("admin").ID }},
		{"admin", "assign/", []string{"to", "none"}, func(c ticket.Command) bool { return c.(ticket.AssignTicket).To.ID.IsZero() }},
		{"admin", "assign/", []string{"to", "named", "assignee", "admin"}, func(c ticket.Command) bool { return c.(ticket.AssignTicket).To.ActiveStaff }},
	} {
		d := talked()
		leads(t, post(newSite(t, d), c.as, ticketPage+c.path, append(c.fields, "version", "4")...), ticketPage)
		if len(d.commands) != 1 || !c.check(d.commands[0]) || d.commands[0].ActedBy().ID != account(c.as).ID || d.requests[0].IfMatch != 4 || d.requests[0].ID == uuid.Nil {
			t.Errorf("%s %v asked %+v with %+v", c.path, c.fields, d.commands, d.requests)
		}
	}
	d := talked()
	leads(t, post(newSite(t, d), "admin", ticketPage+"delete/"), "/admin/tickets/")
	d = talked()
	leads(t, post(newSite(t, d), "agent", ticketPage+"assign/", "to", "none"), "/admin/tickets/") // out of their own sight
	d = talked()
	leads(t, post(newSite(t, d), "agent", ticketPage+"comment/", "text", "x", "then", "resolved", "version", "4"), ticketPage)
	if d.state().Status != ticket.StatusResolved || len(d.requests) != 2 || d.requests[0].ID == d.requests[1].ID {
		t.Errorf("a reply that resolves: %+v", d.requests)
	}
}

func TestNobodyAnswersOverNewsTheyHaveNotSeen(t *testing.T) {
	t.Parallel()
	d := talked()
	s := newSite(t, d)
	w := post(s, "agent", ticketPage+"comment/", "text", "my <answer>", "version", "2", "loaded", stamp(noon.Add(-time.Minute)))
	holds(t, w, 412, "Somebody changed this ticket since you loaded it", "my &lt;answer&gt;</textarea>", `name="version" value="4"`, ">new<", "fresh-reply")
	if len(d.history) != 4 {
		t.Error("it was said all the same")
	}
	leads(t, post(s, "agent", ticketPage+"comment/", "text", "my <answer>", "version", "4"), ticketPage)
}

func TestWhatIsWrongWithAFormOfATicketIsSaidBesideIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, talked())
	holds(t, post(s, "user", ticketPage+"comment/", "text", " "), 400, "A value is required.")
	holds(t, post(s, "user", ticketPage+"comment/", "text", "x", "internal", "yes"), 403, "You may not do this")
	holds(t, post(s, "user", ticketPage+"status/", "to", "resolved"), 403)
	holds(t, post(s, "agent", ticketPage+"status/", "to", "lost"), 422, "A ticket cannot go from open to lost.")
	holds(t, post(s, "agent", ticketPage+"edit/", "title", "", "description", "d", "priority", "low"), 400, `id="title-fault"`)
	holds(t, post(s, "agent", ticketPage+"assign/", "to", "named", "assignee", "admin"), 403)
	holds(t, post(s, "admin", ticketPage+"assign/", "to", "named", "assignee", "nemo"), 422, "Nobody is called nemo.")
	holds(t, post(s, "admin", ticketPage+"assign/", "to", "named", "assignee", ""), 400, "Name somebody to assign to.")
	holds(t, post(s, "user", ticketPage+"delete/"), 422, "You can delete your ticket while it is open")
	holds(t, post(s, "auditor", ticketPage+"comment/", "text", "x"), 403)
	holds(t, post(s, "agent", ticketPage+"comments/x/", "text", "x"), 404)
	holds(t, post(s, "user", "/admin/tickets/8/comment/", "text", "x"), 404)
	d := talked()
	d.refusal = commands.ErrBusy
	holds(t, post(newSite(t, d), "user", ticketPage+"comment/", "text", "x"), 503)
	d.refusal = user.ErrErased
	holds(t, post(newSite(t, d), "user", ticketPage+"comment/", "text", "kept"), 422, "kept</textarea>")
}

func TestAReplyIsSentWhateverBecomesOfWhatComesAfterIt(t *testing.T) {
	t.Parallel()
	d := talked()
	w := post(newSite(t, d), "agent", ticketPage+"comment/", "text", "once only", "then", "lost", "version", "4")
	holds(t, w, 422, "Your reply is sent, but: a ticket cannot go from open to lost.", `aria-describedby="reply-hint"></textarea>`)
	if len(d.history) != 5 {
		t.Error("the reply was not sent")
	}
}

func TestAFormSentTwiceIsOneCommand(t *testing.T) {
	t.Parallel()
	d := talked()
	s := newSite(t, d)
	d.refusal = commands.ErrRepeated
	leads(t, post(s, "user", ticketPage+"comment/", "text", "x"), ticketPage)
	leads(t, post(s, "user", ticketPage+"comment/", "text", "x"), ticketPage)
	if d.requests[0].ID != d.requests[1].ID {
		t.Errorf("requests %+v", d.requests)
	}
	holds(t, post(s, "user", ticketPage+"comment/", "text", "x", "command", ""), 400, "This form cannot be read")
}

func TestTravellingThroughAHistory(t *testing.T) {
	t.Parallel()
	s := newSite(t, talked())
	w := get(s, "admin", ticketPage+"?version=1")
	holds(t, w, 200, "as it stood after its event 1 of 4", `max="4"`, `value="1"`, "Back to now", "nobody")
	for _, hidden := range []string{`id="reply-text"`, "Take it", "Delete this ticket", `id="edit"`} {
		if strings.Contains(w.Body.String(), hidden) {
			t.Errorf("the past can be changed: %s", hidden)
		}
	}
	holds(t, get(s, "admin", ticketPage+"?version=4"), 200, `id="reply-text"`)
	holds(t, get(s, "admin", ticketPage+"?version=9"), 200, `id="reply-text"`)
	holds(t, get(s, "admin", ticketPage+"?version=0"), 400)
	holds(t, get(s, "admin", ticketPage), 200, "Somebody did ticket.assigned.", `href="#e43"`, "The email was queued.", "<del>open</del>", `href="/admin/tickets/7/?version=2"`)
}

func TestLongHistoriesHaveMorePages(t *testing.T) {
	t.Parallel()
	d := talked()
	d.more = true
	s := newSite(t, d)
	holds(t, get(s, "admin", ticketPage), 200, `href="/admin/tickets/7/?before=41#history"`)
	holds(t, get(s, "admin", ticketPage+"?before=41"), 200)
	if d.page.Cursor == nil || d.page.Cursor.Key != "41" || !d.page.Cursor.Back {
		t.Errorf("page %+v", d.page)
	}
	holds(t, get(s, "admin", ticketPage+"?before=x"), 400)
}

func TestWhoElseLooks(t *testing.T) {
	t.Parallel()
	d := talked()
	s := newSite(t, d)
	w := post(s, "admin", ticketPage+"here/")
	holds(t, w, 200, "agent is looking at this ticket too")
	if strings.Contains(w.Body.String(), "<html") {
		t.Error("a whole page is answered")
	}
	holds(t, post(s, "admin", ticketPage+"here/", "gone", "yes"), 200)
	if d.left != 1 {
		t.Error("who left is still there")
	}
	holds(t, post(s, "user", ticketPage+"here/"), 403)
	if strings.Contains(get(s, "user", ticketPage).Body.String(), "looking at") {
		t.Error("a requester is told who looks")
	}
}
