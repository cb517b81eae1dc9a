package web

import (
	"context"
	"strings"
	"testing"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/projections"
)

var _ PeopleHistory = (*projections.Histories)(nil)

// overseer stands in for what the pages of admins and auditors are made of.
type overseer struct{ *desk }

func (d *desk) oversight() Oversight {
	return Oversight{PeopleHistory: overseer{d}}
}

func (d *desk) Users(_ context.Context, f projections.UserFilter, p projections.Page) (projections.Slice[projections.User], error) {
	var s projections.Slice[projections.User]
	d.userFilter, d.peoplePage = f, p
	if f.Search == "nobody" {
		return s, nil
	}
	for _, role := range domain.Roles() {
		if u, _ := d.User(context.Background(), account(string(role)).ID); f.Role == "" || f.Role == role {
			s.Items = append(s.Items, u)
		}
	}
	if d.more {
		s.Next = &projections.Cursor{Key: "user", ID: account("user").ID.UUID}
	}
	return s, d.readErr
}

func (d overseer) User(_ context.Context, _ user.ID, p projections.Page) (projections.Slice[projections.Entry], error) {
	d.page = p
	s := projections.Slice[projections.Entry]{Items: []projections.Entry{{
		Position: 3, Summary: "admin changed the role of user to agent.", OccurredAt: noon,
		Changes: []projections.Change{{Field: "role", Before: "user", After: "agent"}},
	}}}
	if d.more {
		s.Previous = &projections.Cursor{Key: "3", Back: true}
	}
	return s, d.readErr
}

// TestOnlyThoseWhoOverseeSeeTheirPages also sees every page of theirs open.
func TestOnlyThoseWhoOverseeSeeTheirPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, newDesk())
	for _, p := range s.oversight() {
		path := strings.NewReplacer(":name", "user", ":id", ticketID.String()).Replace(Root + p.path + "/")
		if p.method != "GET" {
			continue
		}
		for _, role := range []string{"user", "agent"} {
			holds(t, get(s, role, path), 403, "You may not do this")
		}
		for _, role := range []string{"admin", "auditor"} {
			if w := get(s, role, path); w.Code != 200 && w.Code != 303 {
				t.Errorf("%s gets %d for %s: %s", role, w.Code, path, w.Body)
			}
		}
		leads(t, get(s, "", path), "/admin/sign-in/?next="+strings.ReplaceAll(strings.TrimSuffix(path, "/"), "/", "%2F"))
	}
	for role, sees := range map[string]bool{"user": false, "agent": false, "admin": true, "auditor": true} {
		w := get(s, role, "/admin/tickets/")
		if got := strings.Contains(w.Body.String(), `href="/admin/people/"`); got != sees {
			t.Errorf("%s has a link to people: %t, want %t", role, got, sees)
		}
	}
}
