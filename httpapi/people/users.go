package people

import (
	"context"
	"strings"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/wire"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
)

// UserPath is the path of calls on one user.
type UserPath struct {
	User string `path:"id" json:"-" description:"The user's id or username."`
}

// UserQuery is the parameters of the list of users.
type UserQuery struct {
	httpapi.Listing
	Search   string                     `query:"search" maxLength:"200" description:"Parts of the username, a name or, for those who may see it, the mail address, all of them, without regard to case and accents. The first eight count."`
	Role     bind.Optional[domain.Role] `query:"role" description:"Only those with this role."`
	IsActive bind.Optional[bool]        `query:"is_active" description:"Only those who may sign in, or only those who may not."`
}

func (r Resource) list(ctx context.Context, c *httpapi.Call, in UserQuery) (httpapi.List[wire.User], error) {
	if c.Actor.Role == domain.RoleUser {
		return httpapi.List[wire.User]{}, domain.ErrForbidden
	}
	if !c.Actor.Oversees() && (in.Role.Set || in.IsActive.Set) {
		return httpapi.List[wire.User]{}, domain.ErrForbidden.With("your role may not filter by this")
	}
	page, err := c.Page(in.Listing)
	if err != nil {
		return httpapi.List[wire.User]{}, err
	}
	slice, err := r.Read.Users(ctx, people.Filter{
		Search: in.Search, NamesOnly: !c.Actor.Oversees(), Role: in.Role.Value, Active: in.IsActive.Ptr(),
	}, page)
	if err != nil {
		return httpapi.List[wire.User]{}, err
	}
	return httpapi.ListOf(c, slice, func(u view.User) wire.User { return wire.UserOf(c.Actor, u) })
}

func (r Resource) one(ctx context.Context, c *httpapi.Call, in UserPath) (wire.User, error) {
	id, err := r.visibleUser(ctx, c, in)
	if err != nil {
		return wire.User{}, err
	}
	u, err := r.Read.User(ctx, id)
	if err != nil {
		return wire.User{}, err
	}
	return wire.UserOf(c.Actor, u), nil
}

// visibleUser returns the user that the path names, if the caller may see
// anything of them: [domain.ErrNotFound] when not.
func (r Resource) visibleUser(ctx context.Context, c *httpapi.Call, path UserPath) (user.ID, error) {
	if strings.ContainsFunc(path.User, bind.RefusedInText) {
		return user.ID{}, domain.ErrNotFound
	}
	account, err := r.App.Accounts.Find(ctx, path.User)
	if err != nil {
		return user.ID{}, err
	}
	if c.Actor.Role == domain.RoleUser && account.ID != c.Actor.ID {
		return user.ID{}, domain.ErrNotFound
	}
	return account.ID, nil
}

// UserPatch is the body that changes a user.
type UserPatch struct {
	UserPath
	Email     bind.Optional[string]      `json:"email" minLength:"1" maxLength:"254" trim:"true"`
	FirstName bind.Optional[string]      `json:"first_name" maxLength:"150" trim:"true"`
	LastName  bind.Optional[string]      `json:"last_name" maxLength:"150" trim:"true"`
	Role      bind.Optional[domain.Role] `json:"role"`
	IsActive  bind.Optional[bool]        `json:"is_active"`

	Notifications bind.Optional[NotificationSwitches] `json:"notifications"`
}

// Example is the body, or the answer, as the document shows it.
func (UserPatch) Example() string {
	return `{"role": "agent"}`
}

// NotificationSwitches changes which emails somebody wants; what is left out
// stays.
type NotificationSwitches struct {
	_         struct{}            `additionalProperties:"false"`
	Escalated bind.Optional[bool] `json:"escalated" description:"A ticket of theirs escalated."`
	Assigned  bind.Optional[bool] `json:"assigned" description:"A ticket was assigned to them."`
	Commented bind.Optional[bool] `json:"commented" description:"Somebody else commented on a ticket of theirs."`
	Resolved  bind.Optional[bool] `json:"resolved" description:"A ticket of theirs is resolved."`
}

func (s NotificationSwitches) edit() user.NotificationSwitches {
	return user.NotificationSwitches{
		Escalated: s.Escalated.Ptr(), Assigned: s.Assigned.Ptr(), Commented: s.Commented.Ptr(), Resolved: s.Resolved.Ptr(),
	}
}

func (r Resource) patch(ctx context.Context, c *httpapi.Call, in UserPatch) (wire.User, error) {
	id, err := r.visibleUser(ctx, c, in.UserPath)
	if err != nil {
		return wire.User{}, err
	}
	return r.edit(ctx, c, user.EditUser{
		ID: id, Email: in.Email.Ptr(), FirstName: in.FirstName.Ptr(), LastName: in.LastName.Ptr(),
		Role: in.Role.Ptr(), Active: in.IsActive.Ptr(), Notifications: in.Notifications.Value.edit(),
	})
}

func (r Resource) edit(ctx context.Context, c *httpapi.Call, command user.EditUser) (wire.User, error) {
	command.Actor = c.Actor
	out, err := c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) {
		return r.App.People.Edit(ctx, q, command)
	})
	if err != nil {
		return wire.User{}, err
	}
	return written(c, out)
}

func (r Resource) clearAddress(ctx context.Context, c *httpapi.Call, in UserPath) (wire.User, error) {
	id, err := r.visibleUser(ctx, c, in)
	if err != nil {
		return wire.User{}, err
	}
	command := user.ClearAddress{By: user.By{Actor: c.Actor}, ID: id}
	out, err := c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) { return r.App.People.ClearAddress(ctx, q, command) })
	if err != nil {
		return wire.User{}, err
	}
	return written(c, out)
}

// written is a user just written to, as the command left them.
func written(c *httpapi.Call, out commands.Outcome) (wire.User, error) {
	u, ok := view.UserOf(out.Events)
	if !ok {
		return wire.User{}, domain.ErrNotFound
	}
	return wire.UserOf(c.Actor, u), nil
}

// UserHistoryQuery is the parameters of a user's history.
type UserHistoryQuery struct {
	UserPath
	httpapi.Listing
}

func (r Resource) history(ctx context.Context, c *httpapi.Call, in UserHistoryQuery) (httpapi.List[wire.HistoryEntry], error) {
	id, err := r.visibleUser(ctx, c, in.UserPath)
	if err != nil {
		return httpapi.List[wire.HistoryEntry]{}, err
	}
	if id != c.Actor.ID && !c.Actor.Oversees() {
		return httpapi.List[wire.HistoryEntry]{}, domain.ErrForbidden
	}
	page, err := c.Page(in.Listing)
	if err != nil {
		return httpapi.List[wire.HistoryEntry]{}, err
	}
	slice, err := r.History.User(ctx, id, page)
	if err != nil {
		return httpapi.List[wire.HistoryEntry]{}, err
	}
	return httpapi.ListOf(c, slice, wire.EntryOf)
}
