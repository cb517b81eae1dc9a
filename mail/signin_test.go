package mail

import (
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"

	"helpdesk/domain/email"
)

// withAccount is the URL of the server without TLS, with user and password.
func (s *scripted) withAccount() string {
	return "smtp://" + url.UserPassword(postUser, postPassword).String() + "@" + s.address() + "?tls=none"
}

// ask sends a challenge and returns the reply, both in base64 underneath.
func (d *dialogue) ask(challenge string) string {
	d.say("334 %s", base64.StdEncoding.EncodeToString([]byte(challenge)))
	line, _ := d.text.ReadLine()
	reply, _ := base64.StdEncoding.DecodeString(line)
	return string(reply)
}

func TestSignInByLOGIN(t *testing.T) {
	office := openScript(t, func(d *dialogue) {
		if !d.until("EHLO") {
			return
		}
		d.say("250-post.example.com\r\n250 AUTH CRAM-MD5 LOGIN")
		if !d.next("AUTH") {
			return
		}
		if d.ask("Username:") != postUser || d.ask("Password:") != postPassword {
			d.say("535 no")
		} else {
			d.say("235 welcome")
		}
		d.next("never")
	}, nil)
	s := newSMTP(t, office.withAccount(), nil)
	if verdict, n, err := send(t, s, aMessage()); verdict != "" || n != 1 {
		t.Errorf("got %s (%v), handed over %d times, want it taken after one", verdict, err, n)
	}
	if got := office.dots(s); got != 1 {
		t.Errorf("%d emails came to their dot, want 1", got)
	}
}

func TestAServerThatOffersNoSignInWeKnow(t *testing.T) {
	for _, offer := range []string{"250 AUTH GSSAPI", "250 8BITMIME"} {
		office := openScript(t, func(d *dialogue) {
			if d.until("EHLO") {
				d.say("250-post.example.com\r\n%s", offer)
				d.next("never")
			}
		}, nil)
		s := newSMTP(t, office.withAccount(), nil)
		verdict, n, err := send(t, s, aMessage())
		if verdict != email.VerdictBlocked || n != 0 || !strings.Contains(err.Error(), "neither PLAIN nor LOGIN") {
			t.Errorf("%s: got %s (%v), handed over %d times, want %s", offer, verdict, err, n, email.VerdictBlocked)
		}
		if got := office.dots(s); got != 0 {
			t.Errorf("%s: %d emails came to their dot, want none", offer, got)
		}
	}
}

func TestAServerThatHangsInTheHandshake(t *testing.T) {
	for _, tt := range []struct {
		scheme string
		script func(*dialogue)
	}{
		{"smtps", (*dialogue).hang},
		{"smtp", func(d *dialogue) {
			if d.until("EHLO") {
				d.say("250-post.example.com\r\n250 STARTTLS")
				d.next("STARTTLS")
				d.say("220 go on")
				d.hang()
			}
		}},
	} {
		t.Run(tt.scheme, func(t *testing.T) {
			t.Parallel()
			office := openScript(t, tt.script, nil)
			s := newSMTP(t, tt.scheme+"://"+office.address(), nil)
			s.step = shortStep
			verdict, n, err := send(t, s, aMessage())
			if timeout, ok := errors.AsType[net.Error](err); verdict != email.VerdictPostponed || n != 0 || !ok || !timeout.Timeout() {
				t.Errorf("got %s (%v), handed over %d times, want %s after a timeout", verdict, err, n, email.VerdictPostponed)
			}
			if got := office.dots(s); got != 0 {
				t.Errorf("%d emails came to their dot, want none", got)
			}
		})
	}
}
