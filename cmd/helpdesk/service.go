package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/httpapi"
	"helpdesk/idempotency"
	"helpdesk/migrations"
	"helpdesk/projections"
)

// service is the wiring of one process: what it is made of, and the loops that
// run in it.
type service struct {
	config    Config
	log       *slog.Logger
	db        *database
	pool      *pgxpool.Pool // for requests
	following *pgxpool.Pool // for the followers: requests cannot starve them

	bell      *eventstore.Bell
	store     *eventstore.Store
	signals   *eventstore.Signals
	followers *eventstore.Followers
	freshness *eventstore.Freshness
	watchdog  *eventstore.Watchdog
	accounts  *auth.Accounts
	sessions  *auth.Sessions
	answers   *idempotency.Store
	registry  *prometheus.Registry
	api       *httpapi.API
}

// newService wires a service over a migrated database. Nothing runs yet.
func newService(ctx context.Context, c Config, log *slog.Logger, db *database) (s *service, err error) {
	s = &service{config: c, log: log, db: db, registry: prometheus.NewRegistry()}
	defer func() {
		if err != nil {
			s.closePools()
		}
	}()
	if s.pool, err = db.connect(ctx, "helpdesk", c.DatabaseConns); err != nil {
		return s, err
	}
	followers := projections.Followers()
	if s.following, err = db.connect(ctx, "helpdesk followers", int32(len(followers)+2)); err != nil {
		return s, err
	}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	codec, bell, applied := eventstore.NewCodec(), eventstore.NewBell(), eventstore.NewBell()
	s.bell = bell
	s.signals = eventstore.NewSignals(s.pool, bell, log)
	s.store = eventstore.New(s.pool, codec, s.signals.Appended)
	s.followers = eventstore.Follow(s.following, codec, bell, applied,
		eventstore.FollowConfig{Logger: log, Metrics: s.registry}, followers...)
	s.freshness = eventstore.NewFreshness(s.pool, applied, projections.Names()...)
	s.watchdog = eventstore.NewWatchdog(s.pool, eventstore.WatchConfig{Logger: log})
	s.registry.MustRegister(followerMetrics{s.watchdog})
	return s, s.wireAPI(ctx)
}

func (s *service) wireAPI(ctx context.Context) error {
	hasher, err := s.config.hasher()
	if err != nil {
		return err
	}
	s.accounts = auth.NewAccounts(s.pool, hasher)
	s.sessions = auth.NewSessions(s.accounts, auth.SessionConfig{Logger: s.log})
	s.answers = idempotency.New(s.pool, idempotency.Config{Logger: s.log})
	key, err := auth.SharedKey(ctx, s.pool, "cursors")
	if err != nil {
		return err
	}
	deps := httpapi.Deps{
		Tickets:   commands.NewTickets(s.store, s.store),
		People:    commands.NewPeople(s.store, s.accounts),
		Accounts:  s.accounts,
		Sessions:  s.sessions,
		Tokens:    auth.NewTokens(s.accounts),
		Passwords: hasher,
		Read:      projections.NewReader(s.pool),
		Freshness: s.freshness,
		Answers:   s.answers,
		Earlier:   commands.NewEarlier(s.store),
		Feed:      projections.NewFeed(s.pool, s.store, s.bell, s.freshness),
		Log:       s.log,
		Checks:    s.checks(),
	}
	if s.config.MetricsAddr == "" {
		deps.Metrics = s.metrics()
	}
	s.api, err = httpapi.New(deps, httpapi.Config{
		PublicURL:       s.config.PublicURL,
		AgentVisibility: domain.AgentVisibility(s.config.AgentVisibility),
		RateLimit:       int(s.config.RateLimit),
		TrustedProxies:  s.config.TrustedProxies,
		CursorKey:       key,
	})
	return err
}

func (s *service) metrics() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})
}

// checks is what /readyz asks.
func (s *service) checks() []httpapi.Check {
	return []httpapi.Check{
		{Name: "database", Ready: s.pool.Ping},
		{Name: "migrations", Ready: func(ctx context.Context) error {
			pending, err := migrations.Pending(ctx, s.db.serviceURL)
			if err == nil && pending > 0 {
				err = fmt.Errorf("%d migrations are pending", pending)
			}
			return err
		}},
		{Name: "projectors", Ready: func(context.Context) error {
			if stalled := s.watchdog.Stalled(); len(stalled) > 0 {
				return fmt.Errorf("stalled: %v", stalled)
			}
			return nil
		}},
	}
}

// run serves until ctx ends, then finishes what is under way: first the
// requests, which may wait for the followers, then the followers' pages, then
// the appends.
func (s *service) run(ctx context.Context, listening func(addr, metricsAddr string)) error {
	defer s.closePools()
	// The loops outlive ctx by the time that the requests take to end.
	loops, endLoops := context.WithCancel(context.WithoutCancel(ctx))
	defer endLoops()
	group, failed := errgroup.WithContext(loops)
	for _, loop := range []func(context.Context) error{s.followers.Run, s.signals.Run, s.watchdog.Run, s.sessions.Run, s.answers.Run, s.store.Forget, s.watchDatabase} {
		group.Go(func() error { return loop(failed) })
	}
	// Serving ends with ctx, and also when a loop fails.
	serving, endServing := context.WithCancel(ctx)
	defer endServing()
	defer context.AfterFunc(failed, endServing)()

	err := s.serveHTTP(serving, listening)
	endLoops()
	err = errors.Join(err, group.Wait())
	s.store.Close()
	s.freshness.Close()
	return err
}

// watchDatabase ends with an error when the embedded server gives up.
func (s *service) watchDatabase(ctx context.Context) error {
	if s.db.local == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-s.db.local.Done():
		return fmt.Errorf("the embedded Postgres is gone: %w", s.db.local.Err())
	}
}

func (s *service) closePools() {
	for _, pool := range []*pgxpool.Pool{s.following, s.pool} {
		if pool != nil {
			pool.Close()
		}
	}
}
