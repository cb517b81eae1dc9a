package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"helpdesk/auth"
	"helpdesk/domain"
)

// sessionCookie is the cookie that carries a session's token.
const sessionCookie = "helpdesk_session"

// maxToken bounds what is looked up as a token, in bytes.
const maxToken = 256

// identify finds out who is calling, with a session's cookie or an API token:
// [auth.ErrNoSession] when nobody is signed in. A request with an Authorization
// header has no cookie as far as we are concerned.
func (c *Call) identify(ctx context.Context) error {
	if secret, given := bearer(c.Request.Header); given {
		return c.identifyToken(ctx, secret)
	}
	session, err := c.presented(ctx)
	if err != nil {
		return err
	}
	if session == nil {
		return auth.ErrNoSession
	}
	c.Session = session
	if cookie, err := c.Request.Cookie(sessionCookie); err == nil {
		c.credential = cookie.Value
	}
	c.Actor = auth.Actor(session.Account, c.api.visibility)
	return nil
}

func (c *Call) identifyToken(ctx context.Context, secret string) error {
	if len(secret) > maxToken {
		return auth.ErrNoToken
	}
	token, account, err := c.api.Tokens.Lookup(ctx, secret)
	if err != nil {
		return err
	}
	c.Token, c.credential = &token, secret
	c.Actor = auth.Actor(account, c.api.visibility)
	c.Actor.Kind = domain.ActorToken
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
	switch {
	case c.Token == nil:
	case c.route.Who == InPerson:
		return errSessionRequired
	case c.Token.ReadOnly && !safe(c.Request):
		return errReadOnlyToken
	}
	return nil
}

// bearer answers the token of an Authorization header (RFC 6750 §2.1), ""
// where the header is of another scheme; given says whether there is one.
func bearer(h http.Header) (token string, given bool) {
	const scheme = "bearer "
	text := h.Get("Authorization")
	if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		token = strings.TrimSpace(text[len(scheme):])
	}
	return token, len(h.Values("Authorization")) > 0
}

// presented answers the session whose cookie the request carries, nil for none
// that is valid.
func (c *Call) presented(ctx context.Context) (*auth.Session, error) {
	if _, other := bearer(c.Request.Header); other {
		return nil, nil
	}
	cookie, err := c.Request.Cookie(sessionCookie)
	if err != nil || cookie.Value == "" || len(cookie.Value) > maxToken {
		return nil, nil
	}
	session, err := c.api.Sessions.Lookup(ctx, cookie.Value)
	switch {
	case errors.Is(err, auth.ErrNoSession):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if session.Renewed {
		c.setCookie(cookie.Value, session.ExpiresAt)
	}
	return &session, nil
}

func (c *Call) setCookie(token string, expires time.Time) {
	c.cookie(token, expires, int(expires.Sub(c.api.now()).Seconds()))
}

func (c *Call) clearCookie() { c.cookie("", time.Unix(0, 0), -1) }

func (c *Call) cookie(value string, expires time.Time, maxAge int) {
	cookie := http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", Expires: expires, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.api.secure(c.Request),
	}
	c.header.Set("Set-Cookie", cookie.String())
}
