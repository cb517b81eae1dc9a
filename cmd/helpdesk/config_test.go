package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
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

// nonsense is a value that a setting cannot have.
type nonsense struct {
	name  string // the variable
	value string
	says  string // of what would be right
	with  map[string]string
}

const (
	databaseURL = "HELPDESK_DATABASE_URL"
	ownerURL    = "HELPDESK_DATABASE_OWNER_URL"
	aDatabase   = "postgres://desk:zaunkoenig@db.example.com/desk"
)

// besideDatabase are the settings beside which the owner's URL is right or wrong.
var besideDatabase = map[string]string{databaseURL: aDatabase}

// refusedValues has at least one value of each setting, and zaunkoenig where there is a
// secret in it.
var refusedValues = []nonsense{
	{name: "HELPDESK_BLOBS_URL", value: "ftp://store/attachments", says: "file:///"},
	{name: "HELPDESK_ATTACHMENT_SCAN", value: "http://localhost:3310", says: "clamd://"},
	{name: "HELPDESK_BLOBS_URL", value: "file://relative/attachments", says: "file:///"},
	{name: "HELPDESK_ATTACHMENT_MAX", value: "0", says: "1 to"},
	{name: "HELPDESK_LMTP_ADDR", value: "2424", says: "127.0.0.1:2424"},
	{name: "HELPDESK_MAIL_MAX", value: "100", says: "from 1024 to"},
	{name: "HELPDESK_MAIL_LOOP_LIMIT", value: "-1", says: "0, or from 1 to 100000"},
	{name: "HELPDESK_MAIL_AUTHSERV_ID", value: "mx.example.com; dmarc=pass", says: "mx.example.com"},
	{name: "HELPDESK_ATTACHMENT_BLOCKED", value: ".exe,bat", says: ".exe"},
	{name: "HELPDESK_ADDR", value: "8000", says: "127.0.0.1:8000"},
	{name: "HELPDESK_ADDR", value: "", says: "127.0.0.1:8000"},
	{name: "HELPDESK_ADDR", value: "127.0.0.1:99999", says: "from 0 to 65535"},
	{name: "HELPDESK_ADDR", value: "127.0.0.1:http", says: "from 0 to 65535"},
	{name: "HELPDESK_ADDR", value: "not a host:80", says: "127.0.0.1:8000"},
	{name: "HELPDESK_METRICS_ADDR", value: "localhost", says: "host and port"},
	{name: "HELPDESK_METRICS_ADDR", value: "127.0.0.1:8000", says: "HELPDESK_ADDR listens there: use another port"},
	{name: "HELPDESK_METRICS_ADDR", value: ":8000", says: "HELPDESK_ADDR listens there: use another port"},
	{name: databaseURL, value: "mysql://desk:zaunkoenig@db/desk", says: "postgres://"},
	{name: databaseURL, value: "desk:zaunkoenig@db/desk", says: "postgres://"},
	{name: databaseURL, value: "host=db user=desk password=zaunkoenig", says: "postgres://"},
	{name: databaseURL, value: "postgres://desk:zaunkoenig%ZZ@db/desk", says: "postgres://"},
	{name: databaseURL, value: "postgres://desk:zaunkoenig@db:port/desk", says: "postgres://"},
	{name: databaseURL, value: "postgres://desk:zaunkoenig\n@db/desk", says: "postgres://"},
	{name: databaseURL, value: "postgres://desk:zaunkoenig@db:99999/desk", says: "port"},
	{name: databaseURL, value: "postgres://desk:zaunkoenig@db/desk?sslmode=perhaps", says: "sslmode"},
	{name: databaseURL, value: "postgres://desk@db/desk?password=zaunkoenig&sslmode=perhaps", says: "sslmode"},
	{name: databaseURL, value: "postgres://desk:zaunkoenig@db/desk?pool_max_conns=x", says: "pool_max_conns"},
	{name: ownerURL, value: aDatabase, says: databaseURL},
	{name: ownerURL, value: "zaunkoenig", with: besideDatabase, says: "postgres://"},
	{name: ownerURL, value: "postgres://desk:zaunkoenig@db/desk?sslmode=perhaps", with: besideDatabase, says: "sslmode"},
	{name: "HELPDESK_DATABASE_CONNS", value: "3", says: "a whole number from 4 to 10000"},
	{name: "HELPDESK_DATABASE_CONNS", value: "many", says: "a whole number from 4 to 10000"},
	{name: "HELPDESK_DATABASE_CONNS", value: "99999999999", says: "a whole number from 4 to 10000"},
	{name: "HELPDESK_DATA_DIR", value: "", says: "./var"},
	{name: "HELPDESK_DATA_DIR", value: "var\n", says: "./var"},
	{name: "HELPDESK_PG_BIN", value: "/nowhere/bin", says: "the program postgres"},
	{name: "HELPDESK_MASTER_KEY", value: "zaunkoenig", says: "32 bytes in base64"},
	{name: "HELPDESK_MASTER_KEY", value: "zaunkoenig==", says: "32 bytes in base64"},
	{name: "HELPDESK_PUBLIC_URL", value: "desk.example.com", says: "https://"},
	{name: "HELPDESK_PUBLIC_URL", value: "ftp://desk.example.com", says: "https://"},
	{name: "HELPDESK_PUBLIC_URL", value: "httpx://desk.example.com", says: "https://"},
	{name: "HELPDESK_PUBLIC_URL", value: "https://desk.example.com/?a=b", says: "without query"},
	{name: "HELPDESK_PUBLIC_URL", value: "https://desk.example.com/#top", says: "without query and fragment"},
	{name: "HELPDESK_PUBLIC_URL", value: "https://desk:zaunkoenig@desk.example.com", says: "without user and password"},
	{name: "HELPDESK_PUBLIC_URL", value: "https://desk.example.com:99999", says: "from 1 to 65535"},
	{name: "HELPDESK_PUBLIC_URL", value: "https://:8443", says: "https://"},
	{name: "HELPDESK_PUBLIC_URL", value: "https://de_sk!.example.com", says: "https://"},
	{name: "HELPDESK_AGENT_VISIBILITY", value: "none", says: "assigned, queue, all"},
	{name: "HELPDESK_RATE_LIMIT", value: "-1", says: "0, or from 1 to 1000000"},
	{name: "HELPDESK_RATE_LIMIT", value: "4294967295", says: "0, or from 1 to 1000000"},
	{name: "HELPDESK_REQUEST_TIME", value: "1ns", says: "0, or from 100ms to 1m"},
	{name: "HELPDESK_REQUEST_TIME", value: "24h", says: "0, or from 100ms to 1m"},
	{name: "HELPDESK_REQUEST_TIME", value: "5", says: "a span of time such as"},
	{name: "HELPDESK_TICKET_COMMENTS", value: "-1", says: "0, or from 1 to 1000000"},
	{name: "HELPDESK_TICKET_BYTES", value: "10", says: "0, or from 100000 to 1000000000"},
	{name: "HELPDESK_TICKETS_PER_HOUR", value: "5000", says: "0, or from 1 to 1000"},
	{name: "HELPDESK_COMMENTS_PER_HOUR", value: "-1", says: "0, or from 1 to 1000"},
	{name: "HELPDESK_TRUSTED_PROXIES", value: "10.0.0.0/33", says: "10.0.0.0/8"},
	{name: "HELPDESK_TRUSTED_PROXIES", value: "proxy", says: "10.0.0.0/8"},
	{name: "HELPDESK_TRUSTED_PROXIES", value: "0.0.0.0/0", says: "too large a network"},
	{name: "HELPDESK_TRUSTED_PROXIES", value: "10.0.0.0/8,::/0", says: "too large a network"},
	{name: "HELPDESK_TRUSTED_PROXIES", value: "::ffff:10.0.0.0/104", says: "10.0.0.0/8"},
	{name: "HELPDESK_ARGON2_MEMORY", value: "7", says: "from 8 to 4194304"},
	{name: "HELPDESK_ARGON2_MEMORY", value: "4194305", says: "from 8 to 4194304"},
	{name: "HELPDESK_ARGON2_MEMORY", value: "24", says: "use 32 or more for 4 lanes", with: map[string]string{"HELPDESK_ARGON2_PARALLELISM": "4"}},
	{name: "HELPDESK_ARGON2_ITERATIONS", value: "0", says: "from 1 to 100"},
	{name: "HELPDESK_ARGON2_PARALLELISM", value: "0", says: "from 1 to 255"},
	{name: "HELPDESK_ARGON2_PARALLELISM", value: "256", says: "from 1 to 255"},
	{name: "HELPDESK_LOG_LEVEL", value: "loud", says: "debug, info, warn, error"},
	{name: "HELPDESK_LOG_LEVEL", value: "", says: "debug, info, warn, error"},
	{name: "HELPDESK_LOG_FORMAT", value: "xml", says: "text, json"},
	{name: "HELPDESK_SUPERUSER_PASSWORD", value: "koenig", says: "at least 8 characters"},
	{name: "HELPDESK_REOPEN_ON_REPLY", value: "maybe", says: "use true or false"},
	{name: "HELPDESK_AUDIT_KEY", value: "/", says: "the path of a file"},
	{name: "HELPDESK_AUDIT_ORIGIN", value: "our log", says: "no spaces"},
	{name: "HELPDESK_CHECKPOINT_SINK", value: "ftp://witness.example.com/desk", says: "use https:// or mailto:"},
	{name: "HELPDESK_CHECKPOINT_SINK", value: "https:///desk", says: "https://witness.example.com/desk"},
	{name: "HELPDESK_CHECKPOINT_SINK", value: "mailto:auditor", says: "mailto:auditor@example.com"},
	{name: "HELPDESK_CHECKPOINT_SINK", value: "/", says: "the path of a file"},
	{name: "HELPDESK_CHECKPOINT_SINK", value: "gopher://desk:zaunkoenig@witness.example.com", says: "use https:// or mailto:"},
	{name: "HELPDESK_CHECKPOINT_INTERVAL", value: "0", says: "from 1s to 8784h"},
	{name: "HELPDESK_SMTP_URL", value: "smtp://desk:zaunkoenig@mail:99999", says: "port"},
	{name: "HELPDESK_SMTP_URL", value: "http://desk:zaunkoenig@mail", says: "smtp"},
	{name: "HELPDESK_SMTP_HELLO", value: "our desk", says: "desk.example.com"},
	{name: "HELPDESK_MAIL_FROM", value: "the desk", says: "mail address"},
	{name: "HELPDESK_MAIL_BOUNCE_ADDRESS", value: "bounces", says: "mail address"},
	{name: "HELPDESK_MAIL_PER_HOUR", value: "-1", says: "0, or from 1 to 1000"},
	{name: "HELPDESK_MAIL_RETRY_MIN", value: "0", says: "from 100ms to 24h"},
	{name: "HELPDESK_MAIL_RETRY_MIN", value: "2000h", says: "from 100ms to 24h"},
	{name: "HELPDESK_ESCALATE_HIGH", value: "-1h", says: "2h30m"},
	{name: "HELPDESK_ESCALATE_HIGH", value: "1ns", says: "0, or from 100ms to 87600h"},
	{name: "HELPDESK_ESCALATE_MEDIUM", value: "4", says: "2h30m"},
	{name: "HELPDESK_ESCALATE_LOW", value: "soon", says: "2h30m"},
	{name: "HELPDESK_ESCALATE_STATUSES", value: "open,closed", says: "open, in-progress"},
}

// secret reports whether the values of a setting are not to be shown, whatever they are.
func secret(name string) bool {
	return strings.HasSuffix(name, "_URL") && name != "HELPDESK_PUBLIC_URL" || strings.HasSuffix(name, "_KEY") && name != "HELPDESK_AUDIT_KEY" ||
		strings.HasSuffix(name, "_PASSWORD")
}

func TestEachSettingHasAValueThatIsRefused(t *testing.T) {
	for _, settings := range append(modules().Settings(), new(config.Config)) {
		for _, s := range config.Settings(settings) {
			if !slices.ContainsFunc(refusedValues, func(c nonsense) bool { return c.name == s.Name }) {
				t.Errorf("%s has no value that is refused, among refusedValues", s.Name)
			}
		}
	}
}

func TestValueThatIsNotAllowedIsRefusedInOneLineThatNamesIt(t *testing.T) {
	for _, c := range refusedValues {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			setAlone(t, c.with)
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
				if _, number := strconv.ParseFloat(strings.TrimRight(c.value, "hmns"), 64); !secret(c.name) && number != nil &&
					!strings.Contains(c.value, "zaunkoenig") && !strings.Contains(line, fmt.Sprintf("%q", c.value)) {
					t.Errorf("%s: got %q, without the value", subcommand, line)
				}
				if strings.Contains(line, "zaunkoenig") || (secret(c.name) && strings.Contains(line, fmt.Sprintf("%q", c.value))) {
					t.Errorf("%s: got %q, with the secret in it", subcommand, line)
				}
			}
		})
	}
}
