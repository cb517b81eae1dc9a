// Package operations has what operators look at on the site: escalations, emails,
// failed commands and events, projections.
package operations

import (
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/commands"
	"helpdesk/saga"
	"helpdesk/web"
	"helpdesk/web/operations"
)

// Module returns the pages of operators.
func Module() program.Module {
	return program.Module{Name: "operations", Pages: pages}
}

func pages(c *program.Clients) []web.Page {
	read := program.NewReader(c.Pool)
	return (&operations.Section{
		Tickets: read, Ledger: read, Emails: commands.NewEmails(c.Store), Escalations: escalations{saga.NewSchedule(c.Pool)},
		FailedCommands: failedCommands{saga.NewOutbox(c.Pool)}, FailedEvents: failedEvents{c}, Projections: c.Rebuilds,
	}).Pages()
}
