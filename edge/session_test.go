package edge

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheSessionsCookie(t *testing.T) {
	const before, since = "0123456789012345678901234567890123456789012", "hs_0123456789012345678901234567890123456789012"
	for _, c := range []struct {
		name   string
		secure bool
		sent   []string // cookies
		token  string
		set    []string // what the browser is told, without times
	}{
		{"over plain http", false, []string{SessionCookie + "=" + since}, since, []string{"helpdesk_session=new; Path=/; HttpOnly; SameSite=Lax"}},
		{"over TLS", true, []string{SecureCookie + "=" + since}, since, []string{"__Host-helpdesk_session=new; Path=/; HttpOnly; Secure; SameSite=Lax"}},
		{"over TLS, of a session from before", true, []string{SessionCookie + "=" + before}, before,
			[]string{"helpdesk_session=; Path=/; HttpOnly; Secure; SameSite=Lax", "__Host-helpdesk_session=new; Path=/; HttpOnly; Secure; SameSite=Lax"}},
		{"over TLS, under the name that sites beside ours can set", true, []string{SessionCookie + "=" + since}, "",
			[]string{"helpdesk_session=; Path=/; HttpOnly; Secure; SameSite=Lax", "__Host-helpdesk_session=new; Path=/; HttpOnly; Secure; SameSite=Lax"}},
		{"under both names", true, []string{SessionCookie + "=" + before, SecureCookie + "=" + since}, since,
			[]string{"helpdesk_session=; Path=/; HttpOnly; Secure; SameSite=Lax", "__Host-helpdesk_session=new; Path=/; HttpOnly; Secure; SameSite=Lax"}},
		{"behind a proxy that does not say that it speaks TLS", false, []string{SecureCookie + "=" + since}, since, []string{"helpdesk_session=new; Path=/; HttpOnly; SameSite=Lax"}},
		{"without one", true, nil, "", []string{"__Host-helpdesk_session=new; Path=/; HttpOnly; Secure; SameSite=Lax"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			front, err := NewFront(Config{})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["Cookie"] = []string{strings.Join(c.sent, "; ")}
			if c.secure {
				r.TLS = &tls.ConnectionState{}
			}
			if got := front.SessionToken(r); got != c.token {
				t.Errorf("the token is %q, want %q", got, c.token)
			}
			h := http.Header{}
			front.ClearSession(h, r)
			front.SetSession(h, r, "new", time.Now().Add(time.Hour))
			var set []string
			for _, line := range h.Values("Set-Cookie") {
				var parts []string
				for _, part := range strings.Split(line, "; ") {
					if !strings.HasPrefix(part, "Expires=") && !strings.HasPrefix(part, "Max-Age=") {
						parts = append(parts, part)
					}
				}
				set = append(set, strings.Join(parts, "; "))
			}
			if diff := cmp.Diff(c.set, set); diff != "" {
				t.Errorf("cookies (-want +got):\n%s", diff)
			}
		})
	}
}
