package mail

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"helpdesk/eventstore/follow"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

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
	s := &settings{}
	return program.Module{
		Name:        "mail",
		Settings:    s,
		Check:       s.check,
		Events:      email.Events(),
		Projections: []follow.Follower{emails.Follower()},
		Manager: func(context.Context, *pgxpool.Pool) (follow.Follower, error) {
			return saga.Emails(nil), nil
		},
		Mailer:   s.mailer,
		Work:     s.work,
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
		Export: []program.PersonFile{
			{Name: "emails.ndjson", About: "the emails to them and what became of each", Of: "emails", Write: export},
		},
		Forget: func(f program.Forgotten) eventstore.InTx { return saga.ForgetErrors(f.ID.UUID, f.Streams) },
	}
}

func (s *settings) work(_ context.Context, w *program.Worker) (program.Work, error) {
	s.warn(w.Config, w.Log)
	room := saga.NewRoom(w.Issuing, int(s.MailPerHour))
	mailroom := saga.NewSender(commands.NewEmails(w.Store), w.Store, w.Mailer.Enclosing(w.Files), w.Files, room, time.Duration(s.MailRetryMin))
	return program.Work{
		Follower: saga.Emails(w.Issued),
		Handlers: []saga.Handler{saga.Mailing(mailroom), saga.Suppressions(w.Store, commands.NewPeople(w.Store, w.Accounts))},
		Loops:    []func(context.Context) error{room.Run},
	}, nil
}

func export(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (n int, err error) {
	err = emails.NewReader(o.Pool).EmailsTo(ctx, account.ID, func(e emails.Email) error {
		n++
		return json.NewEncoder(w).Encode(e)
	})
	return n, err
}
