package web

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/projections"
)

func TestPeopleAreListedAndFound(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	yes, no := true, false
	for query, want := range map[string]projections.UserFilter{
		"":                             {},
		"?q=+ada+":                     {Search: "ada"},
		"?role=agent&state=active":     {Role: domain.RoleAgent, Active: &yes},
		"?state=inactive&q=x&role=":    {Search: "x", Active: &no},
		"?role=auditor&unknown=ignore": {Role: domain.RoleAuditor},
	} {
		holds(t, get(s, "auditor", "/admin/people/"+query), 200, `class="title"><a href="/admin/people/`, "@example.com")
		if diff := cmp.Diff(want, d.userFilter); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	holds(t, get(s, "admin", "/admin/people/"), 200, `href="/admin/people/agent/"`, "agent@example.com")
	holds(t, get(s, "admin", "/admin/people/?q=nobody"), 200, "Nobody fits")
	for _, query := range []string{"?role=boss", "?state=asleep", "?cursor=x", "?q=" + strings.Repeat("x", 201), "?q=%00"} {
		holds(t, get(s, "admin", "/admin/people/"+query), 400, "There is no such filter")
	}
}

func TestPagesOfPeopleLeadOn(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.more = true
	s := newSite(t, d)
	w := get(s, "admin", "/admin/people/?role=user")
	holds(t, w, 200, `rel="next"`)
	holds(t, get(s, "admin", hrefOf(t, w.Body.String(), `rel="next" href="`)), 200)
	if d.peoplePage.Cursor == nil || d.peoplePage.Cursor.Key != "user" || d.userFilter.Role != domain.RoleUser {
		t.Errorf("the next page is %+v of %+v", d.peoplePage, d.userFilter)
	}
}

// hrefOf returns the address that follows a text in a page.
func hrefOf(t *testing.T, page, before string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, before)
	href, _, _ := strings.Cut(rest, `"`)
	if !ok || href == "" {
		t.Fatalf("no address after %q: %s", before, page)
	}
	return strings.ReplaceAll(href, "&amp;", "&")
}

func TestThePageOfAPerson(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	holds(t, get(s, "auditor", "/admin/people/user/"), 200, "user@example.com", "admin changed the role of user to agent.", "<del>user</del>")
	if w := get(s, "auditor", "/admin/people/user/"); strings.Contains(w.Body.String(), "Change role") {
		t.Error("an auditor is offered to change somebody")
	}
	holds(t, get(s, "admin", "/admin/people/user/"), 200, "Change role", "Deactivate user")
	holds(t, get(s, "admin", "/admin/people/admin/"), 200, "This is you.")
	holds(t, get(s, "admin", "/admin/people/nemo/"), 404)
	d.more = true
	w := get(s, "admin", "/admin/people/user/")
	holds(t, get(s, "admin", hrefOf(t, w.Body.String(), `</ol><p><a href="`)), 200)
	if d.page.Cursor == nil || d.page.Cursor.Key != "3" || !d.page.Cursor.Back {
		t.Errorf("earlier events are asked for from %+v", d.page.Cursor)
	}
}

func TestAdminsChangePeople(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	leads(t, post(s, "admin", "/admin/people/user/role/", "role", "agent"), "/admin/people/user/")
	leads(t, post(s, "admin", "/admin/people/user/activity/", "to", "inactive"), "/admin/people/user/")
	leads(t, post(s, "admin", "/admin/people/user/activity/", "to", "active"), "/admin/people/user/")
	leads(t, post(s, "admin", "/admin/people/admin/role/", "role", "user"), "/admin/")
	agent, plain, yes, no := domain.RoleAgent, domain.RoleUser, true, false
	by := func(e user.EditUser) user.EditUser { e.Actor = d.edits[0].Actor; return e }
	want := []user.EditUser{
		by(user.EditUser{ID: account("user").ID, Role: &agent}), by(user.EditUser{ID: account("user").ID, Active: &no}),
		by(user.EditUser{ID: account("user").ID, Active: &yes}), by(user.EditUser{ID: account("admin").ID, Role: &plain}),
	}
	if diff := cmp.Diff(want, d.edits); diff != "" || d.edits[0].Actor.ID != account("admin").ID {
		t.Errorf("by %v (-want +got):\n%s", d.edits[0].Actor, diff)
	}
	d.refusal = user.ErrLastAdmin
	holds(t, post(s, "admin", "/admin/people/admin/role/", "role", "user"), 422, sentence(user.ErrLastAdmin.Message), `value="user" checked`)
	d.refusal = domain.ErrForbidden
	holds(t, post(s, "auditor", "/admin/people/user/role/", "role", "agent"), 403)
	holds(t, post(s, "admin", "/admin/people/nemo/role/", "role", "agent"), 404)
	holds(t, post(s, "agent", "/admin/people/user/role/", "role", "admin"), 403)
}
