package tickets

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

func TestEachFormOfATicketIsACommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		as, path string
		fields   []string
		check    func(c ticket.Command) bool
	}{
		{"user", "comment/", []string{"text", "a\r\nb"}, func(c ticket.Command) bool {
			x := c.(ticket.AddComment)
			return x.Text == "a\nb" && !x.Internal && x.Now.Equal(webtest.Noon)
		}},
		{"agent", "comment/", []string{"text", "x", "internal", "yes"}, func(c ticket.Command) bool { return c.(ticket.AddComment).Internal }},
		{"agent", "comments/" + uuid.UUID{15: 1}.String() + "/", []string{"text", "other"}, func(c ticket.Command) bool { return c.(ticket.EditComment).Text == "other" }},
		{"agent", "comments/" + uuid.UUID{15: 1}.String() + "/", []string{"do", "remove"}, func(c ticket.Command) bool { _, ok := c.(ticket.RemoveComment); return ok }},
		{"user", "edit/", []string{"title", "t", "description", "d", "priority", "low"}, func(c ticket.Command) bool {
			x := c.(ticket.EditTicket)
			return *x.Title == "t" && *x.Description == "d" && *x.Priority == ticket.Low
		}},
		{"agent", "status/", []string{"to", "resolved", "reason", "done"}, func(c ticket.Command) bool { return c.(ticket.ChangeStatus).Reason == "done" }},
		{"admin", "assign/", []string{"to", "me"}, func(c ticket.Command) bool { return c.(ticket.AssignTicket).To.ID == webtest.Account("admin").ID }},
		{"admin", "assign/", []string{"to", "none"}, func(c ticket.Command) bool { return c.(ticket.AssignTicket).To.ID.IsZero() }},
		{"admin", "assign/", []string{"to", "named", "assignee", "admin"}, func(c ticket.Command) bool { return c.(ticket.AssignTicket).To.ActiveStaff }},
	} {
		d := talked()
		webtest.Leads(t, webtest.Post(newSite(t, d), c.as, ticketPage+c.path, append(c.fields, "version", "4")...), ticketPage)
		if len(d.Commands) != 1 || !c.check(d.Commands[0]) || d.Commands[0].ActedBy().ID != webtest.Account(c.as).ID || d.Requests[0].IfMatch != 4 || d.Requests[0].ID == uuid.Nil {
			t.Errorf("%s %v asked %+v with %+v", c.path, c.fields, d.Commands, d.Requests)
		}
	}
	d := talked()
	webtest.Leads(t, webtest.Post(newSite(t, d), "admin", ticketPage+"delete/"), "/admin/tickets/")
	d = talked()
	webtest.Leads(t, webtest.Post(newSite(t, d), "agent", ticketPage+"assign/", "to", "none"), "/admin/tickets/") // out of their own sight
	d = talked()
	webtest.Leads(t, webtest.Post(newSite(t, d), "agent", ticketPage+"comment/", "text", "x", "then", "resolved", "version", "4"), ticketPage)
	if d.State().Status != ticket.StatusResolved || len(d.Requests) != 2 || d.Requests[0].ID == d.Requests[1].ID {
		t.Errorf("a reply that resolves: %+v", d.Requests)
	}
}

func TestNobodyAnswersOverNewsTheyHaveNotSeen(t *testing.T) {
	t.Parallel()
	d := talked()
	s := newSite(t, d)
	w := webtest.Post(s, "agent", ticketPage+"comment/", "text", "my <answer>", "version", "2", "loaded", web.Stamp(webtest.Noon.Add(-time.Minute)))
	webtest.Holds(t, w, 412, "This ticket has changed since you loaded it", "my &lt;answer&gt;</textarea>", `name="version" value="4"`, ">new<", "fresh-reply")
	if len(d.History) != 4 {
		t.Error("it was said all the same")
	}
	webtest.Leads(t, webtest.Post(s, "agent", ticketPage+"comment/", "text", "my <answer>", "version", "4"), ticketPage)
}

func TestWhatIsWrongWithAFormOfATicketIsSaidBesideIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, talked())
	webtest.Holds(t, webtest.Post(s, "user", ticketPage+"comment/", "text", " "), 400, "A value is required.")
	webtest.Holds(t, webtest.Post(s, "user", ticketPage+"comment/", "text", "x", "internal", "yes"), 403, "Access denied")
	webtest.Holds(t, webtest.Post(s, "user", ticketPage+"status/", "to", "resolved"), 403)
	webtest.Holds(t, webtest.Post(s, "agent", ticketPage+"status/", "to", "lost"), 422, "A ticket cannot go from open to lost.")
	webtest.Holds(t, webtest.Post(s, "agent", ticketPage+"edit/", "title", "", "description", "d", "priority", "low"), 400, `id="title-fault"`)
	webtest.Holds(t, webtest.Post(s, "agent", ticketPage+"assign/", "to", "named", "assignee", "admin"), 403)
	webtest.Holds(t, webtest.Post(s, "admin", ticketPage+"assign/", "to", "named", "assignee", "nemo"), 422, "There is no user nemo.")
	webtest.Holds(t, webtest.Post(s, "admin", ticketPage+"assign/", "to", "named", "assignee", ""), 400, "Enter a username.")
	webtest.Holds(t, webtest.Post(s, "user", ticketPage+"delete/"), 422, "You can delete your ticket while it is open")
	webtest.Holds(t, webtest.Post(s, "auditor", ticketPage+"comment/", "text", "x"), 403)
	webtest.Holds(t, webtest.Post(s, "agent", ticketPage+"comments/x/", "text", "x"), 404)
	webtest.Holds(t, webtest.Post(s, "user", "/admin/tickets/8/comment/", "text", "x"), 404)
	d := talked()
	d.Refusal = commands.ErrBusy
	webtest.Holds(t, webtest.Post(newSite(t, d), "user", ticketPage+"comment/", "text", "x"), 503)
	d.Refusal = user.ErrErased
	webtest.Holds(t, webtest.Post(newSite(t, d), "user", ticketPage+"comment/", "text", "kept"), 422, "kept</textarea>")
}

func TestAReplyIsSentWhateverBecomesOfWhatComesAfterIt(t *testing.T) {
	t.Parallel()
	d := talked()
	w := webtest.Post(newSite(t, d), "agent", ticketPage+"comment/", "text", "once only", "then", "lost", "version", "4")
	webtest.Holds(t, w, 422, "Your reply was sent, but: a ticket cannot go from open to lost.", `aria-describedby="reply-hint"></textarea>`)
	if len(d.History) != 5 {
		t.Error("the reply was not sent")
	}
}

func TestAFormSentTwiceIsOneCommand(t *testing.T) {
	t.Parallel()
	d := talked()
	s := newSite(t, d)
	d.Refusal = commands.ErrRepeated
	webtest.Leads(t, webtest.Post(s, "user", ticketPage+"comment/", "text", "x"), ticketPage)
	webtest.Leads(t, webtest.Post(s, "user", ticketPage+"comment/", "text", "x"), ticketPage)
	if d.Requests[0].ID != d.Requests[1].ID {
		t.Errorf("requests %+v", d.Requests)
	}
	webtest.Holds(t, webtest.Post(s, "user", ticketPage+"comment/", "text", "x", "command", ""), 400, "The form could not be read")
}
