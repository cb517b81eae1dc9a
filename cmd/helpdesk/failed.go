package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/saga"
)

func failedEventsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "failed [NAME]",
		Short: "List the events that could not be applied",
		Long: `Lists the events that a projection, or a process manager, could not apply, with the
error, and those behind them in the same streams. Mend the cause, then replay them.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withOperator(cmd.Context(), "projections failed", func(ctx context.Context, o *operator) error {
				followers, err := o.followers(ctx)
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
					fmt.Fprintln(cmd.OutOrStdout(), "No event is failed.")
				}
				return nil
			})
		},
	}
}

func replayCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "replay NAME...",
		Short: "Apply failed events once their cause is mended",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withOperator(cmd.Context(), "projections replay", func(ctx context.Context, o *operator) error {
				followers, err := o.followers(ctx)
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
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %d events applied, %d still failed.\n", name, applied, len(left))
				}
				return nil
			})
		},
	}
}

// followers returns all that set aside events, not running: projections and process
// managers.
func (o *operator) followers(ctx context.Context) (*eventstore.Followers, error) {
	return failing(ctx, o.pool, o.store.Codec(), o.config, o.log)
}

// failing returns all followers that set aside events. They do not run: what they
// have failed is applied under the lock that the running ones take turns by.
func failing(ctx context.Context, pool *pgxpool.Pool, codec *eventstore.Codec, c Config, log *slog.Logger) (*eventstore.Followers, error) {
	policy, known, err := saga.PolicyInForce(ctx, pool)
	if err != nil {
		return nil, err
	}
	if !known {
		policy = c.escalation()
	}
	all := append(projections.Followers(), saga.Escalation(policy, nil), saga.Emails(nil))
	return eventstore.Follow(pool, codec, eventstore.NewNotifier(), eventstore.NewNotifier(), eventstore.FollowConfig{Logger: log}, all...), nil
}
