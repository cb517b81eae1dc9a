package e2e

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// TestAnalystLogins makes a login, works with it, and drops it.
func TestAnalystLogins(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	env := program.On(db)
	name := db.Name + "_ada" // logins are the server's, which other tests share
	run := func(stdin string, args ...string) (string, error) {
		stdout, stderr, err := program.Run(t.Context(), t, stdin, env, append([]string{"analyst"}, args...)...)
		return stdout + stderr, err
	}
	must := func(stdin string, args ...string) string {
		t.Helper()
		said, err := run(stdin, args...)
		if err != nil {
			t.Fatalf("analyst %v: %v\n%s", args, err, said)
		}
		return said
	}

	said := must("", "create", name)
	_, after, _ := strings.Cut(said, "Password  ")
	if password, _, _ := strings.Cut(after, " "); len(password) < 20 || !strings.Contains(said, "dbname="+db.Name+" user="+name) {
		t.Errorf("it said:\n%s", said)
	}
	if said := must("", "list"); !strings.Contains(said, name+"\n") {
		t.Errorf("the list has no %s:\n%s", name, said)
	}
	if said, err := run("", "create", name); err == nil || !strings.Contains(said, "already") {
		t.Errorf("the same name again: %v\n%s", err, said)
	}

	login, err := url.Parse(db.ServiceURL)
	if err != nil {
		t.Fatal(err)
	}
	login.User = url.User(name)
	conn, err := pgx.Connect(t.Context(), login.String())
	if err != nil {
		t.Fatal(err)
	}
	var tickets int
	var timeout, readOnly string
	const q = `SELECT (SELECT count(*) FROM tickets), current_setting('statement_timeout'), current_setting('default_transaction_read_only')`
	if err := conn.QueryRow(t.Context(), q).Scan(&tickets, &timeout, &readOnly); err != nil || timeout != "5min" || readOnly != "on" {
		t.Errorf("an analyst's session: %v, statement_timeout %s, read only %s", err, timeout, readOnly)
	}
	if _, err := conn.Exec(t.Context(), `SELECT * FROM public.events`); err == nil {
		t.Error("an analyst reads the log")
	}
	conn.Close(t.Context())

	must("", "drop", name)
	if said, err := run("", "drop", name); err == nil || !strings.Contains(said, "not an analyst") {
		t.Errorf("dropped again: %v\n%s", err, said)
	}
	if said, err := run("", "drop", "helpdesk_owner"); err == nil || !strings.Contains(said, "not an analyst") {
		t.Errorf("somebody else dropped: %v\n%s", err, said)
	}
	said = must("a password of theirs\n", "create", name, "--password-stdin")
	if strings.Contains(said, "a password of theirs") || strings.Contains(said, "Password") {
		t.Errorf("it tells the password it was given:\n%s", said)
	}
	must("", "drop", name)
	if said, err := run("", "create", name, "--password-stdin"); err == nil || !strings.Contains(said, "no line on standard input") {
		t.Errorf("without a password: %v\n%s", err, said)
	}
	for stdin, args := range map[string][]string{
		"":      {"create", "Ada; DROP TABLE x"},
		"short": {"create", name, "--password-stdin"},
	} {
		if said, err := run(stdin, args...); err == nil {
			t.Errorf("analyst %v with %q was taken:\n%s", args, stdin, said)
		}
	}
}
