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
		os.Exit(program.Status(err))
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
	showUsage(root)
	return root
}

// showUsage has what is wrong with a command line followed by how it is used.
func showUsage(cmd *cobra.Command) {
	wrong := func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w: usage: %s, see --help", err, cmd.UseLine())
	}
	cmd.SetFlagErrorFunc(wrong)
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return wrong(cmd, err)
			}
			return nil
		}
	}
	if cmd.HasParent() && !cmd.Runnable() { // else cobra looks at no arguments of a group
		cmd.DisableFlagsInUseLine = true
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	for _, sub := range cmd.Commands() {
		showUsage(sub)
	}
}
