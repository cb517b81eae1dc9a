package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/internal/localpg"
	"helpdesk/internal/pgid"
	"helpdesk/migrations"
)

// database is the Postgres to work on: a given one, or the embedded one.
type database struct {
	serviceURL string
	ownerURL   string
	local      *localpg.Server // nil: a given one
}

// openDatabase makes the configured database ready to be connected to. own
// says that this process is the service, which has the embedded server to
// itself; a command shares a running one.
func openDatabase(ctx context.Context, c Config, log *slog.Logger, own bool) (*database, error) {
	if c.DatabaseURL != "" {
		owner := c.DatabaseOwnerURL
		if owner == "" {
			owner = c.DatabaseURL
		}
		return &database{serviceURL: c.DatabaseURL, ownerURL: owner}, nil
	}
	start := localpg.Attach
	if own {
		start = localpg.Start
	}
	local, err := start(ctx, localpg.Config{DataDir: c.DataDir, BinDir: c.PGBin, Logger: log})
	if err != nil {
		return nil, err
	}
	return &database{serviceURL: local.ServiceURL(), ownerURL: local.OwnerURL(), local: local}, nil
}

// close stops the embedded server if this process runs it.
func (d *database) close() error {
	if d.local == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return d.local.Stop(ctx)
}

// migrate brings the schema up to date.
func (d *database) migrate(ctx context.Context) error {
	role, err := loginOf(d.serviceURL)
	if err != nil {
		return err
	}
	return migrations.Up(ctx, d.ownerURL, role)
}

// loginOf returns the role a database URL connects as.
func loginOf(databaseURL string) (string, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return "", fmt.Errorf("database URL: %w", redact(err))
	}
	return config.ConnConfig.User, nil
}

// redact keeps a password in an unparsable URL out of the error about it.
func redact(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}

// unflushed are the settings of connections whose commits need not wait for the
// disk: what a crash of the server takes back is done again.
var unflushed = map[string]string{"synchronous_commit": "off"}

// ownerConns is how many connections a rebuild takes.
const ownerConns = 5

// connectOwner opens a pool as the owner of the tables, for rebuilds. They leave
// processors to those who read meanwhile: an index is made by one process.
func (d *database) connectOwner(ctx context.Context) (*pgxpool.Pool, error) {
	alone := map[string]string{"max_parallel_maintenance_workers": "0"}
	return connect(ctx, d.ownerURL, "helpdesk rebuild", ownerConns, alone)
}

// connect opens a pool of at most conns connections, each known to the server
// under name, with the server settings given.
func (d *database) connect(ctx context.Context, name string, conns int32, settings map[string]string) (*pgxpool.Pool, error) {
	return connect(ctx, d.serviceURL, name, conns, settings)
}

func connect(ctx context.Context, databaseURL, name string, conns int32, settings map[string]string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", redact(err))
	}
	config.MaxConns = conns
	config.ConnConfig.RuntimeParams["application_name"] = name
	// Short statements that run often, beside each other: compiling one costs more
	// than it saves, and so does starting workers for it.
	config.ConnConfig.RuntimeParams["jit"] = "off"
	config.ConnConfig.RuntimeParams["max_parallel_workers_per_gather"] = "0"
	maps.Copy(config.ConnConfig.RuntimeParams, settings)
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgid.Register(conn.TypeMap())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return pool, nil
}
