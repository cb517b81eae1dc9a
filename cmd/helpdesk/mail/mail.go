// Package mail has the subcommands that list emails, send them again and receive what
// comes back.
package mail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"helpdesk/cmd/helpdesk/program"

	"github.com/spf13/cobra"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/projections/emails"
)

func command(m program.Modules) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mail",
		Short: "List email notifications, send them again, receive what comes back",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(listMailCommand(m), resendCommand(m), receiveCommand(m))
	return cmd
}

func listMailCommand(m program.Modules) *cobra.Command {
	var only []string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List email notifications and their status, newest first",
		Example: "  helpdesk mail list --status uncertain,failed",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var statuses []email.Status
			for _, s := range only {
				if !slices.Contains(email.Statuses(), email.Status(s)) {
					return fmt.Errorf("--status: %q is not one of %v", s, email.Statuses())
				}
				statuses = append(statuses, email.Status(s))
			}
			if limit < 1 {
				return errors.New("--limit: must be at least 1")
			}
			return m.Run(cmd.Context(), "mail list", func(ctx context.Context, o *program.Operator) error {
				newest, err := emails.NewReader(o.Pool).NewestEmails(ctx, statuses, limit)
				if err != nil {
					return err
				}
				for _, e := range newest {
					problem := ""
					if e.Error != nil {
						problem = "  " + *e.Error
					}
					if e.DigestID != nil {
						problem = "  in " + e.DigestID.String()
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %-9s  #%d %s to %s%s\n", e.ID,
						e.QueuedAt.UTC().Format("2006-01-02T15:04:05Z"), e.Status, e.TicketNumber, e.Kind, e.Address, problem)
				}
				if len(newest) == 0 {
					fmt.Fprintln(cmd.OutOrStdout(), "No matching emails.")
				}
				return nil
			})
		},
	}
	cmd.Flags().StringSliceVar(&only, "status", nil, "only these statuses: queued, blocked, sending, sent, delayed, bounced, failed, uncertain, cancelled, digested")
	cmd.Flags().IntVar(&limit, "limit", 100, "the most to list")
	return cmd
}

func resendCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "resend ID...",
		Short: "Send failed, bounced, uncertain or cancelled emails again",
		Long: `Queues emails that failed, bounced or were cancelled or are uncertain (it is unknown
whether they arrived) to be sent again by the running service, or by the next one that starts, to the
recipient's address and with the text as they are then. What does not hold any more, as
of a comment that was removed, is cancelled. "helpdesk mail list" and read.emails show
the ids. An uncertain email may arrive twice.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := program.ParseIDs(args)
			if err != nil {
				return err
			}
			return m.Run(cmd.Context(), "mail resend", func(ctx context.Context, o *program.Operator) error {
				emails := commands.NewEmails(o.Store)
				for _, id := range ids {
					out, err := emails.Do(ctx, commands.Request{CorrelationID: "mail resend"}, email.ID{UUID: id},
						email.Resend{By: email.By{Actor: domain.System()}, Now: time.Now().UTC().Truncate(time.Microsecond)})
					if errors.Is(err, domain.ErrNotFound) {
						return fmt.Errorf("no email has the id %s", id)
					}
					if err != nil {
						return fmt.Errorf("email %s: %w", id, err)
					}
					said := "queued to be sent again"
					if !out.Changed {
						said = "already queued"
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", id, said)
				}
				return nil
			})
		},
	}
}
