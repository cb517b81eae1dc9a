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
	"helpdesk/web/webtest"
)

// site has the pages of the section, and what is behind them.
type site struct {
	*webtest.Site
	userFilter people.Filter
	peoplePage projections.Page
	page       projections.Page // of a history
	more       bool             // whether a page follows
}

func open(t testing.TB) *site {
	s := &site{Site: webtest.New(t)}
	section := &Section{App: s.App(), Read: s, History: entries{s}, Front: s.Front}
	s.Serve(section.Pages()...)
	return s
}

// entries are the history of somebody.
type entries struct{ *site }

func (s *site) Users(_ context.Context, f people.Filter, p projections.Page) (projections.Slice[view.User], error) {
	var found projections.Slice[view.User]
	s.userFilter, s.peoplePage = f, p
	if f.Search == "nobody" {
		return found, nil
	}
	for _, role := range domain.Roles() {
		if u, _ := s.User(context.Background(), webtest.Account(string(role)).ID); f.Role == "" || f.Role == role {
			found.Items = append(found.Items, u)
		}
	}
	if s.more {
		found.Next = &projections.Cursor{Key: "user", ID: webtest.Account("user").ID.UUID}
	}
	return found, nil
}

func (d entries) User(_ context.Context, _ user.ID, p projections.Page) (projections.Slice[history.Entry], error) {
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
