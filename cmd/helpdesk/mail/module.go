package mail

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"helpdesk/eventstore/follow"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/commands"
	"helpdesk/domain/email"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/projections/emails"
	"helpdesk/saga"
)

// Module returns email notifications.
func Module() program.Module {
	return program.Module{
		Name:        "mail",
		Events:      email.Events(),
		Projections: []follow.Follower{emails.Follower()},
		Manager: func(context.Context, *pgxpool.Pool, config.Config) (follow.Follower, error) {
			return saga.Emails(nil), nil
		},
		Work:     work,
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
		Export: []program.PersonFile{
			{Name: "emails.ndjson", About: "the emails to them and what became of each", Of: "emails", Write: export},
		},
		Forget: func(f program.Forgotten) eventstore.InTx { return saga.ForgetErrors(f.ID.UUID, f.Streams) },
	}
}

func work(_ context.Context, w *program.Worker) (program.Work, error) {
	mailroom := saga.NewSender(commands.NewEmails(w.Store), w.Store, w.Accounts, w.Post, time.Duration(w.Config.MailRetryMin))
	return program.Work{
		Follower: saga.Emails(w.Issued.Notify),
		Handlers: []saga.Handler{saga.Mailing(mailroom)},
	}, nil
}

func export(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (n int, err error) {
	err = emails.NewReader(o.Pool).EmailsTo(ctx, account.ID, func(e emails.Email) error {
		n++
		return json.NewEncoder(w).Encode(e)
	})
	return n, err
}
