package fault

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// named connects as a session that an operator knows by its name, and returns its
// process id with it.
func named(t *testing.T, db *pgtest.DB, name string) (*pgx.Conn, uint32) {
	t.Helper()
	conn := super(t, db)
	if _, err := conn.Exec(t.Context(), `SET application_name = '`+name+`'`); err != nil {
		t.Fatal(err)
	}
	return conn, conn.PgConn().PID()
}

// notReady waits until /readyz names a reason with all of the words, and returns its body.
func notReady(t *testing.T, p *program.Program, code string, words ...string) {
	t.Helper()
	since := time.Now()
	var body string
	defer func() {
		if t.Failed() {
			t.Logf("the last answer of /readyz: %s", body)
		}
	}()
	operator := p.Client(t)
	eventually(t, fmt.Sprintf("not ready for %s with %q", code, words), func(ctx context.Context) bool {
		a, err := operator.Do(ctx, "GET", "/readyz", nil)
		body = string(a.Body)
		for _, word := range append(words, `"`+code+`"`) {
			if !strings.Contains(body, word) {
				return false
			}
		}
		return err == nil && a.Status == http.StatusServiceUnavailable
	})
	within(t, "/readyz names "+code, since, told)
	if value := metric(t.Context(), operator, fmt.Sprintf("helpdesk_write_trouble{reason=%q}", code)); value != "1" {
		t.Errorf("the metric of %s is %q", code, value)
	}
}

// readyAgain waits until nothing is named any more.
func readyAgain(t *testing.T, p *program.Program) {
	t.Helper()
	since := time.Now()
	operator := p.Client(t)
	eventually(t, "ready", func(ctx context.Context) bool {
		a, err := operator.Do(ctx, "GET", "/readyz", nil)
		return err == nil && a.Status == http.StatusOK
	})
	within(t, "/readyz is ready", since, mended)
}

// TestALockIsNamedWithItsTableAndSession has another session hold locks, while nobody
// asks anything of the service, and then while somebody does.
func TestALockIsNamedWithItsTableAndSession(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	h := program.OpenOn(t, db)
	opening := program.Opening("x")
	for _, c := range []struct {
		sql    string
		code   string
		table  string
		method string
		path   string
		body   any
	}{
		{`SELECT FROM log_head FOR UPDATE`, "log_locked", "log_head", "POST", "/api/tickets/", opening},
		{`LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE`, "log_locked", "log_head", "POST", "/api/tickets/", opening},
		{`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`, "log_locked", "events", "POST", "/api/tickets/", opening},
		{`LOCK TABLE events IN SHARE MODE`, "log_locked", "events", "POST", "/api/tickets/", opening},
		{`LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE`, "table_locked", "accounts", "POST", "/api/login/", program.Credentials("root")},
		{`LOCK TABLE read.tickets IN ACCESS EXCLUSIVE MODE`, "table_locked", "read.tickets", "GET", "/api/tickets/", nil},
	} {
		t.Run(c.sql, func(t *testing.T) {
			conn, pid := named(t, db, "night job")
			release := hold(t, conn, c.sql)
			notReady(t, h.Program, c.code, " on "+c.table+":", fmt.Sprintf("session %d (night job)", pid))
			if line := logLine(h.Program, fmt.Sprintf("session %d (night job)", pid)); !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "holds a lock on "+c.table) {
				t.Errorf("the log has %q", line)
			}
			a := h.Admin.Sends(t, c.method, c.path, c.body)
			if text := string(a.Body); a.Status != http.StatusServiceUnavailable || !strings.Contains(text, "holds a lock on "+c.table) || strings.Contains(text, "night job") {
				t.Errorf("a client got %d %s, want 503 with the table and without the session", a.Status, text)
			}
			release()
			readyAgain(t, h.Program)
			if a := h.Admin.Sends(t, c.method, c.path, c.body); a.Status >= 300 {
				t.Errorf("afterwards a client got %d %s", a.Status, a.Body)
			}
		})
	}
}

// TestALockThatIsWaitedForIsNamedWithWhatItWaitsBehind has a migration of somebody's wait
// for a long report, and all others behind it.
func TestALockThatIsWaitedForIsNamedWithWhatItWaitsBehind(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	h := program.OpenOn(t, db)
	report, reporter := named(t, db, "long report")
	end := hold(t, report, `SELECT FROM events`)
	migration, migrator := named(t, db, "migration")
	waited := make(chan error, 1)
	go func() {
		_, err := migration.Exec(context.Background(), `BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE; ROLLBACK`)
		waited <- err
	}()
	notReady(t, h.Program, "log_locked", " on events:", fmt.Sprintf("session %d (migration), which waits for session %d", migrator, reporter))
	end()
	if err := <-waited; err != nil {
		t.Error(err)
	}
	readyAgain(t, h.Program)
}

// TestADatabaseThatIsOnlyReadIsNamed turns a database read-only while the service runs.
func TestADatabaseThatIsOnlyReadIsNamed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	h := program.OpenOn(t, db)
	conn := super(t, db)
	set := func(value string) {
		t.Helper()
		for _, sql := range []string{
			`ALTER DATABASE ` + db.Name + ` SET default_transaction_read_only = ` + value,
			// Sessions go on as they began: these end as they do where a pool renews them.
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'helpdesk%'`,
		} {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := conn.Exec(t.Context(), `SET default_transaction_read_only = off`); err != nil {
		t.Fatal(err)
	}
	set("on")
	notReady(t, h.Program, "read_only", "the database takes no writes")
	if line := logLine(h.Program, "reason=read_only"); !strings.Contains(line, "default_transaction_read_only is on") {
		t.Errorf("the log does not name it:\n%s", h.Log())
	}
	for _, c := range []struct {
		method, path string
		body         any
	}{{"POST", "/api/tickets/", program.Opening("x")}, {"GET", "/api/tickets/", nil}} {
		if a := h.Admin.Sends(t, c.method, c.path, c.body); a.Status != http.StatusServiceUnavailable || !strings.Contains(string(a.Body), "the database takes no writes") {
			t.Errorf("%s %s: a client got %d %s", c.method, c.path, a.Status, a.Body)
		}
	}
	set("off")
	readyAgain(t, h.Program)
	// A connection of the pool that was ended too may be met once more.
	kit.Poll(t, "a ticket is opened", func() bool {
		return h.Admin.Sends(t, "POST", "/api/tickets/", program.Opening("after")).Status == http.StatusCreated
	})
}
