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

// within fails the test where something took far longer than it is to.
func within(t *testing.T, what string, since time.Time, limit time.Duration) {
	t.Helper()
	took := time.Since(since)
	t.Logf("%s: after %v", what, took.Round(10*time.Millisecond))
	if took > slow*limit {
		t.Errorf("%s after %v, want %v", what, took, limit)
	}
}

// shows waits until /readyz, the metrics and the log name the reason.
func shows(t *testing.T, h *program.Helpdesk, code, logged string, since time.Time) {
	t.Helper()
	eventually(t, "not ready for "+code, func(ctx context.Context) bool {
		a, err := h.Client(t).Do(ctx, "GET", "/readyz", nil)
		return err == nil && a.Status == http.StatusServiceUnavailable && strings.Contains(string(a.Body), code)
	})
	within(t, "/readyz names "+code, since, told)
	eventually(t, "the metric of "+code, func(ctx context.Context) bool { return metric(t, ctx, h, code) == "1" })
	if !strings.Contains(h.Log(), `level=ERROR msg="nothing can be written" reason=`+code) || !strings.Contains(h.Log(), logged) {
		t.Errorf("the log does not name %s and %q:\n%s", code, logged, h.Log())
	}
}

// metric returns the value of helpdesk_write_trouble for a reason.
func metric(t *testing.T, ctx context.Context, h *program.Helpdesk, code string) string {
	t.Helper()
	a, err := h.Client(t).Do(ctx, "GET", "/metrics", nil)
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(a.Body), fmt.Sprintf("\nhelpdesk_write_trouble{reason=%q} ", code))
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

// recovers waits until writes are taken and the service is ready.
func recovers(t *testing.T, h *program.Helpdesk, code string) {
	t.Helper()
	since := time.Now()
	eventually(t, "a write", func(ctx context.Context) bool {
		a, err := h.Admin.Do(ctx, "POST", "/api/tickets/", program.Opening("after"))
		return err == nil && a.Status == http.StatusCreated
	})
	within(t, "a write is taken", since, mended)
	eventually(t, "ready", func(ctx context.Context) bool {
		a, err := h.Client(t).Do(ctx, "GET", "/readyz", nil)
		return err == nil && a.Status == http.StatusOK
	})
	within(t, "/readyz is ready", since, mended)
	if value := metric(t, t.Context(), h, code); value != "0" {
		t.Errorf("the metric of %s is %q", code, value)
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

func TestALockedLogIsNamed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	h := program.OpenOn(t, db)
	tx, err := super(t, db).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM log_head FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	since := time.Now()
	a, err := h.Admin.Do(t.Context(), "POST", "/api/tickets/", program.Opening("locked out"))
	if err != nil {
		t.Fatal(err)
	}
	within(t, "the client is told", since, told)
	if a.Status != http.StatusServiceUnavailable || !strings.Contains(string(a.Body), `"log_locked"`) {
		t.Errorf("a write: got %d %s, want 503 log_locked", a.Status, a.Body)
	}
	shows(t, h, "log_locked", "canceling statement due to lock timeout", since)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	recovers(t, h, "log_locked")
	if list := h.Admin.Must(t, http.StatusOK, "GET", "/api/tickets/", nil).Body; strings.Contains(string(list), "locked out") {
		t.Errorf("what was refused was written: %s", list)
	}
}

func TestAStoppedDatabaseIsNamed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Durable())
	h := program.OpenOn(t, db)
	postmaster := postmasterOf(t, db.DataDir(t))
	everybody := func(sig syscall.Signal) {
		for _, pid := range append(childrenOf(t, postmaster), postmaster) {
			_ = syscall.Kill(pid, sig) // one may have ended
		}
	}
	h.Admin.Must(t, http.StatusCreated, "POST", "/api/tickets/", program.Opening("acknowledged"))
	everybody(syscall.SIGSTOP)
	t.Cleanup(func() { everybody(syscall.SIGCONT) })
	shows(t, h, "database_unavailable", "deadline", time.Now())
	everybody(syscall.SIGCONT)
	recovers(t, h, "database_unavailable")
	if list := h.Admin.Must(t, http.StatusOK, "GET", "/api/tickets/", nil).Body; !strings.Contains(string(list), "acknowledged") {
		t.Errorf("what was acknowledged is lost: %s", list)
	}
}

// postmasterOf returns the process of the server of a data folder.
func postmasterOf(t *testing.T, data string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
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

func TestAClockThatWasAheadIsNamed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	h := program.OpenOn(t, db)
	h.Admin.Must(t, http.StatusCreated, "POST", "/api/tickets/", program.Opening("before"))
	if _, err := super(t, db).Exec(t.Context(), `UPDATE log_head SET recorded_at = clock_timestamp() + interval '1 hour'`); err != nil {
		t.Fatal(err)
	}
	since := time.Now()
	const said = "the newest event lies"
	eventually(t, "a warning", func(ctx context.Context) bool {
		a, err := h.Client(t).Do(ctx, "GET", "/readyz", nil)
		return err == nil && a.Status == http.StatusOK && strings.Contains(string(a.Body), said)
	})
	within(t, "/readyz warns", since, told)
	if !strings.Contains(h.Log(), `level=ERROR msg="`+said[:len("the newest event lies")]) {
		t.Errorf("the log does not say so:\n%s", h.Log())
	}
	if text := string(h.Client(t).Must(t, http.StatusOK, "GET", "/metrics", nil).Body); !strings.Contains(text, "\nhelpdesk_log_head_ahead_seconds 3") {
		t.Error("the metric does not say so")
	}
	var opened struct {
		ID        string `json:"id"`
		UpdatedAt string `json:"updated_at"`
	}
	h.Admin.Must(t, http.StatusCreated, "POST", "/api/tickets/", program.Opening("frozen")).Into(t, &opened)
	for _, path := range []string{"/api/tickets/" + opened.ID + "/?as_of=", "/api/tickets/?as_of="} {
		if a := h.Admin.Must(t, http.StatusOK, "GET", path+opened.UpdatedAt, nil); !strings.Contains(string(a.Body), "frozen") {
			t.Errorf("%s%s: %s", path, opened.UpdatedAt, a.Body)
		}
	}
	if a := h.Admin.Must(t, http.StatusOK, "GET", "/api/tickets/?as_of="+time.Now().UTC().Format(time.RFC3339Nano), nil); !strings.Contains(string(a.Body), "before") {
		t.Errorf("as of now: %s", a.Body)
	}
	if a := h.Admin.Must(t, http.StatusOK, "GET", "/api/report/", nil); !strings.Contains(string(a.Body), `"tickets_opened_last_7_days":2`) {
		t.Errorf("the report: %s", a.Body)
	}
}
