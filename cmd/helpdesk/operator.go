package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"helpdesk/auth"
	"helpdesk/eventstore"
)

// operator is what the commands of operators work with. They run beside the
// service or without it.
type operator struct {
	config   Config
	log      *slog.Logger
	db       *database
	pool     *pgxpool.Pool
	store    *eventstore.Store
	signals  *eventstore.Signals
	hasher   *auth.Hasher
	accounts *auth.Accounts
}

// operatorConns is how many database connections a command takes.
const operatorConns = 16

// withOperator runs the operator's command called name on the configured
// database. A running service hears of what it appended.
func withOperator(ctx context.Context, name string, work func(context.Context, *operator) error) error {
	return withDatabase(ctx, func(ctx context.Context, c Config, db *database) error {
		pool, err := db.connect(ctx, "helpdesk "+name, operatorConns, nil)
		if err != nil {
			return err
		}
		defer pool.Close()
		o := &operator{config: c, log: c.logger(os.Stderr), db: db, pool: pool}
		if o.hasher, err = c.hasher(); err != nil {
			return err
		}
		o.accounts = auth.NewAccounts(pool, o.hasher)
		o.signals = eventstore.NewSignals(pool, eventstore.NewNotifier(), o.log)
		codec, keys, err := c.codec(ctx, db, o.log)
		if err != nil {
			return err
		}
		defer keys.Close()
		o.store = eventstore.New(pool, codec, o.signals.Appended)
		defer o.store.Close()
		if err := work(ctx, o); err != nil {
			return err
		}
		return o.signals.Tell(ctx)
	})
}

// follow brings followers up to a position, in turns with a running service.
func (o *operator) follow(ctx context.Context, upto int64, followers ...eventstore.Follower) error {
	applied := eventstore.NewNotifier()
	following := eventstore.Follow(o.pool, o.store.Codec(), eventstore.NewNotifier(), applied, eventstore.FollowConfig{Logger: o.log}, followers...)
	freshness := eventstore.NewFreshness(o.pool, applied, followers...)
	defer freshness.Close()
	running, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return following.Run(running) })
	group.Go(func() error {
		defer stop()
		return freshness.Wait(ctx, upto)
	})
	return group.Wait()
}
