// Package inbound has email that comes in.
package inbound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"syscall"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/httpapi"
	mailboxesapi "helpdesk/httpapi/mailboxes"
	messagesapi "helpdesk/httpapi/messages"
	"helpdesk/inbound"
	"helpdesk/inbound/imap"
	"helpdesk/inbound/lmtp"
	"helpdesk/projections/history"
	"helpdesk/projections/mailboxes"
	"helpdesk/projections/messages"
	"helpdesk/saga"
	"helpdesk/web"
	pages "helpdesk/web/inbound"
)

// Module returns email that comes in: mailboxes and what is sent to them.
func Module() program.Module {
	s := &settings{}
	return program.Module{
		Name:        "inbound",
		Settings:    s,
		Events:      slices.Concat(mailbox.Events(), message.Events()),
		Projections: []follow.Follower{mailboxes.Follower(), messages.Follower()},
		Manager: func(context.Context, *pgxpool.Pool) (follow.Follower, error) {
			return saga.Inbound(nil), nil
		},
		Work:   s.work,
		Routes: s.routes,
		Pages: func(c *program.Clients) []web.Page {
			passwords := passwordsOf(c)
			return (&pages.Section{App: c.App, Read: program.NewReader(c.Pool), Passwords: passwords, Check: checking(passwords)}).Pages()
		},
		Receive: s.receive,
		Export: []program.PersonFile{
			{Name: "messages.ndjson", About: "the emails that they sent to the desk, and what became of each", Of: "messages", Write: export},
		},
		Stranger: func(ctx context.Context, o *program.Operator, address string) (user.ID, error) {
			return inbound.Stranger(ctx, o.Pool, o.Accounts, address)
		},
		Aliases: func(ctx context.Context, o *program.Operator, f program.Forgotten) ([]user.ID, error) {
			return inbound.Aliases(ctx, o.Pool, f.ID, f.Words)
		},
		Forget: func(f program.Forgotten) eventstore.InTx { return inbound.Forget(f.ID) },
	}
}

func (s *settings) work(_ context.Context, w *program.Worker) (program.Work, error) {
	files, err := w.Modules.Files(w.Issuing, w.Store)
	if err != nil {
		return program.Work{}, err
	}
	tickets := commands.NewTickets(w.Store, w.Store).Within(w.Config.TicketLimits()).Beside(w.Modules.Beside)
	ledger := inbound.NewLedger(w.Issuing, w.Store, files, w.Accounts, s.MailMax)
	judge := inbound.NewJudge(ledger, w.Store, tickets, commands.NewPeople(w.Store, w.Accounts), program.NewReader(w.Issuing), w.Accounts.NoPassword(), inbound.Rules{
		Authserv: string(s.MailAuthservID), Limit: int(s.MailLoopLimit), Own: w.Mailer.From(), Visibility: domain.AgentVisibility(w.Config.AgentVisibility),
	})
	work := program.Work{
		Follower: saga.Inbound(w.Issued), Handlers: []saga.Handler{saga.Judging(judge)},
		Loops: []func(context.Context) error{func(ctx context.Context) error { return fetch(ctx, w, ledger) }},
	}
	if s.LmtpAddr != "" {
		door := lmtp.New(ledger, inbound.NewMailboxes(w.Issuing), s.MailMax, w.Log)
		work.Loops = append(work.Loops, func(ctx context.Context) error { return s.serveLMTP(ctx, door, w.Log) })
	}
	return work, nil
}

// fetch brings the messages of mailboxes in from their servers until ctx ends.
func fetch(ctx context.Context, w *program.Worker, ledger *inbound.Ledger) error {
	changed, _, stop := w.Notifier.ListenFor(eventstore.TypesOf(mailbox.Events()))
	defer stop()
	return imap.NewDoor(w.Issuing, ledger, inbound.NewPasswords(w.Issuing, w.Store.Codec().Keys()), changed, w.Log).Run(ctx)
}

// serveLMTP takes the address that is configured, and serves there until ctx ends.
func (s *settings) serveLMTP(ctx context.Context, door *lmtp.Server, log *slog.Logger) error {
	at, err := (&net.ListenConfig{}).Listen(ctx, "tcp", string(s.LmtpAddr))
	if errors.Is(err, syscall.EADDRINUSE) {
		err = errors.New("another program listens there: stop it, or set another address")
	}
	if err != nil {
		return fmt.Errorf("HELPDESK_LMTP_ADDR: %q cannot be used: %w", s.LmtpAddr, err)
	}
	log.Info("messages are taken by LMTP", "address", at.Addr().String())
	return door.Serve(ctx, at)
}

func (s *settings) routes(c *program.Clients) []httpapi.Route {
	files, err := c.Modules.Files(c.Pool, c.Store)
	if err != nil {
		panic(err) // they were found a moment ago, for commands
	}
	read, passwords := program.NewReader(c.Pool), passwordsOf(c)
	return slices.Concat(
		mailboxesapi.Resource{
			App: c.App, Read: read, History: history.NewReader(c.Store, c.Pool),
			Ledger: inbound.NewLedger(c.Pool, c.Store, files, c.Accounts, s.MailMax), Receiving: edge.NewAtOnce(mailboxesapi.ReceivingMost),
			Passwords: passwords, Check: checking(passwords),
		}.Routes(),
		messagesapi.Resource{App: c.App, Read: read, Files: files}.Routes(),
	)
}

func passwordsOf(c *program.Clients) *inbound.Passwords {
	return inbound.NewPasswords(c.Pool, c.Store.Codec().Keys())
}

// checking returns what looks at the folder of a mailbox that is fetched.
func checking(passwords *inbound.Passwords) func(context.Context, mailbox.ID) (uint32, error) {
	return func(ctx context.Context, id mailbox.ID) (uint32, error) {
		all, err := passwords.Fetched(ctx)
		if err != nil {
			return 0, err
		}
		for _, box := range all {
			if box.ID == id {
				return imap.Check(ctx, box)
			}
		}
		return 0, domain.ErrNotFound
	}
}

// receive takes in a message for the mailbox of a name.
func (s *settings) receive(ctx context.Context, o *program.Operator, name string, r io.Reader) (id uuid.UUID, err error) {
	files, err := o.Modules.Files(o.Pool, o.Store)
	if err != nil {
		return id, err
	}
	to, err := inbound.NewMailboxes(o.Pool).Named(ctx, name)
	if errors.Is(err, domain.ErrNotFound) {
		return id, domain.ErrNotFound.With("no mailbox has the name %q", name)
	}
	if err != nil {
		return id, err
	}
	out, err := inbound.NewLedger(o.Pool, o.Store, files, o.Accounts, s.MailMax).Receive(ctx, commands.Request{CorrelationID: "mail receive"}, to, r)
	if err != nil {
		return id, fmt.Errorf("receive a message: %w", err)
	}
	return out.StreamID, nil
}

// export writes what a person sent.
func export(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (int, error) {
	return messages.NewReader(o.Pool).MessagesOf(ctx, account.ID, json.NewEncoder(w))
}
