package main

import (
	"os"
	"strings"
	"testing"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/cmd/helpdesk/program"
)

// setAlone sets variables and no other of the prefix for the rest of the test.
func setAlone(t *testing.T, variables map[string]string) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, config.Prefix+"_") {
			t.Setenv(name, value) // so that it is back afterwards
			os.Unsetenv(name)
		}
	}
	for name, value := range variables {
		t.Setenv(name, value)
	}
}

func TestValueThatIsNotAllowedIsRefusedInOneLineThatNamesIt(t *testing.T) {
	const (
		url   = "HELPDESK_DATABASE_URL"
		owner = "HELPDESK_DATABASE_OWNER_URL"
		good  = "postgres://desk:zaunkoenig@db.example.com/desk"
	)
	for _, c := range []struct {
		name  string // the variable
		value string
		says  string
		with  string // HELPDESK_DATABASE_URL beside it
	}{
		{name: "HELPDESK_LOG_LEVEL", value: "loud", says: "loud"},
		{name: "HELPDESK_LOG_LEVEL", value: "", says: "not allowed"},
		{name: "HELPDESK_LOG_FORMAT", value: "xml", says: "text, json"},
		{name: "HELPDESK_AGENT_VISIBILITY", value: "none", says: "assigned, queue, all"},
		{name: "HELPDESK_ADDR", value: "8000", says: `"8000"`},
		{name: "HELPDESK_ADDR", value: "", says: "127.0.0.1:8000"},
		{name: "HELPDESK_METRICS_ADDR", value: "localhost", says: `"localhost"`},
		{name: "HELPDESK_PUBLIC_URL", value: "desk.example.com", says: "https://"},
		{name: "HELPDESK_PUBLIC_URL", value: "ftp://desk.example.com", says: "https://"},
		{name: "HELPDESK_PUBLIC_URL", value: "https://desk.example.com/?a=b", says: "https://"},
		{name: "HELPDESK_ESCALATE_HIGH", value: "-1h", says: "2h30m"},
		{name: "HELPDESK_ESCALATE_LOW", value: "soon", says: "2h30m"},
		{name: "HELPDESK_ESCALATE_STATUSES", value: "open,closed", says: "open, in-progress"},
		{name: "HELPDESK_MAIL_FROM", value: "the desk", says: "mail address"},
		{name: "HELPDESK_MAIL_RETRY_MIN", value: "0", says: "above 0"},
		{name: "HELPDESK_MAIL_RETRY_MIN", value: "2000h", says: "24h"},
		{name: "HELPDESK_SMTP_URL", value: "smtp://desk:zaunkoenig@mail:99999", says: "port"},
		{name: "HELPDESK_SMTP_URL", value: "http://desk:zaunkoenig@mail", says: "smtp"},
		{name: "HELPDESK_SMTP_HELLO", value: "our desk", says: "desk.example.com"},
		{name: "HELPDESK_DATABASE_CONNS", value: "3", says: "too few"},
		{name: "HELPDESK_DATABASE_CONNS", value: "many", says: "many"},
		{name: "HELPDESK_DATABASE_CONNS", value: "99999999999", says: "range"},
		{name: "HELPDESK_RATE_LIMIT", value: "-1", says: "whole number"},
		{name: "HELPDESK_TRUSTED_PROXIES", value: "10.0.0.0/33", says: "10.0.0.0/8"},
		{name: "HELPDESK_TRUSTED_PROXIES", value: "proxy", says: "10.0.0.0/8"},
		{name: "HELPDESK_ARGON2_MEMORY", value: "7", says: "use 8 to"},
		{name: "HELPDESK_ARGON2_MEMORY", value: "4194305", says: "use 8 to"},
		{name: "HELPDESK_ARGON2_ITERATIONS", value: "0", says: "use 1 to"},
		{name: "HELPDESK_ARGON2_PARALLELISM", value: "0", says: "1 or more"},
		{name: "HELPDESK_ARGON2_PARALLELISM", value: "256", says: "range"},
		{name: url, value: "mysql://desk:zaunkoenig@db/desk", says: "postgres://"},
		{name: url, value: "desk:zaunkoenig@db/desk", says: "postgres://"},
		{name: url, value: "host=db user=desk password=zaunkoenig", says: "postgres://"},
		{name: url, value: "postgres://desk:zaunkoenig%ZZ@db/desk", says: "postgres://"},
		{name: url, value: "postgres://desk:zaunkoenig@db:port/desk", says: "postgres://"},
		{name: url, value: "postgres://desk:zaunkoenig\n@db/desk", says: "postgres://"},
		{name: url, value: "postgres://desk:zaunkoenig@db:99999/desk", says: "port"},
		{name: url, value: "postgres://desk:zaunkoenig@db/desk?sslmode=perhaps", says: "sslmode"},
		{name: url, value: "postgres://desk@db/desk?password=zaunkoenig&sslmode=perhaps", says: "sslmode"},
		{name: url, value: "postgres://desk:zaunkoenig@db/desk?pool_max_conns=x", says: "pool_max_conns"},
		{name: owner, value: good, says: url},
		{name: owner, value: "zaunkoenig", with: good, says: "postgres://"},
		{name: owner, value: "postgres://desk:zaunkoenig@db/desk?sslmode=perhaps", with: good, says: "sslmode"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			setAlone(t, map[string]string{url: c.with})
			t.Setenv(c.name, c.value)
			for _, subcommand := range []string{"serve", "migrate", "createsuperuser"} {
				root := newCommand()
				root.SetArgs([]string{subcommand})
				err := root.ExecuteContext(t.Context())
				if err == nil {
					t.Fatalf("%s accepts it", subcommand)
				}
				line := program.Explain(err)
				if !strings.HasPrefix(line, c.name+": ") || !strings.Contains(line, c.says) || strings.Contains(line, "\n") {
					t.Errorf("%s: got %q, want one line that begins with %s and holds %q", subcommand, line, c.name, c.says)
				}
				if strings.Contains(line, "zaunkoenig") {
					t.Errorf("%s: got %q, with the password in it", subcommand, line)
				}
			}
		})
	}
}
