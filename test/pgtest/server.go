package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/internal/localpg"
	"helpdesk/migrations"
)

const (
	prefix   = "helpdesk-pgtest-"
	memory   = "/dev/shm"
	disk     = "/var/tmp"
	needFree = 2 << 30 // bytes

	// settled is the age from which a folder without an owner is nobody's:
	// younger ones may be about to get theirs.
	settled = time.Minute
)

// kind is what a server is for.
type kind int

const (
	throwaway kind = iota
	durable
)

// server is a Postgres server of this process.
type server struct {
	pg    *localpg.Server
	dir   string
	count atomic.Int64 // databases made

	mu        sync.Mutex
	templates map[string]string // name by hash of the migrations
}

// process is what the tests of one process share.
type process struct {
	once   sync.Once
	shared *server
	err    error

	mu   sync.Mutex
	open map[*server]bool
}

// run is the one process there is; testing offers no other place for what
// outlives a test.
var run process

// Main runs the tests of a package and ends their servers, also on Ctrl-C. It
// does not return.
func Main(m *testing.M) {
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-interrupt
		_ = run.stopAll() // nobody is left to tell
		os.Exit(130)      // 128 + SIGINT, as a shell has it
	}()
	code := m.Run()
	if err := run.stopAll(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func (p *process) sharedServer(ctx context.Context) (*server, error) {
	p.once.Do(func() { p.shared, p.err = p.startServer(ctx, throwaway) })
	return p.shared, p.err
}

func (p *process) startServer(ctx context.Context, k kind) (*server, error) {
	sweep()
	dir, err := os.MkdirTemp(place(k), prefix)
	if err != nil {
		return nil, fmt.Errorf("make a folder for the server: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { // the server may run as another user
		return nil, fmt.Errorf("open the server's folder: %w", err)
	}
	cfg := localpg.Config{DataDir: dir, BinDir: os.Getenv("HELPDESK_PG_BIN")}
	if k == throwaway {
		cfg.Throwaway = true
		cfg.Settings = map[string]string{
			"shared_buffers":     "128MB",
			"max_connections":    "300",
			"wal_level":          "minimal",
			"max_wal_senders":    "0",
			"checkpoint_timeout": "1h",
		}
	}
	pg, err := localpg.Start(ctx, cfg)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s := &server{pg: pg, dir: dir, templates: map[string]string{}}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = map[*server]bool{}
	}
	p.open[s] = true
	return s, nil
}

func (p *process) stopServer(s *server) error {
	p.mu.Lock()
	open := p.open[s]
	delete(p.open, s)
	p.mu.Unlock()
	if !open {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return errors.Join(s.pg.Stop(ctx), localpg.Discard(s.dir))
}

func (p *process) stopAll() error {
	p.mu.Lock()
	var all []*server
	for s := range p.open {
		all = append(all, s)
	}
	p.mu.Unlock()
	var errs []error
	for _, s := range all {
		errs = append(errs, p.stopServer(s))
	}
	return errors.Join(errs...)
}

// template returns the migrated database that tests get copies of.
func (s *server) template(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := migrations.Hash()
	if name, ok := s.templates[hash]; ok {
		return name, nil
	}
	name := "template_" + hash
	if err := s.pg.DropDatabase(ctx, name); err != nil { // of an attempt that failed
		return "", err
	}
	if err := s.pg.CreateDatabase(ctx, name, ""); err != nil {
		return "", err
	}
	if err := migrations.Up(ctx, s.pg.URL(localpg.OwnerRole, name), localpg.ServiceRole); err != nil {
		return "", err
	}
	if err := s.seal(ctx, name); err != nil {
		return "", err
	}
	s.templates[hash] = name
	return name, nil
}

// seal keeps everyone off a database, since only such a one can be copied.
func (s *server) seal(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.pg.URL(localpg.SuperRole, "postgres"))
	if err != nil {
		return fmt.Errorf("connect to seal the template: %w", err)
	}
	defer conn.Close(ctx)
	for _, stmt := range []string{
		`ALTER DATABASE ` + pgx.Identifier{name}.Sanitize() + ` ALLOW_CONNECTIONS false`,
		`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '` + name + `'`,
	} {
		if _, err := conn.Exec(ctx, stmt); err != nil {
			return fmt.Errorf("seal the template: %w", err)
		}
	}
	return nil
}

// place is the folder for a server's folder.
func place(k kind) string {
	if k == throwaway {
		var fs syscall.Statfs_t
		if syscall.Statfs(memory, &fs) == nil && uint64(fs.Bavail)*uint64(fs.Bsize) >= needFree {
			return memory
		}
		return os.TempDir()
	}
	if info, err := os.Stat(disk); err == nil && info.IsDir() { // /tmp may be in memory
		return disk
	}
	return os.TempDir()
}

// sweep removes what test processes left behind that came to a sudden end.
func sweep() {
	for _, parent := range []string{memory, disk, os.TempDir()} {
		dirs, _ := filepath.Glob(filepath.Join(parent, prefix+"*")) // the pattern is well-formed
		for _, dir := range dirs {
			if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > settled {
				_ = localpg.Discard(dir) // in use, or another user's
			}
		}
	}
}
