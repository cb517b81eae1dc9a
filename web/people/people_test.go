package people

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/projections/people"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

func TestPeopleAreListedAndFound(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for query, want := range map[string]people.Filter{
		"":                             {},
		"?q=+ada+":                     {Search: "ada"},
		"?role=agent&state=active":     {Role: domain.RoleAgent, Active: &yes},
		"?state=inactive&q=x&role=":    {Search: "x", Active: &no},
		"?role=auditor&unknown=ignore": {Role: domain.RoleAuditor},
	} {
		t.Run("by "+query, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.Get("auditor", "/admin/people/"+query).Holds(200, `class="title"><a href="/admin/people/`, "@example.com")
			if diff := cmp.Diff(want, s.userFilter); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for name, query := range map[string]string{
		"an unknown role": "?role=boss", "an unknown state": "?state=asleep", "an unknown place": "?cursor=x",
		"a long search": "?q=" + strings.Repeat("x", 201), "a search that is no text": "?q=%00",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open(t).Get("admin", "/admin/people/"+query).Holds(400, "Unknown filter")
		})
	}
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"each leads to their page": func(_ *testing.T, s *site) {
			s.Get("admin", "/admin/people/").Holds(200, `href="/admin/people/agent/"`, "agent@example.com")
		},
		"nobody is found": func(_ *testing.T, s *site) { s.Get("admin", "/admin/people/?q=nobody").Holds(200, "No results") },
		"pages lead on": func(t *testing.T, s *site) {
			s.more = true
			a := s.Get("admin", "/admin/people/?role=user").Holds(200, `rel="next"`)
			s.Get("admin", a.Next()).Holds(200)
			if s.peoplePage.Cursor == nil || s.peoplePage.Cursor.Key != "user" || s.userFilter.Role != domain.RoleUser {
				t.Errorf("the next page is %+v of %+v", s.peoplePage, s.userFilter)
			}
		},
	})
}

func TestThePageOfAPerson(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"shows their history": func(_ *testing.T, s *site) {
			s.Get("auditor", "/admin/people/user/").
				Holds(200, "user@example.com", "admin changed the role of user to agent.", "<del>user</del>").
				Lacks("Change role") // an auditor changes nobody
		},
		"has forms for admins": func(_ *testing.T, s *site) {
			s.Get("admin", "/admin/people/user/").Holds(200, "Change role", "Deactivate user")
		},
		"tells that emails come back, until that is cleared": func(t *testing.T, s *site) {
			s.Get("admin", "/admin/people/user/").Lacks("No emails are sent")
			s.BouncedAt, s.Bounce = new(webtest.Noon), "5.1.1: no such <user>"
			s.Get("auditor", "/admin/people/user/").Holds(200, "No emails are sent to user: one came back: 5.1.1: no such &lt;user&gt;").Lacks("Send emails again")
			s.Get("admin", "/admin/people/user/").Holds(200, "Send emails again")
			s.Post("admin", "/admin/people/user/mail/clear/").Leads("/admin/people/user/")
			if len(s.Requests) != 1 {
				t.Errorf("asked %v", s.Requests)
			}
		},
		"has a link made, which is shown once": func(t *testing.T, s *site) {
			s.Get("admin", "/admin/people/user/").Holds(200, "Make a password link").Lacks("/admin/password/")
			s.Post("admin", "/admin/people/user/password-link/").Holds(200, `value="/admin/password/`, "set HELPDESK_PUBLIC_URL")
			s.Get("auditor", "/admin/people/user/").Lacks("Make a password link")
			s.Get("admin", "/admin/people/admin/").Lacks("Make a password link")
			if len(s.Requests) != 1 {
				t.Errorf("asked %v", s.Requests)
			}
		},
		"may be one's own": func(_ *testing.T, s *site) {
			s.Get("admin", "/admin/people/admin/").Holds(200, "This is your own account.")
		},
		"of nobody": func(_ *testing.T, s *site) { s.Get("admin", "/admin/people/nemo/").Holds(404) },
		"leads to earlier events": func(t *testing.T, s *site) {
			s.more = true
			s.Get("admin", s.Get("admin", "/admin/people/user/").Href(`</ol><p><a href="`)).Holds(200)
			if s.page.Cursor == nil || s.page.Cursor.Key != "3" || !s.page.Cursor.Back {
				t.Errorf("earlier events are asked for from %+v", s.page.Cursor)
			}
		},
	})
}

func TestAdminsChangePeople(t *testing.T) {
	t.Parallel()
	const role, activity, own = "/admin/people/user/role/", "/admin/people/user/activity/", "/admin/people/admin/role/"
	agent, plain, yes, no := domain.RoleAgent, domain.RoleUser, true, false
	for name, c := range map[string]struct {
		path, field, value, leads string
		want                      user.EditUser
	}{
		"a role":       {role, "role", "agent", "/admin/people/user/", user.EditUser{ID: webtest.Account("user").ID, Role: &agent}},
		"deactivation": {activity, "to", "inactive", "/admin/people/user/", user.EditUser{ID: webtest.Account("user").ID, Active: &no}},
		"activation":   {activity, "to", "active", "/admin/people/user/", user.EditUser{ID: webtest.Account("user").ID, Active: &yes}},
		"their own":    {own, "role", "user", "/admin/", user.EditUser{ID: webtest.Account("admin").ID, Role: &plain}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.Post("admin", c.path, c.field, c.value).Leads(c.leads)
			by := s.Edits[0].Actor
			c.want.Actor = by
			if diff := cmp.Diff([]user.EditUser{c.want}, s.Edits); diff != "" || by.ID != webtest.Account("admin").ID {
				t.Errorf("by %v (-want +got):\n%s", by, diff)
			}
		})
	}
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"not the last admin": func(_ *testing.T, s *site) {
			s.Refusal = user.ErrLastAdmin
			s.Post("admin", own, "role", "user").Holds(422, web.Sentence(user.ErrLastAdmin.Message), `value="user" checked`)
		},
		"auditors do not": func(_ *testing.T, s *site) {
			s.Refusal = domain.ErrForbidden
			s.Post("auditor", role, "role", "agent").Holds(403)
		},
		"nobody there is not": func(_ *testing.T, s *site) { s.Post("admin", "/admin/people/nemo/role/", "role", "agent").Holds(404) },
		"agents do not":       func(_ *testing.T, s *site) { s.Post("agent", role, "role", "admin").Holds(403) },
	})
}
