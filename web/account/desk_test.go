package account

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

// desk stands in for what is behind the section.
type desk struct {
	*webtest.Backend
	tokens []auth.Token
}

func newDesk() *desk { return &desk{Backend: &webtest.Backend{}} }

func newSite(t *testing.T, d *desk) *web.Site {
	t.Helper()
	s := &Section{App: d.App(), Read: d, Accounts: d, Passwords: d, Tokens: d, Front: webtest.Front(t)}
	return webtest.Site(t, d.Backend, s.Pages()...)
}

func (d *desk) Create(_ context.Context, _ user.ID, t auth.Token) (string, auth.Token, error) {
	d.tokens = append(d.tokens, t)
	return "hd_secret", t, d.Refusal
}

func (d *desk) List(context.Context, user.ID) ([]auth.Token, error) { return d.tokens, nil }

func (d *desk) Revoke(_ context.Context, _ user.ID, id uuid.UUID) error {
	for i, t := range d.tokens {
		if t.ID == id {
			d.tokens = append(d.tokens[:i], d.tokens[i+1:]...)
			return nil
		}
	}
	return domain.ErrNotFound
}
