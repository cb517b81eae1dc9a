// Package program is what all subcommands share: the database that is configured,
// the log in it, and how a command shows its progress.
package program

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"helpdesk/auth"
	"helpdesk/cmd/helpdesk/config"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// Operator is what the commands of operators work with. They run beside the
// service or without it.
type Operator struct {
	Modules  Modules
	Log      *slog.Logger
	DB       *Database
	Pool     *pgxpool.Pool
	Store    *eventstore.Store
	Signals  *eventstore.Signals
	Hasher   *auth.Hasher
	Accounts *auth.Accounts
	// PublicURL is how others reach the service; "": it is not configured.
	PublicURL string
}

// operatorConns is how many database connections a command takes.
const operatorConns = 16

// Run runs the operator's command called name on the configured
// database. A running service hears of what it appended.
func (m Modules) Run(ctx context.Context, name string, work func(context.Context, *Operator) error) error {
	return m.RunWith(ctx, Share, name, work)
}

// RunWith is [Modules.Run] for a command that may use the database otherwise.
func (m Modules) RunWith(ctx context.Context, use Use, name string, work func(context.Context, *Operator) error) error {
	return m.WithDatabase(ctx, use, func(ctx context.Context, c config.Config, db *Database) error {
		pool, err := db.Connect(ctx, "helpdesk "+name, operatorConns, nil)
		if err != nil {
			return err
		}
		defer pool.Close()
		o := &Operator{Modules: m, Log: c.Logger(os.Stderr), DB: db, Pool: pool, PublicURL: c.PublicURL}
		if o.Hasher, err = c.Hasher(); err != nil {
			return err
		}
		o.Accounts = auth.NewAccounts(pool, o.Hasher)
		o.Signals = eventstore.NewSignals(pool, eventstore.NewNotifier(), o.Log)
		codec, keys, err := m.Open(ctx, c, db, o.Log)
		if err != nil {
			return err
		}
		defer keys.Close()
		o.Store = eventstore.New(pool, codec, o.Signals.Appended, follow.Inline(o.Log, m.Projections()...)...)
		defer o.Store.Close()
		if err := work(ctx, o); err != nil {
			return err
		}
		return o.Signals.Tell(ctx)
	})
}

// Follow brings followers up to a position, in turns with a running service.
func (o *Operator) Follow(ctx context.Context, upto int64, followers ...follow.Follower) error {
	applied := eventstore.NewNotifier()
	following := follow.New(o.Pool, o.Store.Codec(), eventstore.NewNotifier(), applied, follow.Config{Logger: o.Log}, followers...)
	freshness := follow.NewFreshness(o.Pool, applied, followers...)
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

// Account finds somebody by username, address or id.
func (o *Operator) Account(ctx context.Context, name string) (user.Account, error) {
	account, err := o.Accounts.Find(ctx, name)
	if errors.Is(err, domain.ErrNotFound) {
		return account, fmt.Errorf("there is no user with the username, address or id %q", name)
	}
	return account, err
}
