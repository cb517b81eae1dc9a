// Package reports has the reports on tickets: calls of the API and pages.
package reports

import (
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/eventstore/follow"
	"helpdesk/httpapi"
	reportsapi "helpdesk/httpapi/reports"
	"helpdesk/projections/feed"
	"helpdesk/projections/reports"
	"helpdesk/web"
	reportspages "helpdesk/web/reports"
)

// Module returns reports.
func Module() program.Module {
	return program.Module{Name: "reports", Projections: []follow.Follower{reports.Follower()}, Routes: routes, Pages: pages}
}

func routes(c *program.Clients) []httpapi.Route {
	return reportsapi.Resource{Numbers: reports.NewReader(c.Pool)}.Routes()
}

func pages(c *program.Clients) []web.Page {
	read := program.NewReader(c.Pool)
	return (&reportspages.Section{Reports: read, Tickets: read, Log: feed.NewEvents(c.Pool, c.Store)}).Pages()
}
