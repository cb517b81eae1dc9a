package people

import (
	"context"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain/user"
	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
)

// PasswordLink is a link by which somebody sets their password.
type PasswordLink struct {
	URL       string    `json:"url" required:"true" description:"Shown this once; for the person, and nobody else. Without HELPDESK_PUBLIC_URL it has neither scheme nor host."`
	ExpiresAt wire.Time `json:"expires_at" required:"true"`
}

// Example is the answer as the document shows it.
func (PasswordLink) Example() string {
	return `{"url": "https://desk.example.com/admin/password/q83vEjRWeJASNFZ4kBI0VniQEjRWeJASNFZ4kBI0Vng/", "expires_at": "2026-02-01T12:00:00.000000Z"}`
}

func (r Resource) makePasswordLink(ctx context.Context, c *httpapi.Call, in UserPath) (PasswordLink, error) {
	id, err := r.visibleUser(ctx, c, in)
	if err != nil {
		return PasswordLink{}, err
	}
	var token string // "" where an earlier call made the link, whose token is not known
	command := user.MakePasswordLink{By: user.By{Actor: c.Actor}, ID: id, At: c.Now()}
	_, err = c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) {
		fresh, hash := auth.NewLink()
		out, err := r.App.People.MakePasswordLink(ctx, q, command, hash)
		if err == nil {
			token = fresh
		}
		return out, err
	})
	if err == nil && token == "" {
		err = commands.ErrRepeated
	}
	return PasswordLink{URL: httpapi.PasswordLink(c, token), ExpiresAt: wire.At(command.At.Add(user.PasswordLinkLifetime))}, err
}
