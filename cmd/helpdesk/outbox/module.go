package outbox

import (
	"github.com/spf13/cobra"

	"helpdesk/cmd/helpdesk/program"
)

// Module returns the commands of process managers that failed.
func Module() program.Module {
	return program.Module{
		Name:     "outbox",
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
	}
}
