package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/internal/localpg"
	"helpdesk/test/keys"
	"helpdesk/test/load"
	"helpdesk/test/program"
)

// machine is a Postgres server, and the programs that use it.
type machine struct {
	dir             string
	pg              *localpg.Server
	helpdesk, floor string // binaries
	admin           *pgx.Conn
	closing         []func() error
}

// start builds the programs and starts the server. The caller MUST close it.
func start(ctx context.Context) (m *machine, err error) {
	m = &machine{}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	// On disk, where /tmp may be in memory, and open to the user the server runs as.
	if m.dir, err = os.MkdirTemp("/var/tmp", "helpdesk-httpbench-"); err != nil {
		return m, err
	}
	m.closing = append(m.closing, func() error { return localpg.Discard(m.dir) })
	if err := os.Chmod(m.dir, 0o711); err != nil {
		return m, err
	}
	say("building")
	m.helpdesk, m.floor = filepath.Join(m.dir, "helpdesk"), filepath.Join(m.dir, "floor")
	for binary, source := range map[string]string{m.helpdesk: "helpdesk/cmd/helpdesk", m.floor: "helpdesk/test/floor"} {
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, source).CombinedOutput(); err != nil {
			return m, fmt.Errorf("build %s: %w\n%s", source, err, out)
		}
	}
	if m.pg, err = localpg.Start(ctx, localpg.Config{DataDir: m.dir, BinDir: os.Getenv("HELPDESK_PG_BIN")}); err != nil {
		return m, err
	}
	m.closing = append(m.closing, func() error { return m.pg.Stop(context.Background()) })
	if m.admin, err = pgx.Connect(ctx, m.pg.URL(localpg.SuperRole, "postgres")); err != nil {
		return m, err
	}
	m.closing = append(m.closing, func() error { return m.admin.Close(context.Background()) })
	return m, nil
}

// close ends what was started, the last first.
func (m *machine) close() error {
	var errs []error
	for i := len(m.closing) - 1; i >= 0; i-- {
		errs = append(errs, m.closing[i]())
	}
	return errors.Join(errs...)
}

// started ends a program with the machine.
func (m *machine) started(p *program.Program, err error) (*program.Program, error) {
	if err == nil {
		m.closing = append(m.closing, func() error { p.Kill(); return nil })
	}
	return p, err
}

// serveFloor starts the floor on a database of its own with so many rows.
func (m *machine) serveFloor(ctx context.Context, rows int) (*program.Program, error) {
	const name = "floor"
	if err := m.pg.CreateDatabase(ctx, name, ""); err != nil {
		return nil, err
	}
	args := []string{"-database", m.pg.URL(localpg.OwnerRole, name), "-fill", strconv.Itoa(rows)}
	p, err := m.started(program.Start(m.floor, args, os.Environ()))
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, m.pg.URL(localpg.SuperRole, name))
	if err != nil {
		return nil, err
	}
	return p, errors.Join(tidy(ctx, conn), conn.Close(ctx))
}

// tidy does what the server does by and by after so many writes, so that it does not
// do it while something is measured.
func tidy(ctx context.Context, conn *pgx.Conn) error {
	for _, statement := range []string{"VACUUM (ANALYZE)", "CHECKPOINT"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// desk is a database of the helpdesk, and who is in it.
type desk struct {
	*machine
	name    string
	tickets int
	conn    *pgx.Conn // as the server's superuser
	people  load.People
	filled  time.Duration
}

// fill makes a database with so many tickets.
func (m *machine) fill(ctx context.Context, name string, tickets int) (*desk, error) {
	d := &desk{machine: m, name: name, tickets: tickets}
	if err := m.pg.CreateDatabase(ctx, d.name, ""); err != nil {
		return nil, err
	}
	say("filling a database with %d tickets", tickets)
	began := time.Now()
	cmd := exec.CommandContext(ctx, m.helpdesk, "demo", "--tickets", strconv.Itoa(tickets))
	var out bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = d.environ(d.url()), io.MultiWriter(&out, os.Stderr), os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("fill the database: %w", err)
	}
	d.filled = time.Since(began)
	say("filled in %s", d.filled.Round(time.Second))
	if err := d.meet(out.String()); err != nil {
		return nil, err
	}
	var err error
	if d.conn, err = pgx.Connect(ctx, m.pg.URL(localpg.SuperRole, d.name)); err != nil {
		return nil, err
	}
	m.closing = append(m.closing, func() error { return d.conn.Close(context.Background()) })
	return d, tidy(ctx, d.conn)
}

var (
	password = regexp.MustCompile(`password (\S+), such as`)
	someone  = regexp.MustCompile(`(\S+) \((user|agent|admin)\)`)
)

// meet finds people and their password in what helpdesk demo printed.
func (d *desk) meet(out string) error {
	found := password.FindStringSubmatch(out)
	if found == nil {
		return fmt.Errorf("helpdesk demo printed no password: %s", out)
	}
	d.people.Password = found[1]
	for _, one := range someone.FindAllStringSubmatch(out, -1) {
		switch one[2] {
		case "user":
			d.people.User = one[1]
		case "agent":
			d.people.Agent = one[1]
		case "admin":
			d.people.Admin = one[1]
		}
	}
	return nil
}

func (d *desk) url() string { return d.pg.URL(localpg.ServiceRole, d.name) }

// environ is the environment of a program on the desk, which it reaches at url.
func (d *desk) environ(url string) []string {
	return program.Environ("HELPDESK_DATABASE_URL="+url, "HELPDESK_DATABASE_OWNER_URL="+d.pg.URL(localpg.OwnerRole, d.name),
		"HELPDESK_DATA_DIR="+filepath.Join(d.dir, d.name), "HELPDESK_MASTER_KEY="+keys.Master, "HELPDESK_LOG_LEVEL=error")
}

// serve starts the helpdesk, which reaches its database at url.
func (d *desk) serve(url string) (*program.Program, error) {
	return d.started(program.Start(d.helpdesk, []string{"serve"}, d.environ(url)))
}

// address is host and port of a program.
func address(p *program.Program) string { return strings.TrimPrefix(p.URL, "http://") }
