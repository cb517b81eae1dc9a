package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"helpdesk/domain/email"
)

// aMessage is a message whose lines try the dots.
func aMessage() Message {
	return Message{
		ID:   "<1@example.com>",
		From: "desk@example.com",
		To:   "ann@example.com",
		Data: []byte("Subject: dots\r\n\r\n.\r\n..\r\n.a\r\na.\r\n\r\n.\r\n"),
	}
}

// handOvers counts the calls of its note.
type handOvers struct {
	mu sync.Mutex
	n  int
}

func (h *handOvers) note(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.n++
	return nil
}

// send sends a message and returns the verdict, "" for an email that was taken,
// and how often it was handed over.
func send(t *testing.T, transport Transport, m Message) (verdict email.Verdict, handedOver int, err error) {
	t.Helper()
	var h handOvers
	err = transport.Send(t.Context(), m, h.note)
	return verdictOf(t, err), h.n, err
}

func verdictOf(t *testing.T, err error) email.Verdict {
	t.Helper()
	if err == nil {
		return ""
	}
	fault, ok := errors.AsType[*email.Fault](err)
	if !ok {
		t.Fatalf("%v is no fault", err)
	}
	if strings.Contains(err.Error(), postPassword) {
		t.Errorf("the error names the password: %v", err)
	}
	return fault.Verdict
}

func TestEmailsArriveByteForByte(t *testing.T) {
	account := url.UserPassword(postUser, postPassword).String() + "@"
	for _, tt := range []struct {
		name, url string // HOST is the server's address
		change    func(*testServer)
	}{
		{"in clear", "smtp://HOST?tls=none", nil},
		{"in clear with a password, on this machine", "smtp://" + account + "HOST?tls=none", nil},
		{"after STARTTLS", "smtp://HOST", withTLS(t)},
		{"after STARTTLS with a password", "smtp://" + account + "HOST", withTLS(t)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			office := startServer(t, tt.change)
			s := newSMTP(t, strings.ReplaceAll(tt.url, "HOST", office.address), office.trust)
			composed := compose(t, newComposer(t, Config{}), anEmail(email.Commented))
			for _, m := range []Message{aMessage(), composed} {
				if verdict, n, err := send(t, s, m); verdict != "" || n != 1 {
					t.Fatalf("got %v, handed over %d times, want it taken after one", err, n)
				}
			}
			want := []delivery{
				{from: "desk@example.com", to: "ann@example.com", data: aMessage().Data},
				{from: DefaultFrom, to: "ann@example.com", data: composed.Data},
			}
			if diff := cmp.Diff(want, office.taken(), cmp.AllowUnexported(delivery{})); diff != "" {
				t.Errorf("what arrived (-want +got):\n%s", diff)
			}
			if office.accepted != 1 {
				t.Errorf("%d connections, want the first used again", office.accepted)
			}
		})
	}
}

func TestTLSFromTheStart(t *testing.T) {
	certificate, trust := certify(t)
	office := openScript(t, func(d *dialogue) { d.finish() }, func(s *scripted) {
		s.Listener = tls.NewListener(s.Listener, &tls.Config{Certificates: []tls.Certificate{certificate}})
	})
	s := newSMTP(t, "smtps://"+office.address(), trust)
	if verdict, n, err := send(t, s, aMessage()); verdict != "" || n != 1 {
		t.Errorf("got %v, handed over %d times, want it taken after one", err, n)
	}
	if got := office.dots(s); got != 1 {
		t.Errorf("%d emails arrived, want 1", got)
	}
}

func TestWhatTheServerSaysDecides(t *testing.T) {
	reply := func(code int) error { return &smtp.SMTPError{Code: code, Message: "because"} }
	for _, tt := range []struct {
		name       string
		change     func(*testServer)
		verdict    email.Verdict
		handedOver int
	}{
		{"552 to the sender", func(p *testServer) { p.mail = reply(552) }, email.VerdictRefused, 0},
		{"451 to the sender", func(p *testServer) { p.mail = reply(451) }, email.VerdictPostponed, 0},
		{"530 to the sender, who has not signed in", func(p *testServer) { p.mail = reply(530) }, email.VerdictBlocked, 0},
		{"554 to the sender", func(p *testServer) { p.mail = reply(554) }, email.VerdictBlocked, 0},
		{"550 to the recipient", func(p *testServer) { p.rcpt = reply(550) }, email.VerdictRefused, 0},
		{"451 to the recipient, a greylist", func(p *testServer) { p.rcpt = reply(451) }, email.VerdictPostponed, 0},
		{"554 to the email", func(p *testServer) { p.data = reply(554) }, email.VerdictRefused, 1},
		{"451 to the email", func(p *testServer) { p.data = reply(451) }, email.VerdictPostponed, 1},
		{"421 to the email", func(p *testServer) { p.data = reply(421) }, email.VerdictPostponed, 1},
		{"552 to an email that is too long", func(p *testServer) { p.server.MaxMessageBytes = 10 }, email.VerdictRefused, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			office := startServer(t, tt.change)
			s := newSMTP(t, "smtp://"+office.address+"?tls=none", nil)
			verdict, n, err := send(t, s, aMessage())
			if verdict != tt.verdict || n != tt.handedOver {
				t.Errorf("got %s (%v), handed over %d times, want %s after %d", verdict, err, n, tt.verdict, tt.handedOver)
			}
			if _, ok := errors.AsType[*textproto.Error](err); !ok {
				t.Errorf("%v does not hold the reply", err)
			}
			if got := office.taken(); len(got) != 0 {
				t.Errorf("%d emails arrived, want none", len(got))
			}
		})
	}
}

func TestWhatTheOperatorHasToMend(t *testing.T) {
	for _, tt := range []struct {
		name, url string // HOST is the server's address
		change    func(*testServer)
		wantErr   string
		want      email.Verdict
	}{
		{"no STARTTLS on offer", "smtp://HOST", nil, "STARTTLS", email.VerdictBlocked},
		{"a certificate nobody trusts", "smtp://HOST", func(p *testServer) { withTLS(t)(p); p.trust = nil }, "certificate", email.VerdictBlocked},
		{"a wrong password, in words of 4xx", "smtp://desk:wrong@HOST?tls=none", nil, "AUTH", email.VerdictPostponed},
		{"TLS where the server speaks first", "smtps://HOST", nil, "TLS", email.VerdictPostponed},
		{"nobody there", "smtp://127.0.0.1:1", nil, "connect", email.VerdictPostponed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			office := startServer(t, tt.change)
			s := newSMTP(t, strings.ReplaceAll(tt.url, "HOST", office.address), office.trust)
			s.step = 5 * time.Second
			verdict, n, err := send(t, s, aMessage())
			if verdict != tt.want || n != 0 || !strings.Contains(err.Error(), tt.wantErr) || strings.Contains(err.Error(), "wrong") {
				t.Errorf("got %s (%v), handed over %d times, want %s for %q before any", verdict, err, n, tt.want, tt.wantErr)
			}
			if got := office.taken(); len(got) != 0 {
				t.Errorf("%d emails arrived, want none", len(got))
			}
		})
	}
}

func TestAddressesBeyondASCII(t *testing.T) {
	m := aMessage()
	m.To = "zoë@exämple.com"
	for _, able := range []bool{false, true} {
		office := startServer(t, func(p *testServer) { p.server.EnableSMTPUTF8 = able })
		s := newSMTP(t, "smtp://"+office.address+"?tls=none", nil)
		verdict, n, err := send(t, s, m)
		if able && (verdict != "" || n != 1 || len(office.taken()) != 1 || office.taken()[0].to != m.To || !office.taken()[0].utf8) {
			t.Errorf("with SMTPUTF8: got %v, handed over %d times, taken %v", err, n, office.taken())
		}
		if !able && (verdict != email.VerdictRefused || n != 0 || len(office.taken()) != 0 || !strings.Contains(err.Error(), "SMTPUTF8")) {
			t.Errorf("without: got %s (%v), handed over %d times, taken %v", verdict, err, n, office.taken())
		}
		if _, _, err := send(t, s, aMessage()); err != nil {
			t.Fatal(err)
		}
		if got := office.taken(); got[len(got)-1].utf8 {
			t.Error("SMTPUTF8 is asked for an email that does not need it")
		}
	}
}

func TestNoAddressCanHoldACommand(t *testing.T) {
	office := startServer(t, nil)
	s := newSMTP(t, "smtp://"+office.address+"?tls=none", nil)
	m := aMessage()
	m.To = "ann@example.com>\r\nRCPT TO:<eve@example.com"
	if verdict, n, err := send(t, s, m); verdict != email.VerdictPostponed || n != 0 || len(office.taken()) != 0 {
		t.Errorf("got %s (%v), handed over %d times, taken %v", verdict, err, n, office.taken())
	}
}
