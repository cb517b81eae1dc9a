package main

import (
	"helpdesk/cmd/helpdesk/analyst"
	"helpdesk/cmd/helpdesk/attachments"
	"helpdesk/cmd/helpdesk/audit"
	"helpdesk/cmd/helpdesk/demo"
	"helpdesk/cmd/helpdesk/escalations"
	"helpdesk/cmd/helpdesk/inbound"
	"helpdesk/cmd/helpdesk/mail"
	"helpdesk/cmd/helpdesk/operations"
	"helpdesk/cmd/helpdesk/outbox"
	"helpdesk/cmd/helpdesk/people"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/cmd/helpdesk/projections"
	"helpdesk/cmd/helpdesk/reports"
	"helpdesk/cmd/helpdesk/serve"
	"helpdesk/cmd/helpdesk/tickets"
	"helpdesk/cmd/helpdesk/views"
)

// modules returns all that the program can do. A feature is a line here; the groups
// of the API have the order of the list.
func modules() program.Modules {
	return program.Modules{
		people.Module(),
		tickets.Module(),
		attachments.Module(),
		reports.Module(),
		projections.Module(),
		operations.Module(),
		audit.Module(),
		mail.Module(),
		inbound.Module(),
		escalations.Module(),
		views.Module(),
		outbox.Module(),
		analyst.Module(),
		demo.Module(),
		serve.Module(),
	}
}
