// Package signin is where people come in: signing in and out, and registering.
package signin

import (
	"context"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/web"
)

// Sessions begins and ends sessions; see [auth.Sessions].
type Sessions interface {
	SignIn(ctx context.Context, username, password string) (token string, session auth.Session, err error)
	End(ctx context.Context, tokenHash []byte) error
}

// Links finds whose password a link sets; see [auth.Accounts].
type Links interface {
	Linked(ctx context.Context, token string) (account user.Account, tokenHash []byte, err error)
}

// Section is the pages of this package. All fields are needed.
type Section struct {
	App       *commands.App
	Accounts  commands.Finder
	Sessions  Sessions
	Links     Links
	Passwords web.Hasher
	Access    commands.Records
	Front     *edge.Front
}

// Pages returns the pages and forms of the section.
func (s *Section) Pages() []web.Page {
	return []web.Page{
		web.Get("", web.Anyone, s.home),
		web.Get("sign-in", web.Anyone, s.showSignIn),
		web.Post("sign-in", web.Anyone, s.signIn),
		web.Post("sign-out", web.Anyone, s.signOut),
		web.Get("register", web.Anyone, s.showRegistration),
		web.Post("register", web.Anyone, s.register),
		web.Get("password/:token", web.Anyone, s.showPassword),
		web.Post("password/:token", web.Anyone, s.setPassword),
	}
}

// home leads to what somebody works with.
func (s *Section) home(v *web.Visit) (web.Reply, error) {
	if v.Session == nil {
		return web.Redirect(web.SignInPath), nil
	}
	return web.Redirect(web.QueuePath), nil
}
