// Package inbound has email that comes in.
package inbound

import (
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/domain/mailbox"
	"helpdesk/eventstore/follow"
	"helpdesk/httpapi"
	mailboxesapi "helpdesk/httpapi/mailboxes"
	"helpdesk/projections/history"
	"helpdesk/projections/mailboxes"
)

// Module returns email that comes in: mailboxes.
func Module() program.Module {
	return program.Module{
		Name:        "inbound",
		Events:      mailbox.Events(),
		Projections: []follow.Follower{mailboxes.Follower()},
		Routes:      routes,
	}
}

func routes(c *program.Clients) []httpapi.Route {
	return mailboxesapi.Resource{App: c.App, Read: program.NewReader(c.Pool), History: history.NewReader(c.Store, c.Pool)}.Routes()
}
