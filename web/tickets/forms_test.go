package tickets

import (
	"path"
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
	for name, c := range map[string]struct {
		as, path string
		fields   []string
		check    func(c ticket.Command) bool
	}{
		"a reply": {"user", "comment/", []string{"text", "a\r\nb"}, func(c ticket.Command) bool {
			x := c.(ticket.AddComment)
			return x.Text == "a\nb" && !x.Internal && x.Now.Equal(webtest.Noon)
		}},
		"an internal note": {"agent", "comment/", []string{"text", "x", "internal", "yes"}, func(c ticket.Command) bool { return c.(ticket.AddComment).Internal }},
		"an edit of a comment": {"agent", "comments/" + uuid.UUID{15: 1}.String() + "/", []string{"text", "other"},
			func(c ticket.Command) bool { return c.(ticket.EditComment).Text == "other" }},
		"the end of a comment": {"agent", "comments/" + uuid.UUID{15: 1}.String() + "/", []string{"do", "remove"},
			func(c ticket.Command) bool { _, ok := c.(ticket.RemoveComment); return ok }},
		"an edit": {"user", "edit/", []string{"title", "t", "description", "d", "priority", "low"}, func(c ticket.Command) bool {
			x := c.(ticket.EditTicket)
			return *x.Title == "t" && *x.Description == "d" && *x.Priority == ticket.Low
		}},
		"a status":     {"agent", "status/", []string{"to", "resolved", "reason", "done"}, func(c ticket.Command) bool { return c.(ticket.ChangeStatus).Reason == "done" }},
		"assign to me": {"admin", "assign/", []string{"to", "me"}, func(c ticket.Command) bool { return c.(ticket.AssignTicket).To.ID == webtest.Account("admin").ID }},
		"a redaction of the title": {"admin", "redact/", []string{"field", "title", "reason", "a name", "sure", "yes"}, func(c ticket.Command) bool {
			x := c.(ticket.RedactText)
			return x.Subject == ticket.Subject{Field: ticket.FieldTitle} && x.Span == nil && x.Reason == "a name"
		}},
		"a redaction of a comment": {"admin", "redact/", []string{"field", "comment", "comment", uuid.UUID{15: 2}.String(), "reason", "x", "sure", "yes"}, func(c ticket.Command) bool {
			return c.(ticket.RedactText).CommentID == ticket.CommentID{UUID: uuid.UUID{15: 2}}
		}},
		"unassign":       {"admin", "assign/", []string{"to", "none"}, func(c ticket.Command) bool { return c.(ticket.AssignTicket).To.ID.IsZero() }},
		"assign by name": {"admin", "assign/", []string{"to", "named", "assignee", "admin"}, func(c ticket.Command) bool { return c.(ticket.AssignTicket).To.ActiveStaff }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := talked(t)
			s.Post(c.as, ticketPage+c.path, append(c.fields, "version", "4")...).Leads(ticketPage)
			if len(s.Commands) != 1 || !c.check(s.Commands[0]) || s.Commands[0].ActedBy().ID != webtest.Account(c.as).ID || s.Requests[0].IfMatch != 4 || s.Requests[0].ID == uuid.Nil {
				t.Errorf("asked %+v with %+v", s.Commands, s.Requests)
			}
		})
	}
	webtest.Each(t, talked, map[string]func(*testing.T, *site){
		"nobody redacts who is not sure": func(t *testing.T, s *site) {
			s.Post("admin", ticketPage+"redact/", "field", "title", "reason", "x").Holds(400, "nobody can undo this")
			if len(s.Commands) != 0 {
				t.Errorf("asked %+v", s.Commands)
			}
		},
		"only admins are offered to redact": func(_ *testing.T, s *site) {
			s.Get("admin", ticketPage).Holds(200, "Redact title", "Redact description", "Redact comment")
			s.Get("agent", ticketPage).Lacks("Redact")
			s.Post("agent", ticketPage+"redact/", "field", "title", "reason", "x", "sure", "yes").Holds(403, "Your role may not do this")
		},
		"a deletion leads to the queue": func(_ *testing.T, s *site) { s.Post("admin", ticketPage+"delete/").Leads("/admin/tickets/") },
		"who gives a ticket out of their own sight is led to the queue": func(_ *testing.T, s *site) {
			s.Post("agent", ticketPage+"assign/", "to", "none").Leads("/admin/tickets/")
		},
		"a reply that resolves is two commands": func(t *testing.T, s *site) {
			s.Post("agent", ticketPage+"comment/", "text", "x", "then", "resolved", "version", "4").Leads(ticketPage)
			if s.State().Status != ticket.StatusResolved || len(s.Requests) != 2 || s.Requests[0].ID == s.Requests[1].ID {
				t.Errorf("asked %+v", s.Requests)
			}
		},
	})
}

func TestNobodyAnswersOverNewsTheyHaveNotSeen(t *testing.T) {
	t.Parallel()
	s := talked(t)
	s.Post("agent", ticketPage+"comment/", "text", "my <answer>", "version", "2", "loaded", web.Stamp(webtest.Noon.Add(-time.Minute))).
		Holds(412, "This ticket has changed since you loaded it", "my &lt;answer&gt;</textarea>", `name="version" value="4"`, ">new<", "fresh-reply")
	if len(s.History) != 4 {
		t.Error("it was said all the same")
	}
	s.Post("agent", ticketPage+"comment/", "text", "my <answer>", "version", "4").Leads(ticketPage)
}

func TestWhatWasTypedStaysInTheFormItWasTypedInto(t *testing.T) {
	t.Parallel()
	const replyBox = `aria-describedby="reply-hint">`
	webtest.Each(t, talked, map[string]func(*testing.T, *site){
		"an edit of an internal note over news": func(_ *testing.T, s *site) {
			note := uuid.UUID{15: 2}.String()
			s.Post("agent", ticketPage+"comments/"+note+"/", "text", "my edit", "version", "2").
				Holds(412, replyBox+"</textarea>", `<textarea id="text-`+note+`" name="text" maxlength="20000" required>my edit</textarea>`,
					`<textarea id="text-`+uuid.UUID{15: 1}.String()+`" name="text" maxlength="20000" required>Did &lt;you&gt; try?</textarea>`)
		},
		"a note over news is sent as a note by its key": func(_ *testing.T, s *site) {
			s.Post("agent", ticketPage+"comment/", "text", "psst", "internal", "yes", "version", "2").
				Holds(412, replyBox+"psst</textarea>", `name="internal" value="yes" class="primary"`, `<button class="">Reply</button>`)
		},
		"an edit of the ticket": func(_ *testing.T, s *site) {
			s.Post("agent", ticketPage+"edit/", "title", "", "description", "d", "priority", "low", "text", "stray").Holds(400, replyBox+"</textarea>")
		},
	})
}

func TestWhatIsWrongWithAFormOfATicketIsSaidBesideIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		as, path string
		fields   []string
		status   int
		holds    string
	}{
		"a reply without a text":           {"user", "comment/", []string{"text", " "}, 400, "A value is required."},
		"an internal note of a user's":     {"user", "comment/", []string{"text", "x", "internal", "yes"}, 403, "Access denied"},
		"a status that is not a user's":    {"user", "status/", []string{"to", "resolved"}, 403, ""},
		"a status there is not":            {"agent", "status/", []string{"to", "lost"}, 422, "A ticket cannot go from open to lost."},
		"an edit without a title":          {"agent", "edit/", []string{"title", "", "description", "d", "priority", "low"}, 400, `id="title-fault"`},
		"another as assignee, by an agent": {"agent", "assign/", []string{"to", "named", "assignee", "admin"}, 403, ""},
		"an assignee there is not":         {"admin", "assign/", []string{"to", "named", "assignee", "nemo"}, 422, "There is no user nemo."},
		"an assignee without a name":       {"admin", "assign/", []string{"to", "named", "assignee", ""}, 400, "Enter a username."},
		"a deletion that comes too late":   {"user", "delete/", nil, 422, "You can delete your ticket while it is open"},
		"a reply of an auditor's":          {"auditor", "comment/", []string{"text", "x"}, 403, ""},
		"a comment there is not":           {"agent", "comments/x/", []string{"text", "x"}, 404, ""},
		"a ticket there is not":            {"user", "../8/comment/", []string{"text", "x"}, 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			talked(t).Post(c.as, path.Join(ticketPage, c.path)+"/", c.fields...).Holds(c.status, c.holds)
		})
	}
	webtest.Each(t, talked, map[string]func(*testing.T, *site){
		"a log that is busy": func(_ *testing.T, s *site) {
			s.Refusal = commands.ErrBusy
			s.Post("user", ticketPage+"comment/", "text", "x").Holds(503)
		},
		"somebody who was erased": func(_ *testing.T, s *site) {
			s.Refusal = user.ErrErased
			s.Post("user", ticketPage+"comment/", "text", "kept").Holds(422, "kept</textarea>")
		},
	})
}

func TestAReplyIsSentWhateverBecomesOfWhatComesAfterIt(t *testing.T) {
	t.Parallel()
	s := talked(t)
	s.Post("agent", ticketPage+"comment/", "text", "once only", "then", "lost", "version", "4").
		Holds(422, "Your reply was sent, but: a ticket cannot go from open to lost.", `aria-describedby="reply-hint"></textarea>`)
	if len(s.History) != 5 {
		t.Error("the reply was not sent")
	}
}

func TestAFormSentTwiceIsOneCommand(t *testing.T) {
	t.Parallel()
	webtest.Each(t, talked, map[string]func(*testing.T, *site){
		"by its command id": func(t *testing.T, s *site) {
			s.Refusal = commands.ErrRepeated
			s.Post("user", ticketPage+"comment/", "text", "x").Leads(ticketPage)
			s.Post("user", ticketPage+"comment/", "text", "x").Leads(ticketPage)
			if s.Requests[0].ID != s.Requests[1].ID {
				t.Errorf("requests %+v", s.Requests)
			}
		},
		"which it must have": func(_ *testing.T, s *site) {
			s.Post("user", ticketPage+"comment/", "text", "x", "command", "").Holds(400, "The form could not be read")
		},
	})
}
