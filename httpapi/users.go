package httpapi

import (
	"context"
	"strings"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// UserQuery is the parameters of the list of users.
type UserQuery struct {
	Listing
	Search   string                `query:"search" maxLength:"200" description:"Part of the username, a name or, for those who may see it, the mail address."`
	Role     Optional[domain.Role] `query:"role" description:"Only those with this role."`
	IsActive Optional[bool]        `query:"is_active" description:"Only those who may sign in, or only those who may not."`
}

func (a *API) listUsers(ctx context.Context, c *Call, in UserQuery) (List[User], error) {
	if c.Actor.Role == domain.RoleUser {
		return List[User]{}, domain.ErrForbidden
	}
	if !seesPeople(c.Actor) && (in.Role.Set || in.IsActive.Set) {
		return List[User]{}, domain.ErrForbidden.With("your role does not see what this would filter by")
	}
	page, err := a.page(c, in.Listing)
	if err != nil {
		return List[User]{}, err
	}
	slice, err := a.Read.Users(ctx, projections.UserFilter{
		Search: in.Search, NamesOnly: !seesPeople(c.Actor), Role: in.Role.Value, Active: in.IsActive.Ptr(),
	}, page)
	if err != nil {
		return List[User]{}, err
	}
	return listOf(a, c, slice, func(u view.User) User { return userView(c.Actor, u) })
}

func (a *API) getUser(ctx context.Context, c *Call, in UserPath) (User, error) {
	id, err := a.visibleUser(ctx, c, in)
	if err != nil {
		return User{}, err
	}
	u, err := a.Read.User(ctx, id)
	if err != nil {
		return User{}, err
	}
	return userView(c.Actor, u), nil
}

// visibleUser returns the user that the path names, if the caller may see
// anything of them: [domain.ErrNotFound] when not.
func (a *API) visibleUser(ctx context.Context, c *Call, path UserPath) (user.ID, error) {
	if strings.ContainsFunc(path.User, refusedInText) {
		return user.ID{}, domain.ErrNotFound
	}
	account, err := a.Accounts.Find(ctx, path.User)
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
	Email     Optional[string]      `json:"email" minLength:"1" maxLength:"254" trim:"true"`
	FirstName Optional[string]      `json:"first_name" maxLength:"150" trim:"true"`
	LastName  Optional[string]      `json:"last_name" maxLength:"150" trim:"true"`
	Role      Optional[domain.Role] `json:"role"`
	IsActive  Optional[bool]        `json:"is_active"`

	Notifications Optional[NotificationSwitches] `json:"notifications"`
}

// NotificationSwitches changes which emails somebody wants; what is left out
// stays.
type NotificationSwitches struct {
	_         struct{}       `additionalProperties:"false"`
	Escalated Optional[bool] `json:"escalated" description:"A ticket of theirs escalated."`
	Assigned  Optional[bool] `json:"assigned" description:"A ticket was assigned to them."`
	Commented Optional[bool] `json:"commented" description:"Somebody else commented on a ticket of theirs."`
	Resolved  Optional[bool] `json:"resolved" description:"A ticket of theirs is resolved."`
}

func (s NotificationSwitches) edit() user.NotificationSwitches {
	return user.NotificationSwitches{
		Escalated: s.Escalated.Ptr(), Assigned: s.Assigned.Ptr(), Commented: s.Commented.Ptr(), Resolved: s.Resolved.Ptr(),
	}
}

func (a *API) patchUser(ctx context.Context, c *Call, in UserPatch) (Written[User], error) {
	id, err := a.visibleUser(ctx, c, in.UserPath)
	if err != nil {
		return Written[User]{}, err
	}
	return a.editUser(ctx, c, user.EditUser{
		ID: id, Email: in.Email.Ptr(), FirstName: in.FirstName.Ptr(), LastName: in.LastName.Ptr(),
		Role: in.Role.Ptr(), Active: in.IsActive.Ptr(), Notifications: in.Notifications.Value.edit(),
	})
}

func (a *API) editUser(ctx context.Context, c *Call, command user.EditUser) (Written[User], error) {
	command.Actor = c.Actor
	out, err := c.carryOut(ctx, func(r commands.Request) (commands.Outcome, error) {
		return a.People.Edit(ctx, r, command)
	})
	if err != nil {
		return Written[User]{}, err
	}
	return a.writtenUser(ctx, c, out), nil
}

// writtenUser returns a user just written to. The write has happened: nothing
// that goes wrong from here on makes it a failure.
func (a *API) writtenUser(ctx context.Context, c *Call, out commands.Outcome) Written[User] {
	if !c.behind {
		u, err := a.Read.User(ctx, user.ID{UUID: out.StreamID})
		if err == nil {
			view := userView(c.Actor, u)
			return Written[User]{Value: &view}
		}
		a.unread(ctx, c, err)
	}
	return Written[User]{Receipt: receiptOf(out)}
}
