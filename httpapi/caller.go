package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/httpapi/bind"
)

// Refusals of what comes with an API token.
var (
	errReadOnlyToken = &domain.Error{
		Kind: domain.KindForbidden, Code: "token_read_only", Message: "this token may only read",
	}
	// ErrSessionRequired refuses a token where a person is wanted.
	ErrSessionRequired = &domain.Error{
		Kind: domain.KindForbidden, Code: "session_required", Message: "this takes a session; an API token is not enough",
	}
)

// maxToken bounds what is looked up as a token, in bytes.
const maxToken = 256

// caller is who a request proves to come from.
type caller struct {
	account    user.Account
	session    *auth.Session // nil for a token
	token      *auth.Token   // nil for a session
	credential string
}

// visitor finds out, once a call, who is calling.
type visitor struct {
	call  *Call
	asked bool
	who   *caller
	err   error
}

// find returns who is calling: nil when nobody is signed in. A request with an
// Authorization header has no cookie as far as we are concerned.
func (v *visitor) find(ctx context.Context) (*caller, error) {
	if !v.asked {
		v.asked = true
		if secret, given := bearer(v.call.Request.Header); given {
			v.who, v.err = v.byToken(ctx, secret)
		} else {
			v.who, v.err = v.byCookie(ctx)
		}
	}
	return v.who, v.err
}

func (v *visitor) byToken(ctx context.Context, secret string) (*caller, error) {
	if len(secret) > maxToken {
		return nil, auth.ErrNoToken
	}
	token, account, err := v.call.api.Tokens.Lookup(ctx, secret)
	if err != nil {
		return nil, err
	}
	return &caller{account: account, token: &token, credential: secret}, nil
}

func (v *visitor) byCookie(ctx context.Context) (*caller, error) {
	token := v.call.api.front.SessionToken(v.call.Request)
	if token == "" {
		return nil, nil
	}
	session, err := v.call.api.Sessions.Lookup(ctx, token)
	switch {
	case errors.Is(err, auth.ErrNoSession):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if session.Renewed {
		v.call.SetCookie(token, session.ExpiresAt)
	}
	return &caller{account: session.Account, session: &session, credential: token}, nil
}

// identify makes the caller the one who acts: [auth.ErrNoSession] when nobody
// is signed in.
func (v *visitor) identify(ctx context.Context) error {
	c := v.call
	who, err := v.find(ctx)
	if err != nil {
		return err
	}
	if who == nil {
		return auth.ErrNoSession
	}
	c.Session, c.Token, c.key.credential = who.session, who.token, who.credential
	c.Become(who.account)
	if c.Token != nil {
		c.Actor.Kind = domain.ActorToken
	}
	return nil
}

// Become makes the person the one who acts.
func (c *Call) Become(account user.Account) { c.Actor = auth.Actor(account, c.api.visibility) }

// StillSignedIn reports whether the credential the call came with is good still,
// and takes over what the account has become.
func (c *Call) StillSignedIn(ctx context.Context) bool {
	c.visitor.asked = false
	return c.visitor.identify(ctx) == nil
}

// GoOn waits for the caller's turn for the next page of a long answer. It refuses to go on
// with it where the caller is not who they were when it was begun: signed out, deactivated
// or of another role.
func (c *Call) GoOn(ctx context.Context) error {
	was := c.Actor.Role
	if !c.StillSignedIn(ctx) || c.Actor.Role != was {
		return auth.ErrNoSession
	}
	return c.Turn.Take(ctx)
}

// Before returns the session that the call came with, nil for none. A token that
// is none counts for nothing.
func (c *Call) Before(ctx context.Context) (*auth.Session, error) {
	who, err := c.visitor.find(ctx)
	if err != nil && !errors.Is(err, auth.ErrNoToken) {
		return nil, err
	}
	if who == nil {
		return nil, nil
	}
	return who.session, nil
}

// admit refuses whom the route is not for.
func (v *visitor) admit(ctx context.Context) error {
	c := v.call
	if c.route.Who == Anyone {
		return nil
	}
	if err := v.identify(ctx); err != nil {
		return err
	}
	if err := v.recordToken(ctx); err != nil {
		return err
	}
	switch {
	case c.Token == nil:
	case c.route.Who == InPerson:
		return ErrSessionRequired
	case c.Token.ReadOnly && !bind.Safe(c.Request):
		return errReadOnlyToken
	}
	return nil
}

// bearer returns the token of an Authorization header (RFC 6750 §2.1), ""
// where the header is of another scheme; given reports whether there is one.
func bearer(h http.Header) (token string, given bool) {
	const scheme = "bearer "
	text := h.Get("Authorization")
	if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		token = strings.TrimSpace(text[len(scheme):])
	}
	return token, len(h.Values("Authorization")) > 0
}

// SetCookie has the browser keep the token of a session.
func (c *Call) SetCookie(token string, expires time.Time) {
	c.api.front.SetSession(c.Header, c.Request, token, expires)
}

// ClearCookie has the browser forget its session.
func (c *Call) ClearCookie() { c.api.front.ClearSession(c.Header, c.Request) }

// MayOversee refuses whoever does not see all there is: all but admins and auditors.
func MayOversee(actor domain.Actor) error {
	if !actor.Oversees() {
		return domain.ErrForbidden
	}
	return nil
}
