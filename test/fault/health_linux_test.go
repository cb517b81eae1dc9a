package fault

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// told is within what time it is to be seen that nothing can be written, and mended
// that it can again. The machine of a test may be slow: it is logged, and fails above
// several times that.
const (
	told   = 5 * time.Second
	mended = time.Second
	slow   = 4
)

// requestTime is the default, which programs of tests have not.
const requestTime = "HELPDESK_REQUEST_TIME=4.5s"

// within fails the test where something took far longer than it is to.
func within(t *testing.T, what string, since time.Time, limit time.Duration) {
	t.Helper()
	took := time.Since(since)
	t.Logf("%s: after %v", what, took.Round(10*time.Millisecond))
	if took > slow*limit {
		t.Errorf("%s after %v, want %v", what, took, limit)
	}
}

// fault is something that happens to a service and its database.
type fault struct {
	program *program.Program
	who     *program.Client
	text    string // of each ticket that is written meanwhile
	code    string // the reason for programs
	reason  string // the words in the answer to a client
	logged  string // Postgres's own text, or what stands for it where it has none
	begin   func(t *testing.T) (end func())
}

// TestFaultsNameTheirReason has each fault happen while somebody writes, looks that
// /readyz, the metrics, the log and a client's answer name it in time, ends it, and looks
// that the service goes on in time and has lost nothing that it acknowledged.
func TestFaultsNameTheirReason(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(t *testing.T) fault{
		"the disk of the database is full": diskFull,
		"a row of the log is locked":       logLocked,
		"the database is stopped":          databaseStopped,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := happens(t)
			l := keepWriting(t, f.who, f.text)
			l.acknowledged(t, time.Time{})

			end := f.begin(t)
			begun := time.Now()
			f.shows(t, begun)
			refusal := l.refused(t, begun, f.reason)
			t.Logf("a client was told after %v: %s: %s", refusal.began.Add(refusal.took).Sub(begun).Round(10*time.Millisecond), refusal.code, refusal.detail)
			if refusal.took > slow*told {
				t.Errorf("a client waited for %v, want %v at most", refusal.took, told)
			}

			end()
			ended := time.Now()
			l.acknowledged(t, ended)
			within(t, "a write is taken", ended, mended)
			f.ready(t, ended)
			l.check(t)
		})
	}
}

// shows waits until /readyz, the metrics and the log name the reason.
func (f fault) shows(t *testing.T, since time.Time) {
	t.Helper()
	operator := f.program.Client(t)
	eventually(t, "not ready for "+f.code, func(ctx context.Context) bool {
		a, err := operator.Do(ctx, "GET", "/readyz", nil)
		return err == nil && a.Status == http.StatusServiceUnavailable && strings.Contains(string(a.Body), `"`+f.code+`"`)
	})
	within(t, "/readyz names "+f.code, since, told)
	eventually(t, "the metric of "+f.code, func(ctx context.Context) bool { return f.metric(ctx, operator) == "1" })
	within(t, "the metric names "+f.code, since, told)
	if line := logLine(f.program, `level=ERROR msg="nothing can be written" reason=`+f.code); !strings.Contains(line, f.logged) {
		t.Errorf("the log does not name %s with %q:\n%s", f.code, f.logged, f.program.Log())
	} else {
		t.Logf("the log: %s", line)
	}
}

// logLine returns the first line of the log of a program that holds a text.
func logLine(p *program.Program, text string) string {
	for line := range strings.Lines(p.Log()) {
		if strings.Contains(line, text) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// metric returns the value of helpdesk_write_trouble for the reason.
func (f fault) metric(ctx context.Context, operator *program.Client) string {
	return metric(ctx, operator, fmt.Sprintf("helpdesk_write_trouble{reason=%q}", f.code))
}

// metric returns the value of a metric, "" where there is none.
func metric(ctx context.Context, operator *program.Client, name string) string {
	a, err := operator.Do(ctx, "GET", "/metrics", nil)
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(a.Body), "\n"+name+" ")
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

// ready waits until nothing names the reason any more.
func (f fault) ready(t *testing.T, since time.Time) {
	t.Helper()
	operator := f.program.Client(t)
	eventually(t, "ready", func(ctx context.Context) bool {
		a, err := operator.Do(ctx, "GET", "/readyz", nil)
		return err == nil && a.Status == http.StatusOK
	})
	within(t, "/readyz is ready", since, mended)
	if value := f.metric(t.Context(), operator); value != "0" {
		t.Errorf("the metric of %s is %q", f.code, value)
	}
}

// diskFull fills the file system of the embedded Postgres, where this process may mount
// one of its own.
func diskFull(t *testing.T) fault {
	t.Helper()
	dir := program.DataDir(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=300m,mode=0711"); err != nil {
		t.Skipf("this process may not mount a file system of its own, which a full disk needs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	p := program.Serve(t, "HELPDESK_DATA_DIR="+dir, requestTime)
	return fault{
		program: p, who: signUp(t, p, 1)[0], text: strings.Repeat("It smokes. ", 1000),
		code: "disk_full", reason: "disk_full: the disk of the database is full", logged: "No space left on device",
		begin: func(t *testing.T) (end func()) {
			ballast := filepath.Join(dir, "ballast")
			fill(t, ballast)
			return func() {
				if err := os.Remove(ballast); err != nil {
					t.Fatal(err)
				}
			}
		},
	}
}

// fill writes a file until there is no room.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for block := make([]byte, size); err == nil; {
			_, err = f.Write(block)
		}
		err = nil
	}
}

func logLocked(t *testing.T) fault {
	t.Helper()
	db := pgtest.New(t)
	h := program.OpenOn(t, db, requestTime)
	return fault{
		program: h.Program, who: h.Admin.Client, text: "It smokes.",
		code: "log_locked", reason: "log_locked: another session of the database holds a lock on log_head", logged: "canceling statement due to lock timeout",
		begin: func(t *testing.T) (end func()) { return hold(t, super(t, db), `SELECT FROM log_head FOR UPDATE`) },
	}
}

// databaseStopped stops the embedded Postgres with all its processes, on a machine that
// tells which they are.
func databaseStopped(t *testing.T) fault {
	t.Helper()
	dir := program.DataDir(t)
	p := program.Serve(t, "HELPDESK_DATA_DIR="+dir, requestTime)
	pid, err := postmaster(dir)
	if err != nil {
		t.Fatal(err)
	}
	everybody := func(sig syscall.Signal) {
		for _, pid := range append(childrenOf(t, pid), pid) {
			_ = syscall.Kill(pid, sig) // one may have ended
		}
	}
	return fault{
		program: p, who: signUp(t, p, 1)[0], text: "It smokes.",
		code: "database_unavailable", reason: "unavailable: the database does not answer", logged: "deadline exceeded",
		begin: func(t *testing.T) (end func()) {
			everybody(syscall.SIGSTOP)
			t.Cleanup(func() { everybody(syscall.SIGCONT) })
			return func() { everybody(syscall.SIGCONT) }
		},
	}
}

// hold runs a statement that takes a lock, which it has until release.
func hold(t *testing.T, conn *pgx.Conn, sql string) (release func()) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func super(t *testing.T, db *pgtest.DB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// childrenOf returns the processes that one started.
func childrenOf(t *testing.T, parent int) (pids []int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", parent))
	if err != nil {
		t.Skipf("the system does not tell whose children processes are: %v", err)
	}
	for field := range strings.FieldsSeq(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}
