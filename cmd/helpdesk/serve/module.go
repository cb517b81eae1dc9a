package serve

import (
	"github.com/spf13/cobra"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/eventstore"
	"helpdesk/idempotency"
)

// Module returns the service itself, and what it remembers of requests.
func Module() program.Module {
	return program.Module{
		Name:     "serve",
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
		Forget: func(f program.Forgotten) eventstore.InTx {
			return idempotency.Forget(append(f.Streams, f.ID.UUID), f.Words)
		},
	}
}
