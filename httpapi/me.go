package httpapi

import (
	"context"
	"errors"
	"time"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
)

// Registration is the body that makes a user.
type Registration struct {
	Username  string           `json:"username" required:"true" minLength:"1" maxLength:"150" trim:"true"`
	Email     string           `json:"email" required:"true" minLength:"1" maxLength:"254" trim:"true"`
	Password  string           `json:"password" required:"true" minLength:"1" maxLength:"1024" secret:"true" description:"At least 8 characters, not a common one, not like the username."`
	FirstName Optional[string] `json:"first_name" maxLength:"150" trim:"true"`
	LastName  Optional[string] `json:"last_name" maxLength:"150" trim:"true"`
}

func (a *API) registerUser(ctx context.Context, c *Call, in Registration) (Written[User], error) {
	if err := a.front.Register(a.front.Address(c.Request)); err != nil {
		return Written[User]{}, err
	}
	id := user.ID{UUID: c.newID()}
	command := user.Register{
		By: user.By{Actor: c.Actor}, Username: in.Username, Email: in.Email,
		FirstName: in.FirstName.Value, LastName: in.LastName.Value,
	}
	// The rules first: a hash is dear, and 400 comes before 422.
	if _, err := user.Decide(user.State{}, command); err != nil {
		return Written[User]{}, err
	}
	personal := []string{in.Username, in.Email, in.FirstName.Value, in.LastName.Value}
	if err := auth.CheckStrength(in.Password, personal...); err != nil {
		return Written[User]{}, inField(err, "password")
	}
	hash, err := a.Passwords.Hash(ctx, in.Password)
	if err != nil {
		return Written[User]{}, err
	}
	out, err := c.carryOut(ctx, func(r commands.Request) (commands.Outcome, error) {
		return a.People.Register(ctx, r, id, command, hash)
	})
	if err != nil {
		return Written[User]{}, err
	}
	c.Actor.ID = user.ID{UUID: out.StreamID} // they see all of themselves
	c.header.Set("Location", "/api/users/"+out.StreamID.String()+"/")
	return a.writtenUser(ctx, c, out), nil
}

// Credentials is the body that signs in.
type Credentials struct {
	Username string `json:"username" required:"true" minLength:"1" maxLength:"254" trim:"true"`
	Password string `json:"password" required:"true" minLength:"1" maxLength:"1024" secret:"true"`
}

// signIn begins a session, and ends the one the caller came with.
func (a *API) signIn(ctx context.Context, c *Call, in Credentials) (User, error) {
	before, err := c.caller(ctx)
	if err != nil && !errors.Is(err, auth.ErrNoToken) {
		return User{}, err
	}
	right, err := c.guess(in.Username)
	if err != nil {
		return User{}, err
	}
	token, session, err := a.Sessions.SignIn(ctx, in.Username, in.Password)
	if errors.Is(err, auth.ErrCredentials) {
		return User{}, c.recordFailedSignIn(ctx, in.Username, err)
	}
	right()
	if err != nil {
		return User{}, err
	}
	c.Actor = auth.Actor(session.Account, a.visibility)
	me, err := a.welcome(ctx, c)
	if err != nil {
		// Nobody gets to know the token: end what it opens, as far as possible.
		return User{}, errors.Join(err, a.Sessions.End(ctx, session.TokenHash))
	}
	if before != nil && before.session != nil {
		if err := a.Sessions.End(ctx, before.session.TokenHash); err != nil {
			return User{}, err
		}
	}
	a.streams.wake()
	c.setCookie(token, session.ExpiresAt)
	return me, nil
}

// welcome records the sign-in and answers the caller's profile.
func (a *API) welcome(ctx context.Context, c *Call) (User, error) {
	if err := c.recordSignIn(ctx); err != nil {
		return User{}, err
	}
	return a.ownProfile(ctx, c)
}

func (a *API) signOut(ctx context.Context, c *Call, _ Empty) (Empty, error) {
	if err := a.Sessions.End(ctx, c.Session.TokenHash); err != nil {
		return Empty{}, err
	}
	a.streams.wake()
	c.clearCookie()
	return Empty{}, nil
}

func (a *API) getMe(ctx context.Context, c *Call, _ Empty) (User, error) { return a.ownProfile(ctx, c) }

// profilePoll is how often ownProfile looks again.
const profilePoll = 10 * time.Millisecond

// ownProfile reads the caller's profile. They exist; a read side that does not
// know them yet is behind, and is waited for: another process may have made
// them a moment ago, as createsuperuser does.
func (a *API) ownProfile(ctx context.Context, c *Call) (User, error) {
	ctx, cancel := context.WithTimeout(ctx, freshnessWait)
	defer cancel()
	look := time.NewTicker(profilePoll)
	defer look.Stop()
	for {
		u, err := a.Read.User(ctx, c.Actor.ID)
		switch {
		case err == nil:
			return userView(c.Actor, u), nil
		case !errors.Is(err, domain.ErrNotFound):
			return User{}, err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return User{}, errUnreadable
		}
	}
}

// Profile is the body that changes one's own profile.
type Profile struct {
	Email     Optional[string] `json:"email" minLength:"1" maxLength:"254" trim:"true"`
	FirstName Optional[string] `json:"first_name" maxLength:"150" trim:"true"`
	LastName  Optional[string] `json:"last_name" maxLength:"150" trim:"true"`

	Notifications Optional[NotificationSwitches] `json:"notifications" description:"Which emails to get; what is left out stays."`
}

func (a *API) patchMe(ctx context.Context, c *Call, in Profile) (Written[User], error) {
	return a.editUser(ctx, c, user.EditUser{
		ID: c.Actor.ID, Email: in.Email.Ptr(), FirstName: in.FirstName.Ptr(), LastName: in.LastName.Ptr(),
		Notifications: in.Notifications.Value.edit(),
	})
}

// PasswordChange is the body that changes one's own password.
type PasswordChange struct {
	CurrentPassword string `json:"current_password" required:"true" minLength:"1" maxLength:"1024" secret:"true"`
	NewPassword     string `json:"new_password" required:"true" minLength:"1" maxLength:"1024" secret:"true"`
}

// changePassword ends every session of the caller but this one.
func (a *API) changePassword(ctx context.Context, c *Call, in PasswordChange) (Empty, error) {
	if err := c.checkPassword(ctx, in.CurrentPassword); err != nil {
		return Empty{}, err
	}
	account := c.Session.Account
	if err := auth.CheckStrength(in.NewPassword, account.Username, account.Email); err != nil {
		return Empty{}, inField(err, "new_password")
	}
	hash, err := a.Passwords.Hash(ctx, in.NewPassword)
	if err != nil {
		return Empty{}, err
	}
	command := user.ChangePassword{By: user.By{Actor: c.Actor}, ID: c.Actor.ID}
	_, err = c.carryOut(ctx, func(r commands.Request) (commands.Outcome, error) {
		return a.People.ChangePassword(ctx, r, command, hash, c.Session.TokenHash)
	})
	return Empty{}, err
}

// deactivateMe keeps the caller from signing in again; it ends their sessions.
func (a *API) deactivateMe(ctx context.Context, c *Call, _ Empty) (Empty, error) {
	inactive := false
	_, err := c.carryOut(ctx, func(r commands.Request) (commands.Outcome, error) {
		return a.People.Edit(ctx, r, user.EditUser{By: user.By{Actor: c.Actor}, ID: c.Actor.ID, Active: &inactive})
	})
	if err != nil {
		return Empty{}, err
	}
	c.clearCookie()
	return Empty{}, nil
}
