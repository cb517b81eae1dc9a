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
	d := newDesk()
	s := newSite(t, d)
	yes, no := true, false
	for query, want := range map[string]people.Filter{
		"":                             {},
		"?q=+ada+":                     {Search: "ada"},
		"?role=agent&state=active":     {Role: domain.RoleAgent, Active: &yes},
		"?state=inactive&q=x&role=":    {Search: "x", Active: &no},
		"?role=auditor&unknown=ignore": {Role: domain.RoleAuditor},
	} {
		webtest.Holds(t, webtest.Get(s, "auditor", "/admin/people/"+query), 200, `class="title"><a href="/admin/people/`, "@example.com")
		if diff := cmp.Diff(want, d.userFilter); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/people/"), 200, `href="/admin/people/agent/"`, "agent@example.com")
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/people/?q=nobody"), 200, "No results")
	for _, query := range []string{"?role=boss", "?state=asleep", "?cursor=x", "?q=" + strings.Repeat("x", 201), "?q=%00"} {
		webtest.Holds(t, webtest.Get(s, "admin", "/admin/people/"+query), 400, "Unknown filter")
	}
}

func TestPagesOfPeopleLeadOn(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.more = true
	s := newSite(t, d)
	w := webtest.Get(s, "admin", "/admin/people/?role=user")
	webtest.Holds(t, w, 200, `rel="next"`)
	webtest.Holds(t, webtest.Get(s, "admin", webtest.Href(t, w.Body.String(), `rel="next" href="`)), 200)
	if d.peoplePage.Cursor == nil || d.peoplePage.Cursor.Key != "user" || d.userFilter.Role != domain.RoleUser {
		t.Errorf("the next page is %+v of %+v", d.peoplePage, d.userFilter)
	}
}

func TestThePageOfAPerson(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Holds(t, webtest.Get(s, "auditor", "/admin/people/user/"), 200, "user@example.com", "admin changed the role of user to agent.", "<del>user</del>")
	if w := webtest.Get(s, "auditor", "/admin/people/user/"); strings.Contains(w.Body.String(), "Change role") {
		t.Error("an auditor is offered to change somebody")
	}
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/people/user/"), 200, "Change role", "Deactivate user")
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/people/admin/"), 200, "This is your own account.")
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/people/nemo/"), 404)
	d.more = true
	w := webtest.Get(s, "admin", "/admin/people/user/")
	webtest.Holds(t, webtest.Get(s, "admin", webtest.Href(t, w.Body.String(), `</ol><p><a href="`)), 200)
	if d.page.Cursor == nil || d.page.Cursor.Key != "3" || !d.page.Cursor.Back {
		t.Errorf("earlier events are asked for from %+v", d.page.Cursor)
	}
}

func TestAdminsChangePeople(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Leads(t, webtest.Post(s, "admin", "/admin/people/user/role/", "role", "agent"), "/admin/people/user/")
	webtest.Leads(t, webtest.Post(s, "admin", "/admin/people/user/activity/", "to", "inactive"), "/admin/people/user/")
	webtest.Leads(t, webtest.Post(s, "admin", "/admin/people/user/activity/", "to", "active"), "/admin/people/user/")
	webtest.Leads(t, webtest.Post(s, "admin", "/admin/people/admin/role/", "role", "user"), "/admin/")
	agent, plain, yes, no := domain.RoleAgent, domain.RoleUser, true, false
	by := func(e user.EditUser) user.EditUser { e.Actor = d.Edits[0].Actor; return e }
	want := []user.EditUser{
		by(user.EditUser{ID: webtest.Account("user").ID, Role: &agent}), by(user.EditUser{ID: webtest.Account("user").ID, Active: &no}),
		by(user.EditUser{ID: webtest.Account("user").ID, Active: &yes}), by(user.EditUser{ID: webtest.Account("admin").ID, Role: &plain}),
	}
	if diff := cmp.Diff(want, d.Edits); diff != "" || d.Edits[0].Actor.ID != webtest.Account("admin").ID {
		t.Errorf("by %v (-want +got):\n%s", d.Edits[0].Actor, diff)
	}
	d.Refusal = user.ErrLastAdmin
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/people/admin/role/", "role", "user"), 422, web.Sentence(user.ErrLastAdmin.Message), `value="user" checked`)
	d.Refusal = domain.ErrForbidden
	webtest.Holds(t, webtest.Post(s, "auditor", "/admin/people/user/role/", "role", "agent"), 403)
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/people/nemo/role/", "role", "agent"), 404)
	webtest.Holds(t, webtest.Post(s, "agent", "/admin/people/user/role/", "role", "admin"), 403)
}
