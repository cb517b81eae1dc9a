package localpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

var (
	// ErrInUse: another process owns the data folder. The text names its pid
	// and, when it serves, its address.
	ErrInUse = errors.New("the embedded Postgres is in use")

	// ErrMajor: the data folder belongs to another major version of Postgres
	// than the binaries at hand. Nothing was touched.
	ErrMajor = errors.New("the data folder is of another major version of Postgres")

	// ErrNoBinaries: no usable Postgres was found and none could be fetched.
	// The text names everything tried and what to do.
	ErrNoBinaries = errors.New("no usable Postgres binaries")

	// ErrNoServer: nobody has made a server in the data folder, and Config.Existing
	// forbids it. Nothing was touched.
	ErrNoServer = errors.New("no database was made in this folder")

	// ErrDataDir: the data folder cannot be used at all. Nothing was made elsewhere.
	ErrDataDir = errors.New("the data folder cannot be used")

	// ErrGaveUp: the server died and could not be started again.
	ErrGaveUp = errors.New("the embedded Postgres does not start any more")
)

// Config is where the server lives and how it runs. DataDir is required.
type Config struct {
	// DataDir is the folder whose subfolder pg holds the server, made when
	// missing. When this process is root and the user the server runs as
	// cannot reach it, a folder under /var/lib/helpdesk takes its place and
	// the log says so.
	DataDir string

	// Existing has Attach fail with ErrNoServer where it would make a server.
	Existing bool

	// BinDir is the folder with postgres and initdb, usually HELPDESK_PG_BIN.
	// Empty: they are looked for, and fetched when there are none.
	BinDir string

	// CacheDir keeps fetched binaries. Empty: the user's cache folder, and
	// /var/cache/helpdesk for root, whose own the server cannot reach.
	CacheDir string

	// Offline forbids fetching and installing binaries.
	Offline bool

	// Settings are server settings that override those in postgresql.conf.
	Settings map[string]string

	// Throwaway gives durability up for speed: what was committed may be gone
	// after a crash of any kind. For tests alone.
	Throwaway bool

	// Logger hears of what takes long or goes wrong. Nil: nobody does.
	Logger *slog.Logger
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

// Start starts the server in cfg.DataDir and makes database and roles on first
// use. It returns once the server accepts connections; a crash recovery before
// that takes as long as it takes, ctx is the only limit. ctx does not end a
// started server: the caller MUST call Stop.
//
// It fails with ErrInUse, ErrMajor or ErrNoBinaries as these say.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	l, err := newLayout(cfg)
	if err != nil {
		return nil, err
	}
	lock, err := l.acquire()
	if err != nil {
		return nil, err
	}
	return startOwned(ctx, cfg, l, lock)
}

// Attach shares the server another process runs in cfg.DataDir, waiting for it
// while it starts; when there is none it starts one. The caller MUST call Stop,
// which ends only a server that this call started. For commands that run beside
// the service or without it.
//
// A shared server is gone when its owner ends: expect broken connections then.
func Attach(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Existing {
		if err := wantServer(cfg); err != nil {
			return nil, err
		}
	}
	l, err := newLayout(cfg)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		lock, err := l.acquire()
		if err == nil && cfg.Existing && !l.hasData() { // a first start that was cut short
			return nil, errors.Join(fmt.Errorf("%w: %s", ErrNoServer, cfg.DataDir), unlock(lock))
		}
		if err == nil {
			return startOwned(ctx, cfg, l, lock)
		}
		if !errors.Is(err, ErrInUse) {
			return nil, err
		}
		if o, ok := l.readOwner(); ok && o.Ready {
			return &Server{log: cfg.logger(), layout: l, endpoint: endpoint{o.SocketDir}, done: make(chan struct{})}, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the server of another process: %w: %w", context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}
