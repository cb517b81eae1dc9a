package mail

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"

	"helpdesk/cmd/helpdesk/config"
)

func TestWhereEmailsLinkTo(t *testing.T) {
	here, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, public, addr, want string }{
		{"as it is said", "https://desk.example.com", "127.0.0.1:8000", "https://desk.example.com"},
		{"where it listens", "", "127.0.0.1:8000", "http://127.0.0.1:8000"},
		{"everywhere, by name", "", ":8000", "http://" + here + ":8000"},
		{"on all addresses", "", "0.0.0.0:8000", "http://" + here + ":8000"},
		{"an address of IPv6", "", "[::1]:8000", "http://[::1]:8000"},
		{"a port that is not known yet", "", "127.0.0.1:0", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := linked(config.Config{PublicURL: c.public, Addr: c.addr}); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAMissingAddressIsWarnedOf(t *testing.T) {
	for name, c := range map[string]struct {
		server, public string
		want           int
	}{
		"with a mail server and none": {"smtp://localhost", "", 1},
		"not where there is one":      {"smtp://localhost", "https://desk.example.com", 0},
		"not on the console":          {"", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			s := &settings{SmtpURL: c.server}
			s.warn(config.Config{PublicURL: c.public, Addr: "127.0.0.1:8000"}, slog.New(slog.NewTextHandler(&said, nil)))
			if got := strings.Count(said.String(), "HELPDESK_PUBLIC_URL"); got != c.want {
				t.Errorf("warned %d times, want %d: %s", got, c.want, said.String())
			}
		})
	}
}
