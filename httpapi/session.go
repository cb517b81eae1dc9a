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
	"helpdesk/edge"
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

// caller finds out, once a call, who is calling: nil when nobody is signed in.
// A request with an Authorization header has no cookie as far as we are
// concerned.
func (c *Call) caller(ctx context.Context) (*caller, error) {
	if !c.asked {
		c.asked = true
		if secret, given := bearer(c.Request.Header); given {
			c.who, c.whoErr = c.byToken(ctx, secret)
		} else {
			c.who, c.whoErr = c.byCookie(ctx)
		}
	}
	return c.who, c.whoErr
}

func (c *Call) byToken(ctx context.Context, secret string) (*caller, error) {
	if len(secret) > maxToken {
		return nil, auth.ErrNoToken
	}
	token, account, err := c.api.Tokens.Lookup(ctx, secret)
	if err != nil {
		return nil, err
	}
	return &caller{account: account, token: &token, credential: secret}, nil
}

func (c *Call) byCookie(ctx context.Context) (*caller, error) {
	token := edge.SessionToken(c.Request)
	if token == "" {
		return nil, nil
	}
	session, err := c.api.Sessions.Lookup(ctx, token)
	switch {
	case errors.Is(err, auth.ErrNoSession):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if session.Renewed {
		c.setCookie(token, session.ExpiresAt)
	}
	return &caller{account: session.Account, session: &session, credential: token}, nil
}

// identify makes the caller the one who acts: [auth.ErrNoSession] when nobody
// is signed in.
func (c *Call) identify(ctx context.Context) error {
	who, err := c.caller(ctx)
	if err != nil {
		return err
	}
	if who == nil {
		return auth.ErrNoSession
	}
	c.Session, c.Token, c.credential = who.session, who.token, who.credential
	c.Actor = auth.Actor(who.account, c.api.visibility)
	if c.Token != nil {
		c.Actor.Kind = domain.ActorToken
	}
	return nil
}

// admit refuses whom the route is not for.
func (c *Call) admit(ctx context.Context) error {
	if c.route.Who == Anyone {
		return nil
	}
	if err := c.identify(ctx); err != nil {
		return err
	}
	if err := c.recordToken(ctx); err != nil {
		return err
	}
	switch {
	case c.Token == nil:
	case c.route.Who == InPerson:
		return errSessionRequired
	case c.Token.ReadOnly && !safe(c.Request):
		return errReadOnlyToken
	}
	return nil
}

// bearer returns the token of an Authorization header (RFC 6750 §2.1), ""
// where the header is of another scheme; given says whether there is one.
func bearer(h http.Header) (token string, given bool) {
	const scheme = "bearer "
	text := h.Get("Authorization")
	if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		token = strings.TrimSpace(text[len(scheme):])
	}
	return token, len(h.Values("Authorization")) > 0
}

func (c *Call) setCookie(token string, expires time.Time) {
	c.api.front.SetSession(c.header, c.Request, token, expires)
}

func (c *Call) clearCookie() { c.api.front.ClearSession(c.header, c.Request) }
