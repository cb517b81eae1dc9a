package serve

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/httpapi"
	"helpdesk/idempotency"
	"helpdesk/inbound"
	"helpdesk/quota"
)

// wireAPI makes the API, and the site of what that is made of.
func (s *Service) wireAPI(ctx context.Context, hasher *auth.Hasher) error {
	s.sessions = auth.NewSessions(s.Accounts, auth.SessionConfig{Logger: s.log})
	s.answers = idempotency.New(s.pool, idempotency.Config{Logger: s.log})
	tokens := auth.NewTokens(s.Accounts)
	tickets := commands.NewTickets(s.Store, s.Store, s.forgetTicket).Within(s.config.TicketLimits()).Beside(s.modules.Beside).
		Hourly(s.quota("tickets", s.config.TicketsPerHour), s.quota("comments", s.config.CommentsPerHour))
	clients := &program.Clients{
		Modules: s.modules, Config: s.config, Log: s.log, Pool: s.pool, Store: s.Store, Notifier: s.notifier,
		Freshness: s.Freshness, Rebuilds: s.models, Accounts: s.Accounts, Sessions: s.sessions, Tokens: tokens,
		Passwords: hasher, Access: commands.NewAccess(s.Store, tokens), Streams: s.streams,
		App: &commands.App{
			Tickets:   tickets,
			Together:  tickets,
			People:    commands.NewPeople(s.Store, s.Accounts),
			Mailboxes: commands.NewMailboxes(s.Store, inbound.NewMailboxes(s.pool)),
			Messages:  commands.NewMessages(s.Store),
			Earlier:   commands.NewEarlier(s.Store),
			Numbers:   program.NewReader(s.pool),
			Accounts:  s.Accounts,
		},
	}
	var err error
	if clients.App.Files, err = s.modules.Files(clients.Pool, clients.Store); err != nil {
		return err
	}
	key, err := auth.SharedKey(ctx, s.pool, "cursors")
	if err != nil {
		return err
	}
	if clients.Front, err = s.config.Front(s.health.Explain); err != nil {
		return err
	}
	s.api, err = httpapi.New(httpapi.Deps{
		App:       clients.App,
		Freshness: s.Freshness,
		Sessions:  s.sessions,
		Tokens:    clients.Tokens,
		Access:    clients.Access,
		Passwords: clients.Passwords,
		Usernames: s.Accounts,
		Answers:   s.answers,
		Log:       s.log,
		Checks:    s.checks(),
		Paused:    s.watchdog.Paused,
		Warnings:  s.warnings,
		Metrics:   s.ownMetrics(),
	}, httpapi.Config{
		Front:           clients.Front,
		AgentVisibility: domain.AgentVisibility(s.config.AgentVisibility),
		CursorKey:       key,
	}, s.modules.Routes(clients))
	if err != nil {
		return err
	}
	return s.wireSite(clients, key)
}

// quota returns how often a requester may add something within an hour; nil: as often as
// they like.
func (s *Service) quota(of string, most uint32) commands.Quota {
	if most == 0 || s.config.RateLimit == 0 {
		return nil
	}
	return quota.New(s.pool, of, int(most))
}

// forgetTicket removes, in the transaction that redacts a text of a ticket, what may
// hold it beside the log and the projections.
func (s *Service) forgetTicket(id ticket.ID) eventstore.InTx {
	streams := []uuid.UUID{id.UUID}
	return eventstore.InTurn(follow.ForgetErrors(streams), s.modules.Forget(program.Forgotten{Streams: streams}))
}
