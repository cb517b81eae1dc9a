// Package sessions is signing in and out.
package sessions

import (
	"context"
	"errors"
	"net/http"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain/access"
	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
)

// Keeper keeps who is signed in; see [auth.Sessions].
type Keeper interface {
	// SignIn opens a session, or returns [auth.ErrCredentials] in the same time
	// whichever was wrong.
	SignIn(ctx context.Context, username, password string) (token string, session auth.Session, err error)
	// End ends a session; that there is none is no error.
	End(ctx context.Context, tokenHash []byte) error
}

// Resource is the calls on sessions.
type Resource struct {
	Keeper Keeper
	Access commands.Records
	People commands.Finder
	// Profile reads the profile of whoever signed in.
	Profile func(context.Context, *httpapi.Call) (wire.User, error)
	// SignedOut is called whenever a credential may have ended.
	SignedOut func()
}

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	return httpapi.Tagged("Account", "Registering, signing in and one's own profile.",
		httpapi.Route{
			Method: http.MethodPost, Path: "/api/login/", ID: "login",
			Summary: "Sign in",
			About:   "Begins a session and ends the one the caller came with. A wrong name and a wrong password are the same 401.",
			Who:     httpapi.Anyone, Status: http.StatusOK, Handler: httpapi.HandleChecked(r.guess, r.signIn), Secret: true,
			Also:    []int{http.StatusUnauthorized},
			Never:   []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity},
			Headers: []string{"Set-Cookie"},
		},
		httpapi.Route{
			Method: http.MethodPost, Path: "/api/logout/", ID: "logout",
			Summary: "Sign out",
			About:   "The session ends on the server.",
			Who:     httpapi.InPerson, Status: http.StatusNoContent, Handler: httpapi.Handle(r.signOut),
			Never:   []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity},
			Headers: []string{"Set-Cookie"},
		},
	)
}

// Credentials is the body that signs in.
type Credentials struct {
	Username string `json:"username" required:"true" minLength:"1" maxLength:"254" trim:"true"`
	Password string `json:"password" required:"true" minLength:"1" maxLength:"1024" secret:"true"`
}

// Example is the body, or the answer, as the document shows it.
func (Credentials) Example() string {
	return `{"username": "ada", "password": "engine-no-42"}`
}

// guess counts a guess at somebody's password.
func (r Resource) guess(c *httpapi.Call, in Credentials) error {
	of, err := commands.GuessedOf(c.Request.Context(), r.People, in.Username)
	if err != nil {
		return err
	}
	return c.Guess.Count(of)
}

// signIn begins a session, and ends the one the caller came with.
func (r Resource) signIn(ctx context.Context, c *httpapi.Call, in Credentials) (wire.User, error) {
	before, err := c.Before(ctx)
	if err != nil {
		return wire.User{}, err
	}
	token, session, err := r.Keeper.SignIn(ctx, in.Username, in.Password)
	if errors.Is(err, auth.ErrCredentials) {
		return wire.User{}, r.failed(ctx, c, in.Username, err)
	}
	c.Guess.Right()
	if err != nil {
		return wire.User{}, err
	}
	c.Become(session.Account)
	me, err := r.welcome(ctx, c)
	if err != nil {
		// Nobody gets to know the token: end what it opens, as far as possible.
		return wire.User{}, errors.Join(err, r.Keeper.End(ctx, session.TokenHash))
	}
	if before != nil {
		if err := r.Keeper.End(ctx, before.TokenHash); err != nil {
			return wire.User{}, err
		}
	}
	r.SignedOut()
	c.SetCookie(token, session.ExpiresAt)
	return me, nil
}

// welcome records the sign-in and returns the caller's profile.
func (r Resource) welcome(ctx context.Context, c *httpapi.Call) (wire.User, error) {
	if err := r.Access.Record(ctx, c.Cause(), c.Actor, c.Actor.ID, access.SignIn(c.From())); err != nil {
		return wire.User{}, err
	}
	return r.Profile(ctx, c)
}

func (r Resource) signOut(ctx context.Context, c *httpapi.Call, _ httpapi.Empty) (httpapi.Empty, error) {
	if err := r.Keeper.End(ctx, c.Session.TokenHash); err != nil {
		return httpapi.Empty{}, err
	}
	r.SignedOut()
	c.ClearCookie()
	return httpapi.Empty{}, nil
}

// failed records that somebody tried to be whoever has the name, and returns
// refusal.
func (r Resource) failed(ctx context.Context, c *httpapi.Call, name string, refusal error) error {
	if err := commands.RecordFailedSignIn(ctx, r.Access, r.People, c.Cause(), c.Actor, name, c.From()); err != nil {
		return err
	}
	return refusal
}
