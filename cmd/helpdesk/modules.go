package main

import (
	"helpdesk/cmd/helpdesk/analyst"
	"helpdesk/cmd/helpdesk/audit"
	"helpdesk/cmd/helpdesk/demo"
	"helpdesk/cmd/helpdesk/escalations"
	"helpdesk/cmd/helpdesk/mail"
	"helpdesk/cmd/helpdesk/outbox"
	"helpdesk/cmd/helpdesk/people"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/cmd/helpdesk/projections"
	"helpdesk/cmd/helpdesk/serve"
	"helpdesk/cmd/helpdesk/tickets"
	"helpdesk/cmd/helpdesk/views"
)

// modules returns all that the program can do. A feature is a line here.
func modules() program.Modules {
	return program.Modules{
		people.Module(),
		tickets.Module(),
		mail.Module(),
		escalations.Module(),
		views.Module(),
		audit.Module(),
		projections.Module(),
		outbox.Module(),
		analyst.Module(),
		demo.Module(),
		serve.Module(),
	}
}
