// Package account is somebody's own account: profile, email notifications,
// password, API tokens, and leaving.
package account

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// Reader finds profiles; see [projections.Reader].
type Reader interface {
	User(ctx context.Context, id user.ID) (view.User, error)
}

// Accounts checks passwords; see [auth.Accounts].
type Accounts interface {
	CheckPassword(ctx context.Context, id user.ID, password string) error
}

// Tokens keeps API tokens; see [auth.Tokens].
type Tokens interface {
	Create(ctx context.Context, owner user.ID, t auth.Token) (secret string, made auth.Token, err error)
	List(ctx context.Context, owner user.ID) ([]auth.Token, error)
	Revoke(ctx context.Context, owner user.ID, id uuid.UUID) error
}

// Section is the pages of this package. All fields are needed.
type Section struct {
	App       *commands.App
	Read      Reader
	Accounts  Accounts
	Passwords web.Hasher
	Tokens    Tokens
	Front     *edge.Front
}

// Pages returns the pages and forms of the section.
func (s *Section) Pages() []web.Page {
	return []web.Page{
		web.Get("account", web.SignedIn, s.showAccount),
		web.Post("account/profile", web.SignedIn, s.changeProfile),
		web.Post("account/emails", web.SignedIn, s.changeEmails),
		web.Post("account/password", web.SignedIn, s.changePassword),
		web.Post("account/deactivate", web.SignedIn, s.deactivate),
		web.Get("tokens", web.SignedIn, s.showTokens).InMenu(60, "API tokens"),
		web.Post("tokens", web.SignedIn, s.createToken),
		web.Post("tokens/:id/revoke", web.SignedIn, s.revokeToken),
	}
}
