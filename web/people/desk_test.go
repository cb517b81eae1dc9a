package people

import (
	"context"
	"testing"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

// desk stands in for what is behind the section.
type desk struct {
	*webtest.Backend
	userFilter people.Filter
	peoplePage projections.Page
	page       projections.Page // of a history
	more       bool             // whether a page follows
}

func newDesk() *desk { return &desk{Backend: &webtest.Backend{}} }

func newSite(t *testing.T, d *desk) *web.Site {
	t.Helper()
	s := &Section{App: d.App(), Read: d, History: historyDesk{d}}
	return webtest.Site(t, d.Backend, s.Pages()...)
}

// historyDesk has the history of somebody.
type historyDesk struct{ *desk }

func (d *desk) Users(_ context.Context, f people.Filter, p projections.Page) (projections.Slice[view.User], error) {
	var s projections.Slice[view.User]
	d.userFilter, d.peoplePage = f, p
	if f.Search == "nobody" {
		return s, nil
	}
	for _, role := range domain.Roles() {
		if u, _ := d.User(context.Background(), webtest.Account(string(role)).ID); f.Role == "" || f.Role == role {
			s.Items = append(s.Items, u)
		}
	}
	if d.more {
		s.Next = &projections.Cursor{Key: "user", ID: webtest.Account("user").ID.UUID}
	}
	return s, nil
}

func (d historyDesk) User(_ context.Context, _ user.ID, p projections.Page) (projections.Slice[history.Entry], error) {
	d.page = p
	s := projections.Slice[history.Entry]{Items: []history.Entry{{
		Position: 3, Summary: "admin changed the role of user to agent.", OccurredAt: webtest.Noon,
		Changes: []history.Change{{Field: "role", Before: "user", After: "agent"}},
	}}}
	if d.more {
		s.Previous = &projections.Cursor{Key: "3", Back: true}
	}
	return s, nil
}
