package tickets

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/web/webtest"
)

// firstComment is the form of the first comment of [talked].
var firstComment = "comments/" + uuid.UUID{15: 1}.String() + "/"

func TestARefusedFormKeepsWhatWasEntered(t *testing.T) {
	t.Parallel()
	const nothingInReply = `aria-describedby="reply-hint"></textarea>`
	for name, c := range map[string]struct {
		as, path string
		fields   []string
		status   int
		holds    []string
	}{
		"a reply to what has changed": {"agent", "comment/", []string{"text", "my text", "version", "2"}, 412, []string{"my text</textarea>"}},
		"an edit of what has changed": {"agent", "edit/", []string{"title", "my title", "description", "my text", "priority", "low", "version", "2"}, 412,
			[]string{`value="my title"`, "my text</textarea>", `value="low" checked`, nothingInReply}},
		"an edit without a title": {"agent", "edit/", []string{"title", "", "description", "my text", "priority", "low"}, 400, []string{"my text</textarea>", nothingInReply}},
		"an edit that comes too late": {"user", "edit/", []string{"title", "my title", "description", "my text", "priority", "low"}, 422,
			[]string{"What you entered", "my title</textarea>", "my text</textarea>"}},
		"an edited comment":           {"agent", firstComment, []string{"text", "my text", "version", "2"}, 412, []string{"<details open", "my text</textarea>", nothingInReply}},
		"a comment without a text":    {"agent", firstComment, []string{"text", " "}, 400, []string{"<details open", "A value is required.", nothingInReply}},
		"a status with a reason":      {"agent", "status/", []string{"to", "in-progress", "reason", "my reason", "version", "2"}, 412, []string{`value="my reason"`, `value="in-progress" selected`, nothingInReply}},
		"an assignee there is not":    {"admin", "assign/", []string{"to", "named", "assignee", "nemo"}, 422, []string{`value="nemo"`}},
		"a reply of who may not":      {"auditor", "comment/", []string{"text", "my text"}, 403, []string{"What you entered", "my text</textarea>"}},
		"a comment there is not":      {"agent", "comments/x/", []string{"text", "my text"}, 404, []string{"my text</textarea>"}},
		"a ticket there is not":       {"user", "../8/comment/", []string{"text", "my text"}, 404, []string{"my text</textarea>"}},
		"a form without a command id": {"agent", "comment/", []string{"text", "my text", "command", ""}, 400, []string{"my text</textarea>"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := talked(t)
			if c.as == "user" && c.path == "edit/" {
				s.Post("agent", ticketPage+"status/", "to", "resolved")
			}
			path := strings.Replace(ticketPage+c.path, "7/../", "", 1)
			s.Post(c.as, path, c.fields...).Holds(c.status, c.holds...)
		})
	}
	webtest.Each(t, talked, map[string]func(*testing.T, *site){
		"of a ticket that was given to another meanwhile": func(_ *testing.T, s *site) {
			s.Post("admin", ticketPage+"assign/", "to", "me")
			s.Post("agent", ticketPage+"comment/", "text", "my text", "version", "4").
				Holds(404, "my text</textarea>", "not available any more", "deleted, or assigned to somebody else", "Nothing was changed.")
		},
		"of a comment that was removed meanwhile": func(_ *testing.T, s *site) {
			s.Post("admin", ticketPage+firstComment, "do", "remove", "command", uuid.NewString())
			s.Post("agent", ticketPage+firstComment, "text", "my text").Holds(404, "my text</textarea>", "comment is not there any more")
		},
		"that another address sends": func(_ *testing.T, s *site) {
			form := url.Values{"command": {uuid.NewString()}, "text": {"my text"}}
			r := httptest.NewRequest(http.MethodPost, ticketPage+"comment/", strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", "https://desk.example.com")
			s.Send("user", r).Holds(403, "came from another site", "my text</textarea>")
		},
		"that is too large": func(_ *testing.T, s *site) {
			s.Post("user", ticketPage+"comment/", "text", "my text "+strings.Repeat("x", 1<<20)+" and its end").
				Holds(413, "my text xxx", "and its end</textarea>").Lacks("end is missing")
			s.Post("user", ticketPage+"comment/", "text", "my text "+strings.Repeat("ä", 1<<20)).Holds(413, "my text ää", "end is missing")
		},
		"of a ticket that was deleted meanwhile": func(_ *testing.T, s *site) {
			s.Post("admin", ticketPage+"delete/")
			s.Post("agent", ticketPage+"edit/", "title", "my title", "description", "my text", "version", "4").
				Holds(404, "my title</textarea>", "my text</textarea>", "deleted, or assigned to somebody else")
		},
		"of a ticket that was deleted, as an admin": func(_ *testing.T, s *site) {
			s.Post("admin", ticketPage+"delete/")
			s.Post("admin", ticketPage+"comment/", "text", "my text", "version", "4").Holds(404, "my text</textarea>", "Somebody did ticket.deleted. Its page shows what it was.")
		},
		"of a log that is busy": func(_ *testing.T, s *site) {
			s.Refusal = commands.ErrBusy
			s.Post("user", ticketPage+"comment/", "text", "my text").Holds(503, "my text</textarea>")
		},
	})
}

func TestAFormSentAgainWithOtherContentIsRefused(t *testing.T) {
	t.Parallel()
	const refused = "This form was submitted before with other content"
	for name, c := range map[string]struct {
		path          string
		first, second []string
		kept          string
	}{
		"a reply":   {"comment/", []string{"text", "first"}, []string{"text", "second"}, "second</textarea>"},
		"a note":    {"comment/", []string{"text", "same"}, []string{"text", "same", "internal", "yes"}, "same</textarea>"},
		"an edit":   {"edit/", []string{"title", "first", "description", "d", "priority", "low"}, []string{"title", "second", "description", "d", "priority", "low"}, `value="second"`},
		"a reason":  {"status/", []string{"to", "resolved", "reason", "first"}, []string{"to", "resolved", "reason", "second"}, `value="second"`},
		"a comment": {firstComment, []string{"text", "first"}, []string{"text", "second"}, "second</textarea>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := talked(t)
			s.Post("agent", ticketPage+c.path, c.first...).Leads(ticketPage)
			was := len(s.History)
			s.Post("agent", ticketPage+c.path, c.second...).Holds(409, refused, c.kept)
			if len(s.History) != was {
				t.Error("it was carried out")
			}
		})
	}
}

func TestAReplyIsRefusedForNewsAlone(t *testing.T) {
	t.Parallel()
	by := ticket.By{Actor: domain.Actor{Kind: domain.ActorUser, ID: webtest.Account("admin").ID, Role: domain.RoleAdmin}}
	for name, c := range map[string]struct {
		since  ticket.Command
		status int
	}{
		"not for another priority": {ticket.EditTicket{By: by, Priority: new(ticket.Low)}, 303},
		"not for another title":    {ticket.EditTicket{By: by, Title: new("Plotter")}, 303},
		"not for work that began":  {ticket.ChangeStatus{By: by, To: ticket.StatusInProgress}, 303},
		"but for another reply":    {ticket.AddComment{By: by, CommentID: ticket.CommentID{UUID: uuid.UUID{15: 9}}, Text: "x"}, 412},
		"but for a solution":       {ticket.ChangeStatus{By: by, To: ticket.StatusResolved}, 412},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := talked(t)
			events, err := ticket.Decide(s.State(), c.since)
			if err != nil {
				t.Fatal(err)
			}
			s.History = append(s.History, events...)
			if a := s.Post("agent", ticketPage+"comment/", "text", "my text", "version", "4"); a.Code != c.status {
				t.Errorf("status %d, want %d: %s", a.Code, c.status, a.Body)
			}
		})
	}
}

func TestTheAddressOfAFormLeadsToItsPage(t *testing.T) {
	t.Parallel()
	s := talked(t)
	for _, path := range []string{"comment/", firstComment, "edit/", "status/", "assign/", "delete/"} {
		s.Get("agent", ticketPage+path).Leads(ticketPage)
	}
}

func TestATitleThatCannotBeSeenIsClickedAllTheSame(t *testing.T) {
	t.Parallel()
	s := serve(t, ticket.Retitled{Title: "\u200b"})
	s.Get("user", ticketPage).Holds(200, "(no title)")
}

// form finds the forms of a page with what Enter in a field of theirs does.
var form = regexp.MustCompile(`(?s)<form.*?</form>`)

func TestEnterInAFieldDoesWhatTheFieldIsFor(t *testing.T) {
	t.Parallel()
	page := talked(t).Get("admin", ticketPage).Body.String()
	for field, button := range map[string]string{`name="assignee"`: `value="named"`, `id="reason"`: ">Change status<", `name="title"`: ">Save<"} {
		for _, one := range form.FindAllString(page, -1) {
			if _, after, has := strings.Cut(one, field); has && (strings.Count(one, "<button") != 1 || !strings.Contains(after, button)) {
				t.Errorf("Enter in the field %s presses the first button of %s", field, one)
			}
		}
		if !strings.Contains(page, field) {
			t.Errorf("there is no field %s", field)
		}
	}
}
