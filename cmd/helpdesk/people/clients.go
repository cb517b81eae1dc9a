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

// Directory returns the pages on which admins manage people. It is a module of its
// own for its place in the menu, and so is [Account].
func Directory() program.Module {
	return program.Module{Name: "directory", Pages: directory}
}

// Account returns the pages of everybody's own account.
func Account() program.Module {
	return program.Module{Name: "account", Pages: accountPages}
}

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
	return (&signin.Section{
		App: c.App, Accounts: c.Accounts, Sessions: c.Sessions, Passwords: c.Passwords, Access: c.Access, Front: c.Front,
	}).Pages()
}

func directory(c *program.Clients) []web.Page {
	return (&peoplepages.Section{
		App: c.App, Read: program.NewReader(c.Pool), History: history.NewReader(c.Store, c.Pool),
	}).Pages()
}

func accountPages(c *program.Clients) []web.Page {
	return (&account.Section{
		App: c.App, Read: program.NewReader(c.Pool), Accounts: c.Accounts, Passwords: c.Passwords, Tokens: c.Tokens, Front: c.Front,
	}).Pages()
}
