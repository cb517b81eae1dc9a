// Package pgtest gives every test a Postgres database of its own.
//
// One throw-away server runs per test process, started by the first New: in
// memory where there is room for it, and without any durability. The migrations
// run once on it, into a template; each test gets a copy, which takes about
// 20 ms, so tests can be parallel and need not clean up.
//
// A package whose tests use it has one line more:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// Without it all works as well, only that the server's files stay behind until
// the next test process sweeps them up.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/internal/localpg"
	"helpdesk/internal/pgid"
	"helpdesk/internal/pgsession"
	"helpdesk/migrations"
)

// patience bounds what a test waits for when a server starts, stops or
// recovers: far above what it takes.
const patience = time.Minute

// DB is a database for one test. The URLs connect to it in the role they name;
// they stay valid across Kill and Restart.
type DB struct {
	Name       string
	OwnerURL   string // may do all within the database
	ServiceURL string // may do what the migrations granted the service
	SuperURL   string // may do all within the server, other tests' included

	server  *server
	durable bool
}

// Option changes what New makes.
type Option func(*options)

type options struct{ durable, empty bool }

// Durable gives the test a server of its own, on disk and with the settings of
// production, for tests of durability and for benchmarks. It takes seconds.
func Durable() Option { return func(o *options) { o.durable = true } }

// Empty leaves the migrations out.
func Empty() Option { return func(o *options) { o.empty = true } }

// New makes a database with all migrations applied, gone when the test ends,
// and fails the test where that cannot be.
func New(t testing.TB, opts ...Option) *DB {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if o.durable {
		return newDurable(ctx, t, o)
	}
	s, err := run.sharedServer(ctx)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	template := ""
	if !o.empty {
		if template, err = s.template(ctx); err != nil {
			t.Fatalf("pgtest: %v", err)
		}
	}
	name := fmt.Sprintf("test_%d", s.count.Add(1))
	if err := s.pg.CreateDatabase(ctx, name, template); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.pg.DropDatabase(ctx, name); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return s.db(name)
}

func newDurable(ctx context.Context, t testing.TB, o options) *DB {
	t.Helper()
	s, err := run.startServer(ctx, durable)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := run.stopServer(s); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	if !o.empty {
		if err := migrations.Up(ctx, s.pg.OwnerURL(), localpg.ServiceRole); err != nil {
			t.Fatalf("pgtest: %v", err)
		}
	}
	d := s.db(localpg.Database)
	d.durable = true
	return d
}

func (s *server) db(name string) *DB {
	return &DB{
		Name:       name,
		OwnerURL:   s.pg.URL(localpg.OwnerRole, name),
		ServiceURL: s.pg.URL(localpg.ServiceRole, name),
		SuperURL:   s.pg.URL(localpg.SuperRole, name),
		server:     s,
	}
}

// Pool connects in the role of the service until the test ends.
func (d *DB) Pool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return sessionPool(t, d.ServiceURL)
}

// OwnerPool connects as the database's owner until the test ends.
func (d *DB) OwnerPool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return sessionPool(t, d.OwnerURL)
}

// AnalystPool connects as a login that is a member of the analysts' role, and
// has its settings, until the test ends.
func (d *DB) AnalystPool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	owner := d.OwnerPool(t)
	login := "analyst_of_" + d.Name // logins are the server's, which other tests share
	statements := []string{
		`CREATE ROLE ` + login + ` LOGIN IN ROLE ` + migrations.AnalystRole,
		`GRANT CONNECT ON DATABASE ` + d.Name + ` TO ` + migrations.AnalystRole, // a copy of a database does not take it over
	}
	for _, s := range migrations.AnalystSettings {
		statements = append(statements, `ALTER ROLE `+login+` SET `+s)
	}
	for _, s := range statements {
		if _, err := owner.Exec(context.Background(), s); err != nil {
			t.Fatalf("pgtest: make an analyst: %v", err)
		}
	}
	t.Cleanup(func() {
		if _, err := owner.Exec(context.Background(), `DROP ROLE `+login); err != nil {
			t.Errorf("pgtest: drop the analyst: %v", err)
		}
	})
	return pool(t, parse(t, d.server.pg.URL(login, d.Name)))
}

func parse(t testing.TB, url string) *pgxpool.Config {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return config
}

// sessionPool makes a pool whose sessions begin as the program's do.
func sessionPool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	config := parse(t, url)
	pgsession.Configure(&config.ConnConfig.Config, "helpdesk test", nil)
	return pool(t, config)
}

func pool(t testing.TB, config *pgxpool.Config) *pgxpool.Pool {
	t.Helper()
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgid.Register(conn.TypeMap()) // as the program does
		return nil
	}
	p, err := pgxpool.NewWithConfig(context.Background(), config) // cleanups may still use it
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}

// Kill ends the server with kill -9 and returns once it is up again and has
// recovered. d MUST be Durable: other tests share the other server.
func (d *DB) Kill(t testing.TB) {
	t.Helper()
	d.bounce(t, syscall.SIGKILL)
}

// Restart ends the server the clean way and returns once it is up again. d MUST
// be Durable.
func (d *DB) Restart(t testing.TB) {
	t.Helper()
	d.bounce(t, syscall.SIGINT)
}

// bounce signals the postmaster; its supervisor starts the next one.
func (d *DB) bounce(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if !d.durable {
		t.Fatal("pgtest: the server is shared with other tests; use Durable")
	}
	old := d.server.pg.PostmasterPID()
	if old == 0 {
		t.Fatal("pgtest: the server is not running")
	}
	if err := syscall.Kill(old, sig); err != nil {
		t.Fatalf("pgtest: signal the server: %v", err)
	}
	limit := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if pid := d.server.pg.PostmasterPID(); pid != 0 && pid != old {
			return
		}
		select {
		case <-tick.C:
		case <-d.server.pg.Done():
			t.Fatalf("pgtest: %v", d.server.pg.Err())
		case <-limit:
			t.Fatalf("pgtest: the server is not back after %v", patience)
		}
	}
}

// DataDir returns the folder of the server's data. d MUST be Durable.
func (d *DB) DataDir(t testing.TB) (dir string) {
	t.Helper()
	super, err := pgx.Connect(t.Context(), d.SuperURL)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	defer super.Close(context.Background())
	if err := super.QueryRow(t.Context(), `SHOW data_directory`).Scan(&dir); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return dir
}

// Tool returns the path of a program that comes with the server, though not with
// every one: without it the test is skipped.
func (d *DB) Tool(t testing.TB, name string) string {
	t.Helper()
	tool := filepath.Join(d.server.pg.Binaries().Dir, name)
	if _, err := os.Stat(tool); err != nil {
		t.Skipf("this Postgres has no %s: %v", name, err)
	}
	return tool
}

// Dump returns all that the database holds as SQL, by pg_dump.
func (d *DB) Dump(t testing.TB) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), d.Tool(t, "pg_dump"), "--inserts", "--dbname="+d.SuperURL).Output()
	if err != nil {
		t.Fatalf("pgtest: pg_dump: %v", err)
	}
	return string(out)
}
