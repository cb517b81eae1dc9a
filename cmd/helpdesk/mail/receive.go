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
	statusNoMessage = 65 // this message is not for the command: return it
	statusTryAgain  = 75 // keep the message and try again
)

func receiveCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "receive",
		Short: "Take note of a message that came back from a mail server",
		Long: `Reads a message from standard input, as a mail server pipes it into a command: the
report of a mail server on an email that it could not deliver, or not yet. The email is
from then on bounced or delayed. Exits with 0 once that is recorded, with 75 when it could
not be recorded and the message should be kept, with 65 for a message that is no such
report.`,
		Example: "  helpdesk mail receive < message",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
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
