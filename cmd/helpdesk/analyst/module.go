package analyst

import (
	"github.com/spf13/cobra"

	"helpdesk/cmd/helpdesk/program"
)

// Module returns the database logins of analysts.
func Module() program.Module {
	return program.Module{
		Name:     "analyst",
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
	}
}
