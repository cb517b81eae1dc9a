package signin

import (
	"context"
	"testing"
	"time"

	"helpdesk/auth"
	"helpdesk/domain/user"
	"helpdesk/web/webtest"
)

// site has the pages of the section, and what is behind them.
type site struct {
	*webtest.Site
	ended []string // sessions
}

func open(t testing.TB) *site {
	s := &site{Site: webtest.New(t)}
	section := &Section{App: s.App(), Accounts: s, Sessions: s, Links: s, Passwords: s, Access: s, Front: s.Front}
	s.Serve(section.Pages()...)
	return s
}

func (s *site) SignIn(ctx context.Context, name, password string) (string, auth.Session, error) {
	a, err := s.Find(ctx, name)
	if err != nil || password != "right" {
		return "", auth.Session{}, auth.ErrCredentials
	}
	return name, auth.Session{TokenHash: []byte(name), Account: a, ExpiresAt: webtest.Noon.Add(time.Hour)}, nil
}

func (s *site) Linked(_ context.Context, token string) (user.Account, []byte, error) {
	if token != "good" {
		return user.Account{}, nil, auth.ErrNoLink
	}
	return webtest.Account("user"), []byte(token), nil
}

func (s *site) End(_ context.Context, tokenHash []byte) error {
	s.ended = append(s.ended, string(tokenHash))
	return nil
}
