package account

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/web/webtest"
)

// site has the pages of the section, and tokens.
type site struct {
	*webtest.Site
	tokens []auth.Token
}

func open(t testing.TB) *site {
	s := &site{Site: webtest.New(t)}
	section := &Section{App: s.App(), Read: s, Accounts: s, Passwords: s, Tokens: s, Front: s.Front}
	s.Serve(section.Pages()...)
	return s
}

func (s *site) Create(_ context.Context, _ user.ID, t auth.Token) (string, auth.Token, error) {
	s.tokens = append(s.tokens, t)
	return "hd_secret", t, s.Refusal
}

func (s *site) List(context.Context, user.ID) ([]auth.Token, error) { return s.tokens, nil }

func (s *site) Revoke(_ context.Context, _ user.ID, id uuid.UUID) error {
	for i, t := range s.tokens {
		if t.ID == id {
			s.tokens = append(s.tokens[:i], s.tokens[i+1:]...)
			return nil
		}
	}
	return domain.ErrNotFound
}
