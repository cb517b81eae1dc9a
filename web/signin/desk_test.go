package signin

import (
	"context"
	"testing"
	"time"

	"helpdesk/auth"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

// desk stands in for what is behind the section.
type desk struct {
	*webtest.Backend
	ended []string // sessions
}

func newDesk() *desk { return &desk{Backend: &webtest.Backend{}} }

func newSite(t *testing.T, d *desk) *web.Site {
	t.Helper()
	s := &Section{App: d.App(), Accounts: d, Sessions: d, Passwords: d, Access: d, Front: webtest.Front(t)}
	return webtest.Site(t, d.Backend, s.Pages()...)
}

func (d *desk) SignIn(ctx context.Context, name, password string) (string, auth.Session, error) {
	a, err := d.Find(ctx, name)
	if err != nil || password != "right" {
		return "", auth.Session{}, auth.ErrCredentials
	}
	return name, auth.Session{TokenHash: []byte(name), Account: a, ExpiresAt: webtest.Noon.Add(time.Hour)}, nil
}

func (d *desk) End(_ context.Context, tokenHash []byte) error {
	d.ended = append(d.ended, string(tokenHash))
	return nil
}
