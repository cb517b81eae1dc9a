package serve

import (
	"context"
	"slices"

	"helpdesk/audit"
	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/httpapi"
	auditapi "helpdesk/httpapi/audit"
	"helpdesk/httpapi/comments"
	"helpdesk/httpapi/events"
	"helpdesk/httpapi/people"
	projectionsapi "helpdesk/httpapi/projections"
	"helpdesk/httpapi/reports"
	"helpdesk/httpapi/sessions"
	"helpdesk/httpapi/tickets"
	"helpdesk/httpapi/tokens"
	"helpdesk/idempotency"
	"helpdesk/projections"
)

// wireAPI makes the API, and the site of what that is made of.
func (s *Service) wireAPI(ctx context.Context, hasher *auth.Hasher) error {
	s.hasher = hasher
	s.sessions = auth.NewSessions(s.Accounts, auth.SessionConfig{Logger: s.log})
	s.tokens = auth.NewTokens(s.Accounts)
	s.answers = idempotency.New(s.pool, idempotency.Config{Logger: s.log})
	s.access = commands.NewAccess(s.Store, s.tokens)
	s.app = &commands.App{
		Tickets:   commands.NewTickets(s.Store, s.Store),
		People:    commands.NewPeople(s.Store, s.Accounts),
		Earlier:   commands.NewEarlier(s.Store),
		Numbers:   projections.NewReader(s.pool),
		Accounts:  s.Accounts,
		Freshness: s.Freshness,
		Log:       s.log,
	}
	key, err := auth.SharedKey(ctx, s.pool, "cursors")
	if err != nil {
		return err
	}
	if s.front, err = s.config.Front(); err != nil {
		return err
	}
	s.api, err = httpapi.New(httpapi.Deps{
		App:       s.app,
		Sessions:  s.sessions,
		Tokens:    s.tokens,
		Access:    s.access,
		Passwords: s.hasher,
		Usernames: s.Accounts,
		Answers:   s.answers,
		Log:       s.log,
		Checks:    s.checks(),
		Paused:    s.watchdog.Paused,
		Metrics:   s.ownMetrics(),
	}, httpapi.Config{
		Front:           s.front,
		AgentVisibility: domain.AgentVisibility(s.config.AgentVisibility),
		CursorKey:       key,
	}, s.routes())
	if err != nil {
		return err
	}
	return s.wireSite(key)
}

// routes is every call of the API.
func (s *Service) routes() []httpapi.Route {
	read, past := projections.NewReader(s.pool), projections.NewPast(s.Store, s.pool, s.Freshness)
	history, tree := projections.NewHistories(s.Store, s.pool), audit.NewReader(s.pool, s.Store)
	persons := people.Resource{App: s.app, Read: read, History: history, Passwords: s.hasher, Check: s.Accounts}
	return slices.Concat(
		persons.Routes(),
		sessions.Resource{Keeper: s.sessions, Access: s.access, People: s.Accounts, Profile: persons.Profile, SignedOut: s.streams.Wake}.Routes(),
		tokens.Resource{Keeper: s.tokens, SignedOut: s.streams.Wake}.Routes(),
		tickets.Resource{App: s.app, Read: read, Past: past, History: history}.Routes(),
		comments.Resource{App: s.app, Read: read, Past: past}.Routes(),
		events.Resource{
			Log: projections.NewEvents(s.pool, s.Store), Feed: projections.NewFeed(s.pool, s.Store, s.notifier, s.Freshness), Streams: s.streams,
		}.Routes(),
		reports.Resource{Numbers: read}.Routes(),
		projectionsapi.Resource{Standing: s.models, Control: s.models}.Routes(),
		auditapi.Resource{Tree: tree, Proofs: tree}.Routes(),
	)
}
