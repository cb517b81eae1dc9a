package localpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// defaultConf is added to a new postgresql.conf, where it may be changed.
const defaultConf = `
# Set by helpdesk when it made this folder; change what you like.
cluster_name = 'helpdesk'
shared_buffers = 256MB
max_connections = 200
max_wal_size = 2GB
checkpoint_timeout = 15min
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
`

// onlyLocal replaces pg_hba.conf: the folder of the socket is the gate.
const onlyLocal = "# The socket's folder can be entered by the server's user alone.\nlocal all all trust\n"

// initialise makes the data folder beside its place and then moves it there,
// so that a data folder is complete when it exists.
func (s *Server) initialise(ctx context.Context) error {
	l := s.layout
	if err := l.clearInit(); err != nil {
		return err
	}
	if err := os.Remove(l.data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is no data folder of Postgres and not empty, so it is left alone: %w", l.data, err)
	}
	begun := time.Now()
	s.log.Info("making the database of the embedded Postgres", slog.String("folder", l.data), slog.Int("major", s.bin.Major))
	if err := l.makePrivate(l.dataNew); err != nil {
		return err
	}
	if err := s.initdb(ctx); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	if err := os.Rename(l.dataNew, l.data); err != nil {
		return fmt.Errorf("put the new data folder in its place: %w", err)
	}
	if err := s.cfg.sync(l.dir); err != nil {
		return err
	}
	s.log.Info("made the database of the embedded Postgres", slog.Duration("took", time.Since(begun)))
	return nil
}

func (s *Server) initdb(ctx context.Context) error {
	var out bytes.Buffer
	cmd := exec.Command(filepath.Join(s.bin.Dir, "initdb"), s.initArguments()...)
	cmd.Dir = s.layout.dataNew
	cmd.Env = childEnv()
	cmd.Stdout, cmd.Stderr = &out, &out
	child, err := spawn(cmd, s.layout.acct, syscall.SIGKILL)
	if err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	select {
	case <-child.exited:
	case <-ctx.Done():
		child.stop(ctx, syscall.SIGINT)
		return fmt.Errorf("initdb: %w", context.Cause(ctx))
	}
	if child.err != nil {
		return fmt.Errorf("initdb: %w: %s", child.err, strings.TrimSpace(out.String()))
	}
	return nil
}

// initArguments choose byte order for text, which no update of the system can
// change under an index, and Unicode for what is a letter.
func (s *Server) initArguments() []string {
	ctype := "C.UTF-8"
	if runtime.GOOS == "darwin" {
		ctype = "UTF-8"
	}
	args := []string{
		"--pgdata=" + s.layout.dataNew,
		"--username=" + SuperRole,
		"--auth=trust",
		"--encoding=UTF8",
		"--locale=C",
		"--lc-ctype=" + ctype,
		"--data-checksums",
		"--no-instructions",
	}
	if s.bin.Major >= 17 {
		args = append(args, "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
	}
	if s.cfg.Throwaway {
		args = append(args, "--no-sync")
	}
	return args
}

// configure adds to what initdb wrote. No server has run on the folder yet, so
// there is no link in it that would lead this process astray.
func (s *Server) configure() error {
	hba := filepath.Join(s.layout.dataNew, "pg_hba.conf")
	if err := os.WriteFile(hba, []byte(onlyLocal), 0o600); err != nil {
		return fmt.Errorf("write pg_hba.conf: %w", err)
	}
	conf, err := os.OpenFile(filepath.Join(s.layout.dataNew, "postgresql.conf"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("open postgresql.conf: %w", err)
	}
	_, err = conf.WriteString(defaultConf)
	if err := errors.Join(err, conf.Sync(), conf.Close()); err != nil {
		return fmt.Errorf("write postgresql.conf: %w", err)
	}
	return errors.Join(s.cfg.sync(hba), s.cfg.sync(s.layout.dataNew))
}

// sync makes a file or folder durable.
func (c Config) sync(name string) error {
	if c.Throwaway {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", name, err)
	}
	return nil
}
