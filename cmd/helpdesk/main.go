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

	"helpdesk/cmd/helpdesk/program"
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
	all := modules()
	root.AddCommand(migrateCommand(all), versionCommand())
	for _, m := range all {
		if m.Commands != nil {
			root.AddCommand(m.Commands(all)...)
		}
	}
	return root
}
