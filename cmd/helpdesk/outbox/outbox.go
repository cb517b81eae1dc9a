// Package outbox has the subcommands that retry or discard failed commands of
// process managers.
package outbox

import (
	"context"
	"fmt"

	"helpdesk/cmd/helpdesk/program"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"helpdesk/saga"
)

func command(m program.Modules) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "commands",
		Short: "Retry or discard failed commands of process managers",
		Long: `A command that could not be carried out after several tries is marked as failed, with
the error of the last try. Fix the cause and retry it, or discard it.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:     "failed",
			Aliases: []string{"parked"},
			Short:   "List failed commands",
			Args:    cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return m.Run(cmd.Context(), "commands failed", func(ctx context.Context, o *program.Operator) error {
					failed, err := saga.NewOutbox(o.Pool).Failed(ctx)
					if err != nil {
						return err
					}
					for _, p := range failed {
						fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  failed %s after %d tries: %s\n    %s\n", p.ID, p.Command,
							p.FailedAt.UTC().Format("2006-01-02T15:04:05Z"), p.Attempts, p.Error, p.Payload)
					}
					if len(failed) == 0 {
						fmt.Fprintln(cmd.OutOrStdout(), "No failed commands.")
					}
					return nil
				})
			},
		},
		decideCommand(m, "retry", "Try failed commands again", "Queued to be tried again.", (*saga.Outbox).Retry),
		decideCommand(m, "discard", "Discard failed commands for good", "Discarded.", (*saga.Outbox).Discard),
	)
	return cmd
}

func decideCommand(m program.Modules, verb, short, done string, decide func(*saga.Outbox, context.Context, uuid.UUID) error) *cobra.Command {
	return &cobra.Command{
		Use:   verb + " ID...",
		Short: short,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := program.ParseIDs(args)
			if err != nil {
				return err
			}
			return m.Run(cmd.Context(), "commands "+verb, func(ctx context.Context, o *program.Operator) error {
				for _, id := range ids {
					if err := decide(saga.NewOutbox(o.Pool), ctx, id); err != nil {
						return fmt.Errorf("%s: %w", id, err)
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", id, done)
				}
				return nil
			})
		},
	}
}
