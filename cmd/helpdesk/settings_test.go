package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/test/prose"
)

var (
	update     = flag.Bool("update", false, "write docs/config.md")
	configPage = filepath.Join("..", "..", "docs", "config.md")
)

// document returns what docs/config.md is to be: a table of the program's
// settings, and one of those of each module.
func document() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\n" +
		"Every setting is an environment variable; each has a default, so none is needed. A value that is not allowed " +
		"stops the start with a line that names it. This page is made from the structs that declare the settings, " +
		"`Config` in `cmd/helpdesk/config` and those of the modules; a test keeps it true.\n")
	table := func(settings any) {
		b.WriteString("\n| variable | default | what it sets |\n|---|---|---|\n")
		for _, s := range config.Settings(settings) {
			fallback := "(empty)"
			if s.Default != "" {
				fallback = "`" + s.Default + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, fallback, s.Description)
		}
	}
	table(new(config.Config))
	for _, m := range modules() {
		if m.Settings != nil {
			fmt.Fprintf(&b, "\n## %s%s\n", strings.ToUpper(m.Name[:1]), m.Name[1:])
			table(m.Settings)
		}
	}
	return prose.Wrap(b.String())
}

func TestConfigPageIsWhatTheProgramReads(t *testing.T) {
	want := document()
	if *update {
		if err := os.WriteFile(configPage, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(configPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/config.md is not true any more; go test ./cmd/helpdesk -run ConfigPage -update writes it (-want +got):\n%s", diff)
	}
}

func TestEverySettingIsDescribed(t *testing.T) {
	for _, settings := range append(modules().Settings(), new(config.Config)) {
		for _, s := range config.Settings(settings) {
			if !strings.HasSuffix(s.Description, ".") || strings.Contains(s.Description, "|") {
				t.Errorf("%s is described as %q, want sentences that fit a cell", s.Name, s.Description)
			}
		}
	}
}

// examples is a value for each setting that is not its default, as Go prints it.
var examples = map[string]string{
	"HELPDESK_ADDR":                "0.0.0.0:80",
	"HELPDESK_DATABASE_URL":        "postgres://desk:zaunkoenig@db.example.com/desk",
	"HELPDESK_DATABASE_OWNER_URL":  "postgres://owner:zaunkoenig@db.example.com/desk",
	"HELPDESK_DATABASE_CONNS":      "7",
	"HELPDESK_DATA_DIR":            "/srv/desk",
	"HELPDESK_PG_BIN":              "/opt/pg/bin",
	"HELPDESK_MASTER_KEY":          "dGhpcyBtYXN0ZXIga2V5IGlzIG5vIHNlY3JldCBhdCA=",
	"HELPDESK_PUBLIC_URL":          "https://desk.example.com",
	"HELPDESK_AGENT_VISIBILITY":    "all",
	"HELPDESK_ESCALATE_HIGH":       "2s",
	"HELPDESK_ESCALATE_MEDIUM":     "1h30m0s",
	"HELPDESK_ESCALATE_LOW":        "0s",
	"HELPDESK_ESCALATE_STATUSES":   "in-progress,open",
	"HELPDESK_SMTP_URL":            "smtp://ann:zaunkoenig@mail.example.com:587",
	"HELPDESK_SMTP_HELLO":          "desk.example.com",
	"HELPDESK_MAIL_BOUNCE_ADDRESS": "bounces@example.com",
	"HELPDESK_MAIL_FROM":           "Desk <desk@example.com>",
	"HELPDESK_MAIL_RETRY_MIN":      "1s",
	"HELPDESK_TICKETS_PER_HOUR":    "10",
	"HELPDESK_COMMENTS_PER_HOUR":   "0",
	"HELPDESK_MAIL_PER_HOUR":       "50",
	"HELPDESK_RATE_LIMIT":          "60",
	"HELPDESK_TICKET_COMMENTS":     "100",
	"HELPDESK_TICKET_BYTES":        "1000000",
	"HELPDESK_REQUEST_TIME":        "10s",
	"HELPDESK_TRUSTED_PROXIES":     "10.0.0.0/8,::1/128",
	"HELPDESK_ARGON2_MEMORY":       "65536",
	"HELPDESK_ARGON2_ITERATIONS":   "3",
	"HELPDESK_ARGON2_PARALLELISM":  "4",
	"HELPDESK_AUDIT_KEY":           "/srv/log.key",
	"HELPDESK_AUDIT_ORIGIN":        "desk.example.com/log",
	"HELPDESK_CHECKPOINT_SINK":     "mailto:auditor@example.com",
	"HELPDESK_CHECKPOINT_INTERVAL": "24h0m0s",
	"HELPDESK_METRICS_ADDR":        "127.0.0.1:9100",
	"HELPDESK_LOG_LEVEL":           "WARN",
	"HELPDESK_LOG_FORMAT":          "json",
	"HELPDESK_REOPEN_ON_REPLY":     "false",
	"HELPDESK_ATTACHMENT_SCAN":     "unix:///run/clamav/clamd.ctl",
	"HELPDESK_BLOBS_URL":           "file:///srv/attachments",
	"HELPDESK_ATTACHMENT_MAX":      "1000",
	"HELPDESK_LMTP_ADDR":           "127.0.0.1:2424",
	"HELPDESK_MAIL_MAX":            "1000000",
	"HELPDESK_MAIL_LOOP_LIMIT":     "50",
	"HELPDESK_MAIL_AUTHSERV_ID":    "mx.example.com",
	"HELPDESK_ATTACHMENT_BLOCKED":  ".exe,.js",
	"HELPDESK_SUPERUSER_PASSWORD":  "zaunkoenig",
}

func TestEverySettingArrivesFromTheVariableOfItsName(t *testing.T) {
	setAlone(t, examples)
	all := modules()
	c, unknown, err := all.Load(os.Environ())
	if err != nil || len(unknown) > 0 {
		t.Fatalf("got %v, unknown %v", err, unknown)
	}
	for _, settings := range append(all.Settings(), &c) {
		for i, s := range config.Settings(settings) {
			want, ok := examples[s.Name]
			if !ok {
				t.Errorf("%s has no example in this test", s.Name)
				continue
			}
			if got := fmt.Sprint(reflect.ValueOf(settings).Elem().Field(i)); got != want {
				t.Errorf("%s=%s arrives as %q", s.Name, want, got)
			}
		}
	}
}

func TestDefaultsAreAllowed(t *testing.T) {
	setAlone(t, nil)
	c, unknown, err := modules().Load(os.Environ())
	if err != nil || len(unknown) > 0 {
		t.Fatalf("got %v, unknown %v", err, unknown)
	}
	if got, want := c.Addr, "127.0.0.1:8000"; got != want {
		t.Errorf("the address is %q, want %q", got, want)
	}
}

func TestVariablesWithoutThePrefixAreOthers(t *testing.T) {
	setAlone(t, nil)
	t.Setenv("PG_BIN", "/opt/other")
	t.Setenv("DATABASE_URL", "postgres://other/db")
	c, unknown, err := modules().Load(os.Environ())
	if err != nil || len(unknown) > 0 || c.PGBin != "" || c.DatabaseURL != "" {
		t.Errorf("got %+v, unknown %v, %v; want none of it read", c, unknown, err)
	}
}

func TestUnknownVariablesOfThePrefixAreNamed(t *testing.T) {
	setAlone(t, map[string]string{
		"HELPDESK_LOG_LEVL": "debug", "HELPDESK_ADDRESS": ":80", "HELPDESK_ADDR": ":80", "HELPDESK_ESCALATE_HIGH": "2h", "HELPDESKX": "",
	})
	_, unknown, err := modules().Load(os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"HELPDESK_ADDRESS", "HELPDESK_LOG_LEVL"}, unknown); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
}
