package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"helpdesk/auth"
)

// sessionCookie is the cookie that carries a session's token.
const sessionCookie = "helpdesk_session"

// maxToken bounds what is looked up as a token, in bytes.
const maxToken = 256

// identify finds out who is calling: [auth.ErrNoSession] when nobody is signed in.
func (c *Call) identify(ctx context.Context) error {
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

// presented answers the session whose cookie the request carries, nil for none
// that is valid.
func (c *Call) presented(ctx context.Context) (*auth.Session, error) {
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
