// Package people is accounts: registering, one's own profile, and users as others
// see them.
package people

import (
	"context"
	"net/http"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain/user"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
)

// Reader reads people as the read side shows them.
type Reader interface {
	User(ctx context.Context, id user.ID) (view.User, error)
	Users(ctx context.Context, f people.Filter, p projections.Page) (projections.Slice[view.User], error)
}

// History reads what happened to a user, whoever asks.
type History interface {
	User(ctx context.Context, id user.ID, p projections.Page) (projections.Slice[history.Entry], error)
}

// Passwords turns a password into what may be stored.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
}

// Checker returns nil when the password is the account's, else
// [auth.ErrWrongPassword].
type Checker interface {
	CheckPassword(ctx context.Context, id user.ID, password string) error
}

// Resource is the calls on accounts and users.
type Resource struct {
	App       *commands.App
	Read      Reader
	History   History
	Passwords Passwords
	Check     Checker
}

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	return append(
		httpapi.Tagged("Account", "Registering, signing in and one's own profile.", r.account()...),
		httpapi.Tagged("Users", "People and their roles.", r.users()...)...,
	)
}

func (r Resource) account() []httpapi.Route {
	return []httpapi.Route{
		{
			Method: http.MethodPost, Path: "/api/register/", ID: "register",
			Summary: "Register",
			About:   "Anyone may. The password has at least 8 characters, is not a common one and not like the username or the mail address. Names and addresses are unique without regard to case.",
			Who:     httpapi.Anyone, Status: http.StatusCreated, Handler: httpapi.HandleChecked(mayRegister, r.register),
		},
		{
			Method: http.MethodGet, Path: "/api/me/", ID: "getMe",
			Summary: "Read one's own profile",
			About:   "The caller as they themselves see them.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.me),
		},
		{
			Method: http.MethodPatch, Path: "/api/me/", ID: "patchMe",
			Summary: "Change one's own profile",
			About:   "Names and mail address; role and activity are for admins to change.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.patchMe),
		},
		{
			Method: http.MethodPost, Path: "/api/me/password/", ID: "changePassword",
			Summary: "Change one's own password and end the other sessions",
			About:   "Every other session of the caller ends.",
			Who:     httpapi.InPerson, Status: http.StatusNoContent, Handler: httpapi.HandleChecked(mayChangePassword, r.changePassword),
		},
		{
			Method: http.MethodPost, Path: "/api/me/deactivate/", ID: "deactivateMe",
			Summary: "Deactivate one's own account",
			About:   "Every session of the caller ends, and nobody signs in as them until an admin reactivates them. The last active admin can't.",
			Who:     httpapi.InPerson, Status: http.StatusNoContent, Handler: httpapi.Handle(r.deactivateMe),
			Headers: []string{"Set-Cookie"},
		},
	}
}

func (r Resource) users() []httpapi.Route {
	return []httpapi.Route{
		{
			Method: http.MethodGet, Path: "/api/users/", ID: "listUsers",
			Summary: "List users",
			About:   "For agents, who see names alone, and for admins and auditors, who see all.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.list), Dear: true,
			Also: []int{http.StatusForbidden},
		},
		{
			Method: http.MethodGet, Path: "/api/users/{id}/", ID: "getUser",
			Summary: "Read a user",
			About:   "Users see themselves alone, agents the names of all, admins and auditors everything.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.one),
		},
		{
			Method: http.MethodPatch, Path: "/api/users/{id}/", ID: "patchUser",
			Summary: "Change a user",
			About:   "For admins. Others change themselves alone, and neither role nor activity. The last active admin can be neither demoted nor deactivated.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.patch),
		},
		{
			Method: http.MethodPost, Path: "/api/users/{id}/password-link/", ID: "makePasswordLink",
			Summary: "Make a link that sets somebody's password",
			About:   "For admins, for somebody who is active. Whoever opens the link sets the password, once, within a day; the person's sessions end then. Another link, a changed password or a deactivation ends it before.",
			Who:     httpapi.InPerson, Status: http.StatusCreated, Handler: httpapi.Handle(r.makePasswordLink), Secret: true,
		},
		{
			Method: http.MethodPost, Path: "/api/users/{id}/mail/clear/", ID: "clearAddress",
			Summary: "Send emails to somebody again",
			About:   "For admins. After an email to somebody came back for good none is sent to their address; emails to it are cancelled, with the reason address_bounces. This has them sent again, as another address does. Nothing happens where none came back.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.clearAddress),
			Never: []int{http.StatusUnprocessableEntity},
		},
		{
			Method: http.MethodGet, Path: "/api/users/{id}/history/", ID: "userHistory",
			Summary: "Read what happened to a user",
			About:   "For admins and auditors, and for users their own: every event of the account, oldest first, with what it changed, and the records of access: sign-ins and failed ones, the use of an admin's API tokens once an hour, and what an auditor reads, once an hour for the same.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.history), Dear: true,
			Also: []int{http.StatusForbidden},
		},
	}
}

// Registration is the body that makes a user.
type Registration struct {
	Username  string                `json:"username" required:"true" minLength:"1" maxLength:"150" trim:"true"`
	Email     string                `json:"email" required:"true" minLength:"1" maxLength:"254" trim:"true"`
	Password  string                `json:"password" required:"true" minLength:"1" maxLength:"1024" secret:"true" description:"At least 8 characters, not a common one, not like the username."`
	FirstName bind.Optional[string] `json:"first_name" maxLength:"150" trim:"true"`
	LastName  bind.Optional[string] `json:"last_name" maxLength:"150" trim:"true"`
}

// Example is the body, or the answer, as the document shows it.
func (Registration) Example() string {
	return `{"username": "ada", "email": "ada@example.com", "password": "engine-no-42", "first_name": "Ada", "last_name": "Lovelace"}`
}

// command is what a registration asks for.
func (in Registration) command(c *httpapi.Call) user.Register {
	return user.Register{
		By: user.By{Actor: c.Actor}, Username: in.Username, Email: in.Email,
		FirstName: in.FirstName.Value, LastName: in.LastName.Value,
	}
}

// mayRegister looks at limits and rules, for a hash is dear; and 400 comes before 422.
func mayRegister(c *httpapi.Call, in Registration) error {
	if err := c.Registering(); err != nil {
		return err
	}
	if _, err := user.Decide(user.State{}, in.command(c)); err != nil {
		return err
	}
	personal := []string{in.Username, in.Email, in.FirstName.Value, in.LastName.Value}
	return problem.InField(auth.CheckStrength(in.Password, personal...), "password")
}

func (r Resource) register(ctx context.Context, c *httpapi.Call, in Registration) (wire.User, error) {
	id, command := user.ID{UUID: c.NewID()}, in.command(c)
	hash, err := r.Passwords.Hash(ctx, in.Password)
	if err != nil {
		return wire.User{}, err
	}
	out, err := c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) {
		return r.App.People.Register(ctx, q, id, command, hash)
	})
	if err != nil {
		return wire.User{}, err
	}
	c.Actor.ID = user.ID{UUID: out.StreamID} // they see all of themselves
	c.Header.Set("Location", "/api/users/"+out.StreamID.String()+"/")
	return written(c, out)
}

func (r Resource) me(ctx context.Context, c *httpapi.Call, _ httpapi.Empty) (wire.User, error) {
	return r.Profile(ctx, c)
}

// Profile is the body that changes one's own profile.
type Profile struct {
	Email     bind.Optional[string] `json:"email" minLength:"1" maxLength:"254" trim:"true"`
	FirstName bind.Optional[string] `json:"first_name" maxLength:"150" trim:"true"`
	LastName  bind.Optional[string] `json:"last_name" maxLength:"150" trim:"true"`

	Notifications bind.Optional[NotificationSwitches] `json:"notifications" description:"Which emails to get; what is left out stays."`
}

// Example is the body, or the answer, as the document shows it.
func (Profile) Example() string {
	return `{"first_name": "Augusta Ada"}`
}

func (r Resource) patchMe(ctx context.Context, c *httpapi.Call, in Profile) (wire.User, error) {
	return r.edit(ctx, c, user.EditUser{
		ID: c.Actor.ID, Email: in.Email.Ptr(), FirstName: in.FirstName.Ptr(), LastName: in.LastName.Ptr(),
		Notifications: in.Notifications.Value.edit(),
	})
}

// PasswordChange is the body that changes one's own password.
type PasswordChange struct {
	CurrentPassword string `json:"current_password" required:"true" minLength:"1" maxLength:"1024" secret:"true"`
	NewPassword     string `json:"new_password" required:"true" minLength:"1" maxLength:"1024" secret:"true"`
}

// Example is the body, or the answer, as the document shows it.
func (PasswordChange) Example() string {
	return `{"current_password": "engine-no-42", "new_password": "engine-no-43"}`
}

// mayChangePassword looks at the new password and counts a guess at the present one.
func mayChangePassword(c *httpapi.Call, in PasswordChange) error {
	account := c.Session.Account
	if err := auth.CheckStrength(in.NewPassword, account.Username, account.Email); err != nil {
		return problem.InField(err, "new_password")
	}
	return c.Guess.Count(account.ID.String())
}

// changePassword ends every session of the caller but this one.
func (r Resource) changePassword(ctx context.Context, c *httpapi.Call, in PasswordChange) (httpapi.Empty, error) {
	if err := r.Check.CheckPassword(ctx, c.Actor.ID, in.CurrentPassword); err != nil {
		return httpapi.Empty{}, err
	}
	c.Guess.Right()
	hash, err := r.Passwords.Hash(ctx, in.NewPassword)
	if err != nil {
		return httpapi.Empty{}, err
	}
	command := user.ChangePassword{By: user.By{Actor: c.Actor}, ID: c.Actor.ID}
	_, err = c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) {
		return r.App.People.ChangePassword(ctx, q, command, hash, c.Session.TokenHash)
	})
	return httpapi.Empty{}, err
}

// deactivateMe keeps the caller from signing in again; it ends their sessions.
func (r Resource) deactivateMe(ctx context.Context, c *httpapi.Call, _ httpapi.Empty) (httpapi.Empty, error) {
	inactive := false
	_, err := c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) {
		return r.App.People.Edit(ctx, q, user.EditUser{By: user.By{Actor: c.Actor}, ID: c.Actor.ID, Active: &inactive})
	})
	if err != nil {
		return httpapi.Empty{}, err
	}
	c.ClearCookie()
	return httpapi.Empty{}, nil
}
