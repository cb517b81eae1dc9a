// Command helpdesk is the whole service: the REST API, the followers of the
// log, and the tools of its operators.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the zones of reports, where the machine has none

	"github.com/spf13/cobra"

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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for an orderly end; a second one ends at once.
	context.AfterFunc(ctx, stop)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "helpdesk:", program.Explain(err))
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "helpdesk",
		Short: "An event-sourced helpdesk",
		Long: `An event-sourced helpdesk: people open tickets, agents work on them, and every
change is an event in Postgres.

Without configuration it brings its own Postgres and keeps everything in ./var.
Every setting is an environment variable; docs/config.md lists them.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(serve.Command(), migrateCommand(), people.SuperuserCommand(), escalations.Command(), tickets.Command(),
		outbox.Command(), mail.Command(), people.Command(), analyst.Command(), projections.Command(), audit.Command(), demo.Command(), versionCommand())
	return root
}
