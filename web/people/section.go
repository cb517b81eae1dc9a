// Package people is the list of people and the page of each, where admins change
// roles and deactivate accounts and auditors look.
package people

import (
	"context"

	"helpdesk/commands"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// Reader finds people; see [projections.Reader].
type Reader interface {
	User(ctx context.Context, id user.ID) (view.User, error)
	Users(ctx context.Context, f people.Filter, p projections.Page) (projections.Slice[view.User], error)
}

// History reads what happened to somebody's account; see [history.Reader].
type History interface {
	User(ctx context.Context, id user.ID, p projections.Page) (projections.Slice[history.Entry], error)
}

// Section is the pages of this package. All fields are needed.
type Section struct {
	App     *commands.App
	Read    Reader
	History History
	Front   *edge.Front
}

// Pages returns the pages and forms of the section.
func (s *Section) Pages() []web.Page {
	return []web.Page{
		web.Get("people", web.Overseers, s.showPeople).InMenu(30, "People"),
		web.Get("people/:name", web.Overseers, s.showPerson),
		web.Post("people/:name/role", web.Overseers, s.changeRole),
		web.Post("people/:name/activity", web.Overseers, s.changeActivity),
		web.Post("people/:name/mail/clear", web.Overseers, s.clearAddress),
		web.Post("people/:name/password-link", web.Overseers, s.makePasswordLink),
	}
}
