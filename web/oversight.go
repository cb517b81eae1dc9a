package web

import (
	"context"
	"net/http"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/projections"
)

// PeopleHistory tells what happened to somebody's account; see
// [projections.Histories].
type PeopleHistory interface {
	User(ctx context.Context, id user.ID, p projections.Page) (projections.Slice[projections.Entry], error)
}

// Oversight is what the pages of admins and auditors are made of. All are needed.
type Oversight struct {
	PeopleHistory PeopleHistory
}

// oversight is the table of pages and forms of those who oversee the service.
func (s *Site) oversight() []page {
	const get, post = http.MethodGet, http.MethodPost
	all := []page{
		{get, "people", signedIn, s.showPeople},
		{get, "people/:name", signedIn, s.showPerson},
		{post, "people/:name/role", signedIn, s.changeRole},
		{post, "people/:name/activity", signedIn, s.changeActivity},
	}
	for i, p := range all {
		all[i].handle = overseen(p.handle)
	}
	return all
}

// overseen keeps a page from those who do not oversee the service. What an
// auditor, who only looks, may not do is refused by [ruling] or by the commands.
func overseen(handle func(*Visit) (reply, error)) func(*Visit) (reply, error) {
	return func(v *Visit) (reply, error) {
		if !v.Actor.Oversees() {
			return reply{}, domain.ErrForbidden
		}
		return handle(v)
	}
}

// tab is a link among those of which one is shown.
type tab struct {
	Label   string
	To      string
	Count   string // "" for none
	Current bool
}
