package mail

import (
	"log/slog"
	"strings"
	"testing"

	"helpdesk/domain/email"
)

// Replies as servers give them.
func TestWhomAReplyIsAbout(t *testing.T) {
	for _, tt := range []struct {
		step, reply string
		want        email.Verdict
	}{
		{"", "554 5.7.1 no service for you", email.VerdictBlocked},
		{"", "421 busy", email.VerdictPostponed},
		{"EHLO", "550 5.7.1 HELO refused", email.VerdictBlocked},
		{"MAIL", "550 5.7.1 <localhost>: Helo command rejected", email.VerdictBlocked},
		{"MAIL", "553 5.1.8 <desk@example.com>: Sender address rejected: Domain not found", email.VerdictBlocked},
		{"MAIL", "550 HELO should be a FQDN", email.VerdictBlocked},
		{"MAIL", "552 5.3.4 message size exceeds fixed limit", email.VerdictRefused},
		{"RCPT", "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", email.VerdictBlocked},
		{"RCPT", "554 5.7.1 <ann@example.com>: Relay access denied", email.VerdictBlocked},
		{"RCPT", "550 5.7.54 Unable to relay recipient in non-accepted domain", email.VerdictBlocked},
		{"RCPT", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked", email.VerdictBlocked},
		{"RCPT", "550 relay not permitted", email.VerdictBlocked},
		{"RCPT", "550 5.1.1 <ann@example.com>: User unknown", email.VerdictRefused},
		{"RCPT", "550 5.4.1 Recipient address rejected: Access denied", email.VerdictRefused},
		{"RCPT", "550 5.7.13 user account disabled", email.VerdictRefused},
		{"RCPT", "550 no such mailbox", email.VerdictRefused},
		{"RCPT", "552 5.2.2 mailbox full", email.VerdictRefused},
		{"RCPT", "450 4.7.1 <localhost>: Helo command rejected: Host not found", email.VerdictPostponed},
		{".", "550 5.7.26 unauthenticated email from example.com", email.VerdictBlocked},
		{".", "554 5.7.1 spam", email.VerdictRefused},
	} {
		t.Run(tt.step+" "+tt.reply, func(t *testing.T) {
			t.Parallel()
			office := openScript(t, func(d *dialogue) {
				for there := d.until(tt.step); there; {
					d.say("%s", tt.reply)
					_, err := d.text.ReadLine()
					there = err == nil
				}
			}, nil)
			if verdict, _, err := send(t, newSMTP(t, office.clear(), nil), aMessage()); verdict != tt.want {
				t.Errorf("got %s (%v), want %s", verdict, err, tt.want)
			}
		})
	}
}

func TestTheNameInTheGreeting(t *testing.T) {
	t.Parallel()
	said := make(chan string, 1)
	office := openScript(t, func(d *dialogue) {
		d.say("220 post.example.com")
		line, _ := d.text.ReadLine()
		said <- line
		d.conn.Close()
	}, nil)
	s, err := NewSMTP(office.clear(), "desk.example.com", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if _, _, err := send(t, s, aMessage()); err == nil {
		t.Error("want a fault")
	}
	if got := <-said; got != "EHLO desk.example.com" {
		t.Errorf("said %q", got)
	}
}

func TestNamesForTheGreeting(t *testing.T) {
	for name, good := range map[string]bool{
		"desk.example.com": true, "localhost": true, "[192.0.2.1]": true, "[IPv6:2001:db8::1]": true,
		"": false, "-desk": false, "desk..com": false, "desk example": false, "desk\r\nMAIL": false, "[desk]": false, "exämple.com": false,
		strings.Repeat("a", 256): false,
	} {
		if err := CheckHello(name); (err == nil) != good {
			t.Errorf("%q: got %v, want it taken: %v", name, err, good)
		}
	}
}
