package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"helpdesk/saga"
)

func commandsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "commands",
		Short: "Decide on commands of process managers that failed",
		Long: `A command that failed again and again is failed, with the error of its last try.
Mend the cause, then retry it; or discard it.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "failed",
			Short: "List the failed commands",
			Args:  cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return withOperator(cmd.Context(), "commands failed", func(ctx context.Context, o *operator) error {
					failed, err := saga.NewOutbox(o.pool).Failed(ctx)
					if err != nil {
						return err
					}
					for _, p := range failed {
						fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  failed %s after %d tries: %s\n    %s\n", p.ID, p.Command,
							p.FailedAt.UTC().Format("2006-01-02T15:04:05Z"), p.Attempts, p.Error, p.Payload)
					}
					if len(failed) == 0 {
						fmt.Fprintln(cmd.OutOrStdout(), "No command is failed.")
					}
					return nil
				})
			},
		},
		decideCommand("retry", "Try failed commands again", "It is tried again.", (*saga.Outbox).Retry),
		decideCommand("discard", "Give failed commands up for good", "It is gone.", (*saga.Outbox).Discard),
	)
	return cmd
}

func decideCommand(verb, short, done string, decide func(*saga.Outbox, context.Context, uuid.UUID) error) *cobra.Command {
	return &cobra.Command{
		Use:   verb + " ID...",
		Short: short,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := parseIDs(args)
			if err != nil {
				return err
			}
			return withOperator(cmd.Context(), "commands "+verb, func(ctx context.Context, o *operator) error {
				for _, id := range ids {
					if err := decide(saga.NewOutbox(o.pool), ctx, id); err != nil {
						return fmt.Errorf("%s: %w", id, err)
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", id, done)
				}
				return nil
			})
		},
	}
}

func parseIDs(args []string) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, len(args))
	for i, arg := range args {
		var err error
		if ids[i], err = uuid.Parse(arg); err != nil {
			return nil, fmt.Errorf("%q is not an id", arg)
		}
	}
	return ids, nil
}
