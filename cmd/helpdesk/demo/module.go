package demo

import (
	"github.com/spf13/cobra"

	"helpdesk/cmd/helpdesk/program"
)

// Module returns the made-up year.
func Module() program.Module {
	return program.Module{
		Name:     "demo",
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
	}
}
