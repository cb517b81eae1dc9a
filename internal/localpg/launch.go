package localpg

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// maxLogBytes is the size from which a start sets the server's log aside.
const maxLogBytes = 10 << 20

// launch starts the server and returns once it accepts connections. No server
// is left behind when it fails.
func (s *Server) launch(ctx context.Context) (*process, error) {
	if err := s.layout.clearRemains(s.socketDir, s.log); err != nil {
		return nil, err
	}
	logFile, err := s.layout.openLog()
	if err != nil {
		return nil, err
	}
	defer logFile.Close() // the child has its own
	start, err := logFile.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("find the end of the log: %w", err)
	}
	cmd := exec.Command(filepath.Join(s.bin.Dir, "postgres"), s.arguments()...)
	cmd.Dir = s.layout.data
	cmd.Env = childEnv()
	cmd.Stdout, cmd.Stderr = logFile, logFile
	child, err := spawn(cmd, s.layout.acct, s.cfg.stopSignal())
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	if err := s.awaitReady(ctx, child); err != nil {
		child.stop(ctx, syscall.SIGQUIT)
		return nil, fmt.Errorf("%w; %s ends with:\n%s", err, s.layout.log, tail(s.layout.log, start))
	}
	return child, nil
}

// arguments are what must hold whatever postgresql.conf says.
func (s *Server) arguments() []string {
	settings := map[string]string{
		"listen_addresses":        "",
		"port":                    "5432",
		"unix_socket_directories": `"` + strings.ReplaceAll(s.socketDir, `"`, `""`) + `"`,
		"unix_socket_permissions": "0700",
		"logging_collector":       "off",
		// What somebody typed has no place in the log, which no erasure reaches: details
		// hold rows, as of a taken address, and statements hold literals.
		"log_error_verbosity":               "terse",
		"log_min_error_statement":           "panic",
		"log_statement":                     "none",
		"log_parameter_max_length":          "0",
		"log_parameter_max_length_on_error": "0",
		"log_destination":                   "stderr",
	}
	if s.cfg.Throwaway {
		for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
			settings[name] = "off"
		}
	}
	maps.Copy(settings, s.cfg.Settings)
	args := []string{"-D", s.layout.data}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// awaitReady waits until child accepts connections, which takes a recovery's
// time after a crash, or until it ended. It goes by the server's own note:
// every attempt to connect before that would leave a line in its log.
func (s *Server) awaitReady(ctx context.Context, child *process) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if pid, ready := readNote(s.layout.data); ready && pid == child.pid {
			return s.ping(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the embedded Postgres: %w", context.Cause(ctx))
		case <-child.exited:
			return fmt.Errorf("the embedded Postgres ended at its start: %w", child.err)
		case <-tick.C:
		}
	}
}

func (e endpoint) ping(ctx context.Context) error {
	conn, err := e.connect(ctx, SuperRole, "postgres")
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func (e endpoint) connect(ctx context.Context, role, database string) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, e.URL(role, database))
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded Postgres: %w", err)
	}
	return conn, nil
}

// openLog opens the server's log to append to, set aside first when large.
func (l *layout) openLog() (*os.File, error) {
	if info, err := os.Stat(l.log); err == nil && info.Size() > maxLogBytes {
		if err := os.Rename(l.log, l.log+".1"); err != nil {
			return nil, fmt.Errorf("set the log aside: %w", err)
		}
	}
	f, err := os.OpenFile(l.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of the embedded Postgres: %w", err)
	}
	return f, nil
}

// tail returns the last 2000 bytes of what was written to a file since start.
func tail(name string, start int64) string {
	f, err := os.Open(name)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		start = max(start, info.Size()-2000)
	}
	text, err := io.ReadAll(io.NewSectionReader(f, start, 2000))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}
