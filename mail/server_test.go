package mail

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestServerURLs(t *testing.T) {
	for _, tt := range []struct {
		url  string
		want server
	}{
		{"smtp://mail.example.com", server{"mail.example.com", 587, startTLS, "", ""}},
		{"smtp://mail.example.com:2525/", server{"mail.example.com", 2525, startTLS, "", ""}},
		{"SMTP://mail.example.com", server{"mail.example.com", 587, startTLS, "", ""}},
		{"smtps://mail.example.com", server{"mail.example.com", 465, implicitTLS, "", ""}},
		{"smtps://desk%40example.com:p%3Aa%2Fs%3Fs%23%2540@mail.example.com:466", server{"mail.example.com", 466, implicitTLS, postUser, postPassword}},
		{"smtp://mail.example.com?tls=none", server{"mail.example.com", 25, noTLS, "", ""}},
		{"smtp://mail.example.com:587?tls=none", server{"mail.example.com", 587, noTLS, "", ""}},
		{"smtp://u:p@localhost?tls=none", server{"localhost", 25, noTLS, "u", "p"}},
		{"smtp://u:p@127.9.9.9?tls=none", server{"127.9.9.9", 25, noTLS, "u", "p"}},
		{"smtp://u:p@[::1]:1025?tls=none", server{"::1", 1025, noTLS, "u", "p"}},
		{"smtp://u:@mail.example.com", server{"mail.example.com", 587, startTLS, "u", ""}},
	} {
		got, err := parseServer(tt.url)
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(server{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.url, diff)
		}
	}
}

func TestFaultyServerURLs(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"", "scheme"},
		{"mail.example.com:25", "scheme"},
		{"http://mail.example.com", "scheme"},
		{"smtp://", "no host"},
		{"smtp://:25", "no host"},
		{"smtp://mail.example.com/inbox", "no path"},
		{"smtp://mail.example.com#top", "no fragment"},
		{"smtp://mail.example.com:0", "port"},
		{"smtp://mail.example.com:65536", "port"},
		{"smtp://mail.example.com:smtp", "no URL"},
		{"smtp://mail.example.com?timeout=5s", `"timeout" is unknown`},
		{"smtp://mail.example.com?tls=none&tls=none", "tls has to be none"},
		{"smtp://mail.example.com?tls=maybe", "tls has to be none"},
		{"smtps://mail.example.com?tls=none", "for smtp:// alone"},
		{"smtp://mail.example.com?tls=%zz", "query"},
		{"smtp://u@mail.example.com", "user and a password"},
		{"smtp://:hunter2@mail.example.com", "user and a password"},
		{"smtp://u:hunter2@mail.example.com?tls=none", "in clear"},
		{"smtp://u:hunter2@192.0.2.1?tls=none", "in clear"},
		{"smtp://u:hunter2@localhost.example.com?tls=none", "in clear"},
		{"smtp://u:1%hunter2@mail.example.com", "no URL"},
		{"smtp://u:1/hunter2@mail.example.com", "no path"},
		{"smtp://u:1#hunter2@mail.example.com", "no fragment"},
		{"smtp://u:1?hunter2@mail.example.com", "query"},
		{"smtp://u:h?hunter2@mail.example.com", "no URL"},
		{"smtp://u:hunter2@mail.example.com\x7f", "no URL"},
	} {
		_, err := NewSMTP(tt.url, "", slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want an error with %q", tt.url, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error names the password: %v", tt.url, err)
		}
	}
}
