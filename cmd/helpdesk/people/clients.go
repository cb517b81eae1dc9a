package people

import (
	"slices"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/httpapi"
	peopleapi "helpdesk/httpapi/people"
	"helpdesk/httpapi/sessions"
	"helpdesk/httpapi/tokens"
	"helpdesk/projections/history"
	"helpdesk/web"
	"helpdesk/web/account"
	peoplepages "helpdesk/web/people"
	"helpdesk/web/signin"
)

func routes(c *program.Clients) []httpapi.Route {
	persons := peopleapi.Resource{
		App: c.App, Read: program.NewReader(c.Pool), History: history.NewReader(c.Store, c.Pool), Passwords: c.Passwords, Check: c.Accounts,
	}
	return slices.Concat(
		persons.Routes(),
		sessions.Resource{Keeper: c.Sessions, Access: c.Access, People: c.Accounts, Profile: persons.Profile, SignedOut: c.Streams.Wake}.Routes(),
		tokens.Resource{Keeper: c.Tokens, SignedOut: c.Streams.Wake}.Routes(),
	)
}

func pages(c *program.Clients) []web.Page {
	return slices.Concat(
		(&signin.Section{
			App: c.App, Accounts: c.Accounts, Sessions: c.Sessions, Links: c.Accounts, Passwords: c.Passwords, Access: c.Access, Front: c.Front,
		}).Pages(),
		(&account.Section{
			App: c.App, Read: program.NewReader(c.Pool), Accounts: c.Accounts, Passwords: c.Passwords, Tokens: c.Tokens, Front: c.Front,
		}).Pages(),
		(&peoplepages.Section{
			App: c.App, Read: program.NewReader(c.Pool), History: history.NewReader(c.Store, c.Pool), Front: c.Front,
		}).Pages(),
	)
}
