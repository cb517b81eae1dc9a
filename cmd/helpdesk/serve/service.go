package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"helpdesk/eventstore/follow"
	"helpdesk/eventstore/health"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/cmd/helpdesk/program"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/httpapi"
	"helpdesk/httpapi/events"
	"helpdesk/idempotency"
	"helpdesk/migrations"
	"helpdesk/quota"
	"helpdesk/rebuild"
	"helpdesk/web"
)

// Service is the wiring of one process: what it is made of, and the loops that
// run in it.
type Service struct {
	modules   program.Modules
	config    config.Config
	role      Role
	log       *slog.Logger
	db        *program.Database
	pool      *pgxpool.Pool // for requests
	following *pgxpool.Pool // for the followers: requests cannot starve them
	issuing   *pgxpool.Pool // for timers and the outbox
	keys      *pgxpool.Pool // for the keys of people
	out       io.Writer     // where emails go without a mail server

	notifier  *eventstore.Notifier
	Store     *eventstore.Store
	signals   *eventstore.Signals
	work      *work // nil for a process that only answers clients
	Freshness *follow.Freshness
	watchdog  *follow.Watchdog
	health    *health.Watch
	models    *rebuild.Projections
	Accounts  *auth.Accounts
	sessions  *auth.Sessions
	answers   *idempotency.Store
	registry  *prometheus.Registry
	streams   *events.Streams
	api       *httpapi.API
	site      *web.Site // nil for a worker
}

// lockTimeout is how long a request waits for a lock: an append holds its own for
// milliseconds, so that who waits longer waits for somebody else.
const lockTimeout = "4s"

// New wires a service over a migrated database. Nothing runs yet.
func New(ctx context.Context, m program.Modules, c config.Config, as Role, log *slog.Logger, db *program.Database, out io.Writer) (s *Service, err error) {
	s = &Service{modules: m, config: c, role: as, log: log, db: db, out: out, registry: prometheus.NewRegistry(), streams: events.NewStreams(events.Heartbeat)}
	defer func() {
		if err != nil {
			s.closePools()
		}
	}()
	if s.pool, err = db.Connect(ctx, "helpdesk", c.DatabaseConns, map[string]string{"lock_timeout": lockTimeout}); err != nil {
		return s, err
	}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	var codec *eventstore.Codec
	if codec, s.keys, err = m.Open(ctx, c, db, log); err != nil {
		return s, err
	}
	notifier, applied := eventstore.NewNotifier(), eventstore.NewNotifier()
	s.notifier = notifier
	s.signals = eventstore.NewSignals(s.pool, notifier, log)
	s.Store = eventstore.New(s.pool, codec, s.signals.Appended, follow.Inline(log, m.Projections()...)...)
	s.Freshness = follow.NewFreshness(s.pool, applied, m.Projections()...)
	s.watchdog = follow.NewWatchdog(s.pool, follow.WatchConfig{Logger: log})
	s.health = health.New(s.Store, s.keys, log)
	s.models = rebuild.New(s.pool, codec, m.Projections(), rebuild.Config{Connect: db.ConnectOwner, Logger: log})
	s.registry.MustRegister(followerMetrics{s.watchdog}, healthMetrics{s.health})
	hasher, err := s.config.Hasher()
	if err != nil {
		return s, err
	}
	s.Accounts = auth.NewAccounts(s.pool, hasher)
	if as.works() {
		if err := s.wireWork(ctx, codec, notifier, applied); err != nil {
			return s, err
		}
	}
	if !as.serves() {
		s.api = httpapi.NewOperations(httpapi.Deps{Log: log, Checks: s.checks(), Paused: s.watchdog.Paused, Warnings: s.warnings, Metrics: s.ownMetrics()})
		return s, nil
	}
	return s, s.wireAPI(ctx, hasher)
}

// wireSite makes the site of what the API is made of.
func (s *Service) wireSite(c *program.Clients, cursorKey []byte) (err error) {
	s.site, err = web.New(web.Deps{
		Sessions: c.Sessions, Access: c.Access, App: c.App, Memory: c.Store, Freshness: c.Freshness, Front: c.Front, Log: c.Log,
	}, web.Config{AgentVisibility: domain.AgentVisibility(s.config.AgentVisibility), CursorKey: cursorKey}, s.modules.Pages(c)...)
	return err
}

// handler returns clients: at and below [web.Root] the site, elsewhere the API.
// It is no [http.ServeMux], which would redirect what the API refuses.
func (s *Service) handler() http.Handler {
	if s.site == nil {
		return s.api
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path+"/", web.Root) {
			s.site.ServeHTTP(w, r)
		} else {
			s.api.ServeHTTP(w, r)
		}
	})
}

// ownMetrics returns the metrics unless they have an address of their own.
func (s *Service) ownMetrics() http.Handler {
	if s.config.MetricsAddr != "" {
		return nil
	}
	return s.metrics()
}

func (s *Service) metrics() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})
}

// checks is what /readyz asks.
func (s *Service) checks() []httpapi.Check {
	return []httpapi.Check{
		{Name: "writes", Ready: s.health.Ready},
		{Name: "database", Ready: s.keys.Ping},
		{Name: "migrations", Ready: func(ctx context.Context) error {
			pending, err := migrations.Pending(ctx, s.db.ServiceURL)
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

// warnings is what /readyz says though calls are answered.
func (s *Service) warnings() []string {
	if ahead := s.health.Ahead(); ahead > 0 {
		return []string{fmt.Sprintf("the newest event lies %v in the future: the clock of the database was ahead, and until it is there "+
			"again all events have one time", ahead.Round(time.Second))}
	}
	return nil
}

// Run serves at the addresses given until ctx ends, then finishes what is under way: first the
// requests, which may wait for the followers, then the followers' pages, then
// the appends.
func (s *Service) Run(ctx context.Context, at Listeners, listening func(addr, metricsAddr string)) error {
	defer s.closePools()
	// The loops outlive ctx by the time that the requests take to end.
	loops, endLoops := context.WithCancel(context.WithoutCancel(ctx))
	defer endLoops()
	group, failed := errgroup.WithContext(loops)
	for _, loop := range s.loops() {
		group.Go(func() error { return loop(failed) })
	}
	// Serving ends with ctx, and also when a loop fails.
	serving, endServing := context.WithCancel(ctx)
	defer endServing()
	defer context.AfterFunc(failed, endServing)()

	err := s.serveHTTP(serving, at, listening)
	endLoops()
	err = errors.Join(err, group.Wait())
	s.Store.Close()
	s.Freshness.Close()
	if s.work != nil {
		err = errors.Join(err, s.work.close())
	}
	return err
}

// loops returns what runs for as long as the process does.
func (s *Service) loops() []func(context.Context) error {
	loops := []func(context.Context) error{s.signals.Run, s.watchdog.Run, s.health.Run, s.Store.Forget, s.watchDatabase}
	if s.work != nil {
		loops = append(loops, s.work.loops()...)
		loops = append(loops, s.models.Run)
	}
	if s.role.serves() {
		loops = append(loops, s.sessions.Run, s.answers.Run, s.fillLookalikes, func(ctx context.Context) error { return quota.Forget(ctx, s.pool, s.log) })
	}
	return loops
}

// fillLookalikes completes what an upgrade left to do, beside all else. What fails is
// done at the next start.
func (s *Service) fillLookalikes(ctx context.Context) error {
	if err := s.Accounts.FillLookalikes(ctx); err != nil && ctx.Err() == nil {
		s.log.Warn("what usernames look like was not noted", "error", err)
	}
	return nil
}

// watchDatabase ends with an error when the embedded server gives up.
func (s *Service) watchDatabase(ctx context.Context) error {
	if s.db.Local == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-s.db.Local.Done():
		return fmt.Errorf("the embedded Postgres stopped: %w", s.db.Local.Err())
	}
}

func (s *Service) closePools() {
	for _, pool := range []*pgxpool.Pool{s.issuing, s.following, s.keys, s.pool} {
		if pool != nil {
			pool.Close()
		}
	}
}
