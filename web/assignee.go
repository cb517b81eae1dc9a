package web

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

// Finder finds people on the write side; see [auth.Accounts].
type Finder interface {
	Find(ctx context.Context, nameOrID string) (user.Account, error)
}

// Assignee returns whom the field "assignee" of the form names, and their name.
func (v *Visit) Assignee(people Finder) (ticket.Assignee, string, error) {
	name := strings.TrimSpace(v.Form.Text("assignee"))
	if name == "" {
		return ticket.Assignee{}, "", domain.ErrRequired.With("enter a username").On("assignee")
	}
	account, err := people.Find(v.Context(), name)
	if errors.Is(err, domain.ErrNotFound) {
		return ticket.Assignee{ID: domain.UserID{UUID: uuid.New()}}, "", domain.ErrUnknown.With("there is no user %s", name).On("assignee")
	}
	return ticket.Assignee{ID: account.ID, ActiveStaff: account.ActiveStaff()}, account.Username, err
}
