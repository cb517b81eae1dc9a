// Package reports has the reports on tickets: calls of the API and pages.
package reports

import (
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/httpapi"
	reportsapi "helpdesk/httpapi/reports"
	"helpdesk/projections"
	"helpdesk/web"
	reportspages "helpdesk/web/reports"
)

// Module returns reports.
func Module() program.Module {
	return program.Module{Name: "reports", Routes: routes, Pages: pages}
}

func routes(c *program.Clients) []httpapi.Route {
	return reportsapi.Resource{Numbers: projections.NewReader(c.Pool)}.Routes()
}

func pages(c *program.Clients) []web.Page {
	read := projections.NewReader(c.Pool)
	return (&reportspages.Section{Reports: read, Tickets: read, Log: projections.NewEvents(c.Pool, c.Store)}).Pages()
}
