package program

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/internal/localpg"
	"helpdesk/internal/pgid"
	"helpdesk/internal/pgsession"
	"helpdesk/migrations"
)

// Use is what a process does with the database and the data folder.
type Use int

// The uses.
const (
	Share Use = iota // work with what was made, beside a running service or without
	Begin            // the same, and make what is missing
	Own              // be the service, which has the embedded server to itself
)

// Database is the Postgres to work on: a given one, or the embedded one.
type Database struct {
	Use        Use
	ServiceURL string
	OwnerURL   string
	Local      *localpg.Server // nil: a given one
}

// Open makes the configured database ready to be connected to.
func Open(ctx context.Context, c config.Config, log *slog.Logger, use Use) (*Database, error) {
	if c.DatabaseURL != "" {
		owner := c.DatabaseOwnerURL
		if owner == "" {
			owner = c.DatabaseURL
		}
		return &Database{Use: use, ServiceURL: c.DatabaseURL, OwnerURL: owner}, nil
	}
	start := localpg.Attach
	if use == Own {
		start = localpg.Start
	}
	local, err := start(ctx, localpg.Config{DataDir: c.DataDir, Existing: use == Share, BinDir: c.PGBin, Logger: log})
	switch {
	case errors.Is(err, localpg.ErrNoServer):
		return nil, fmt.Errorf("HELPDESK_DATA_DIR: %w: %s", err, howToBegin)
	case errors.Is(err, localpg.ErrDataDir):
		return nil, fmt.Errorf("HELPDESK_DATA_DIR: %w", err)
	case err != nil:
		return nil, err
	}
	return &Database{Use: use, ServiceURL: local.ServiceURL(), OwnerURL: local.OwnerURL(), Local: local}, nil
}

// howToBegin is the way out of a setting that names nothing yet.
const howToBegin = `set it to that of the service, or begin a new one with "helpdesk serve" or "helpdesk migrate"`

// begun returns an error that names the setting unless a helpdesk was begun in the
// database.
func (d *Database) begun(ctx context.Context) error {
	begun, err := migrations.Begun(ctx, d.OwnerURL)
	if err != nil || begun {
		return d.named(d.OwnerURL, err)
	}
	return fmt.Errorf("%s: there is no helpdesk in this database: %s", d.setting(d.ServiceURL), howToBegin)
}

// setting returns the variable that a database URL comes from.
func (d *Database) setting(databaseURL string) string {
	switch {
	case d.Local != nil:
		return "HELPDESK_DATA_DIR"
	case databaseURL != d.ServiceURL:
		return "HELPDESK_DATABASE_OWNER_URL"
	}
	return "HELPDESK_DATABASE_URL"
}

// named names the setting where the server that it leads to will not do.
func (d *Database) named(databaseURL string, err error) error {
	if refusal, ok := errors.AsType[pgsession.Refusal](err); ok {
		return fmt.Errorf("%s: %w", d.setting(databaseURL), refusal)
	}
	return err
}

// Close stops the embedded server if this process runs it.
func (d *Database) Close() error {
	if d.Local == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return d.Local.Stop(ctx)
}

// Migrate brings the schema up to date.
func (d *Database) Migrate(ctx context.Context) error {
	role, err := loginOf(d.ServiceURL)
	if err != nil {
		return err
	}
	return d.named(d.OwnerURL, migrations.Up(ctx, d.OwnerURL, role))
}

// loginOf returns the role a database URL connects as.
func loginOf(databaseURL string) (string, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return "", fmt.Errorf("database URL: %w", Redact(err))
	}
	return config.ConnConfig.User, nil
}

// Redact keeps a password in an unparsable URL out of the error about it.
func Redact(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}

// Unflushed are the settings of connections whose commits need not wait for the
// disk: what a crash of the server takes back is done again.
var Unflushed = map[string]string{"synchronous_commit": "off"}

// ownerConns is how many connections a rebuild takes.
const ownerConns = 5

// ConnectOwner opens a pool as the owner of the tables, for rebuilds. They leave
// processors to those who read meanwhile: an index is made by one process.
func (d *Database) ConnectOwner(ctx context.Context) (*pgxpool.Pool, error) {
	alone := map[string]string{"max_parallel_maintenance_workers": "0"}
	return d.connect(ctx, d.OwnerURL, "helpdesk rebuild", ownerConns, ofRequests, alone)
}

// Owner opens a connection as the owner of the tables.
func (d *Database) Owner(ctx context.Context) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(d.OwnerURL)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", Redact(err))
	}
	pgsession.Configure(&config.Config, "helpdesk", nil)
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect as the owner of the database: %w", d.named(d.OwnerURL, err))
	}
	return conn, nil
}

// pooling is how a pool keeps connections that nobody uses.
type pooling struct {
	pingAfter time.Duration // its next user finds out first whether it is alive
	idle      time.Duration // it is closed, and another made when one is wanted
	least     int32         // that are kept all the same
}

var (
	ofRequests = pooling{pingAfter: time.Second, idle: 30 * time.Minute}
	// The watch over writes asks every two seconds, and finds out that way.
	ofKeys = pooling{pingAfter: 2500 * time.Millisecond, idle: 30 * time.Minute}
	// A loop tries again, and would ask first before most of its polls. All loops begin
	// at once and take turns soon: what only that took is given back, for a pooler in
	// session mode has few to give.
	ofLoops = pooling{pingAfter: 5 * time.Second, idle: 10 * time.Second, least: 2}
)

// Connect opens a pool of at most conns connections, each known to the server
// under name, with the server settings given.
func (d *Database) Connect(ctx context.Context, name string, conns int32, settings map[string]string) (*pgxpool.Pool, error) {
	return d.connect(ctx, d.ServiceURL, name, conns, ofRequests, settings)
}

// ConnectLoops opens a pool as [Database.Connect] does, for loops alone, which try
// again what failed.
func (d *Database) ConnectLoops(ctx context.Context, name string, conns int32, settings map[string]string) (*pgxpool.Pool, error) {
	return d.connect(ctx, d.ServiceURL, name, conns, ofLoops, settings)
}

func (d *Database) connect(ctx context.Context, databaseURL, name string, conns int32, how pooling, settings map[string]string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", Redact(err))
	}
	config.MaxConns, config.MinConns = conns, how.least
	config.MaxConnIdleTime, config.HealthCheckPeriod = how.idle, min(how.idle/2, time.Minute)
	pgsession.Configure(&config.ConnConfig.Config, name, settings)
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgid.Register(conn.TypeMap())
		return nil
	}
	config.ShouldPing = func(_ context.Context, c pgxpool.ShouldPingParams) bool { return c.IdleDuration > how.pingAfter }
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", d.named(databaseURL, err))
	}
	return pool, nil
}
