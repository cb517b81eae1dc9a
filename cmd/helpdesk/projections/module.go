package projections

import (
	"github.com/spf13/cobra"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/httpapi"
	projectionsapi "helpdesk/httpapi/projections"
)

// Module returns what operators do with projections.
func Module() program.Module {
	return program.Module{
		Name: "projections",
		Routes: func(c *program.Clients) []httpapi.Route {
			return projectionsapi.Resource{Standing: c.Rebuilds, Control: c.Rebuilds}.Routes()
		},
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
	}
}
