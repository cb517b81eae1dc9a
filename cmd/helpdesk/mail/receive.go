package mail

import (
	"context"
	"errors"
	"fmt"
	"io"

	"helpdesk/cmd/helpdesk/program"

	"github.com/spf13/cobra"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/mail"
)

// The statuses that a mail server asks for of a command it pipes messages into
// (sysexits.h).
const (
	statusNoMessage = 65 // there is no message, or it is not for the command: return it
	statusTryAgain  = 75 // keep the message and try again
)

func receiveCommand(m program.Modules) *cobra.Command {
	var mailbox string
	cmd := &cobra.Command{
		Use:   "receive",
		Short: "Take in a message that a mail server received",
		Long: `Reads a message from standard input, as a mail server pipes it into a command.

With --mailbox it is taken in for the mailbox of that name: it is durable once the command
ends, and the running service, or the next one that starts, judges what becomes of it.
GET /api/inbound-messages/ shows that. The same message once more changes nothing.

Without, it is the report of a mail server on an email that it could not deliver, or not
yet. The email is from then on bounced or delayed.

Exits with 0 once the message is durable, with 75 when it is not and should be kept and
brought again, with 65 where there is no message, no such mailbox or no such report.`,
		Example: "  helpdesk mail receive --mailbox Support < message\n  helpdesk mail receive < report",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if mailbox != "" {
				return takeIn(cmd, m, mailbox)
			}
			report, err := mail.ReadReport(cmd.InOrStdin())
			if errors.Is(err, mail.ErrUnreadable) || errors.Is(err, mail.ErrNoReport) || errors.Is(err, mail.ErrNotOurs) {
				return program.Exit(statusNoMessage, err)
			}
			if err != nil {
				return program.Exit(statusTryAgain, err)
			}
			err = m.Run(cmd.Context(), "mail receive", func(ctx context.Context, o *program.Operator) error {
				return receive(ctx, cmd.OutOrStdout(), commands.NewEmails(o.Store), report)
			})
			if errors.Is(err, domain.ErrNotFound) {
				return program.Exit(statusNoMessage, fmt.Errorf("no email has the id %s", report.Email))
			}
			if err != nil {
				return program.Exit(statusTryAgain, err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&mailbox, "mailbox", "", "name of the mailbox that the message is for")
	return cmd
}

// takeIn takes in a message for a mailbox. What is left of it, where it is too large, is
// read all the same: who brings it may not mind a pipe that breaks.
func takeIn(cmd *cobra.Command, m program.Modules, mailbox string) error {
	in := cmd.InOrStdin()
	err := m.Run(cmd.Context(), "mail receive", func(ctx context.Context, o *program.Operator) error {
		id, err := m.Receive(ctx, o, mailbox, in)
		if err == nil {
			fmt.Fprintln(cmd.OutOrStdout(), id)
		}
		return err
	})
	if err == nil {
		_, err = io.Copy(io.Discard, in)
	}
	refusal, refused := errors.AsType[*domain.Error](err)
	switch {
	case err == nil:
		return nil
	case refused && refusal.Kind != domain.KindUnavailable:
		return program.Exit(statusNoMessage, err)
	}
	return program.Exit(statusTryAgain, err)
}

// receive records a report, once however often it comes.
func receive(ctx context.Context, out io.Writer, emails *commands.Emails, r mail.Report) error {
	done, err := emails.Do(ctx, commands.Request{CorrelationID: "mail receive"}, r.Email, email.Report{
		By: email.By{Actor: domain.System()}, Delivery: r.Delivery, Status: r.Status, Diagnostic: r.Diagnostic,
	})
	if err != nil {
		return err
	}
	if done.Changed {
		fmt.Fprintf(out, "%s: %s: %s\n", r.Email, r.Delivery, email.Reported(r.Status, r.Diagnostic))
	} else {
		fmt.Fprintf(out, "%s: %s, which changes nothing\n", r.Email, r.Delivery)
	}
	return nil
}
