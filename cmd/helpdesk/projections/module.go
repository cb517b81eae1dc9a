package projections

import (
	"github.com/spf13/cobra"

	"helpdesk/cmd/helpdesk/program"
)

// Module returns what operators do with projections.
func Module() program.Module {
	return program.Module{
		Name:     "projections",
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
	}
}
