package projections

import (
	"context"
	"fmt"

	"helpdesk/cmd/helpdesk/program"

	"github.com/spf13/cobra"
)

func failedEventsCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:     "failed [NAME]",
		Aliases: []string{"parked"},
		Short:   "List events that could not be applied",
		Long: `Lists the events that a projection or a process manager could not apply, each with
its error, and the later events of the same streams, which wait behind them. Fix the
cause, then replay them.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "projections failed", func(ctx context.Context, o *program.Operator) error {
				followers, err := m.Failing(ctx, o.Pool, o.Store.Codec(), o.Log)
				if err != nil {
					return err
				}
				name := ""
				if len(args) == 1 {
					name = args[0]
				}
				failed, err := followers.Failed(ctx, name)
				if err != nil {
					return err
				}
				for _, p := range failed {
					fmt.Fprintf(cmd.OutOrStdout(), "%-16s position %d  stream %s  %s\n", p.Follower, p.Position, p.StreamID, p.Error)
				}
				if len(failed) == 0 {
					fmt.Fprintln(cmd.OutOrStdout(), "No failed events.")
				}
				return nil
			})
		},
	}
}

func replayCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "replay NAME...",
		Short: "Apply failed events after their cause is fixed",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "projections replay", func(ctx context.Context, o *program.Operator) error {
				followers, err := m.Failing(ctx, o.Pool, o.Store.Codec(), o.Log)
				if err != nil {
					return err
				}
				for _, name := range args {
					applied, err := followers.Replay(ctx, name)
					if err != nil {
						return err
					}
					left, err := followers.Failed(ctx, name)
					if err != nil {
						return err
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %s applied, %d still failed.\n", name, program.Counted(int(applied), "events"), len(left))
				}
				return nil
			})
		},
	}
}
