package e2e

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"helpdesk/test/kit"
	"helpdesk/test/program"
)

// lmtpClient connects to a door once it is open.
func lmtpClient(t *testing.T, addr string) *smtp.Client {
	t.Helper()
	var conn net.Conn
	kit.Poll(t, "the door of LMTP", func() (open bool) {
		var err error
		conn, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
		return err == nil
	})
	c := smtp.NewClientLMTP(conn)
	t.Cleanup(func() { c.Close() })
	return c
}

// delivers brings a message to recipients, and returns what the door answered to each.
func delivers(t *testing.T, c *smtp.Client, from, message string, to ...string) map[string]int {
	t.Helper()
	codes := map[string]int{}
	if err := c.Mail(from, nil); err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for _, r := range to {
		var refused *smtp.SMTPError
		if err := c.Rcpt(r, nil); errors.As(err, &refused) {
			codes[r] = refused.Code
		} else if err != nil {
			t.Fatal(err)
		} else {
			accepted++
		}
	}
	if accepted == 0 {
		if err := c.Reset(); err != nil {
			t.Fatal(err)
		}
		return codes
	}
	w, err := c.Data()
	if err == nil {
		_, err = io.WriteString(w, message)
	}
	if err != nil {
		t.Fatal(err)
	}
	answers, err := w.CloseWithLMTPResponse()
	var some smtp.LMTPDataError
	if err != nil && !errors.As(err, &some) {
		t.Fatal(err)
	}
	for r := range answers {
		codes[r] = 250
	}
	for r, refused := range some {
		codes[r] = refused.Code
	}
	return codes
}

func TestMailIsDeliveredByLMTP(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	d := program.Open(t, "HELPDESK_LMTP_ADDR="+addr, "HELPDESK_MAIL_MAX=200000")
	support := addMailbox(t, d)
	sales := addMailbox(t, d, object{"name": "Sales", "address": "sales@example.com"})
	gone := addMailbox(t, d, object{"name": "Gone", "address": "gone@example.com"})
	d.Admin.Must(t, http.StatusOK, "PATCH", "/api/mailboxes/"+gone.ID+"/", object{"is_active": false})
	c := lmtpClient(t, addr)
	latest := func(box mailbox, subject string) inbound {
		for _, m := range program.Get[program.List[inbound]](t, d.Admin, "/api/inbound-messages/?mailbox="+box.ID).Results {
			if m.Subject == subject {
				return judged(t, d, inbound{ID: m.ID})
			}
		}
		t.Fatalf("%s has no message %q", box.Name, subject)
		return inbound{}
	}
	long := strings.Repeat("x", 60_000) // in one line
	got := delivers(t, c, "ann@example.org", mailOf("ann@example.org", "To both", long), "Support@example.com", "sales+t-123@example.com", "nobody@example.com", "gone@example.com")
	for to, want := range map[string]int{"Support@example.com": 250, "sales+t-123@example.com": 250, "nobody@example.com": 550, "gone@example.com": 550} {
		if got[to] != want {
			t.Errorf("%s: answered %d, want %d", to, got[to], want)
		}
	}
	for _, box := range []mailbox{support, sales} {
		m := latest(box, "To both")
		raw := d.Admin.Must(t, http.StatusOK, "GET", m.path("raw"), nil)
		if m.was() != "new_ticket new" || string(raw.Body) != "Return-Path: <ann@example.org>\r\n"+mailOf("ann@example.org", "To both", long) {
			t.Errorf("%s: %s, %.100q", box.Name, m.was(), raw.Body)
		}
	}
	if got := delivers(t, c, "ann@example.org", mailOf("ann@example.org", "Large", strings.Repeat(long+"\r\n", 4)), "support@example.com"); got["support@example.com"] != 250 {
		t.Errorf("a large message is answered %v", got)
	}
	if m := latest(support, "Large"); m.was() != "too_large too_large" {
		t.Errorf("a large message is %s", m.was())
	}
	if got := delivers(t, c, "", mailOf("mailer-daemon@example.org", "Returned", "No."), "support@example.com"); got["support@example.com"] != 250 {
		t.Errorf("a report is answered %v", got)
	}
	if m := latest(support, "Returned"); m.was() != "bounce not_ours" {
		t.Errorf("a report is %s", m.was())
	}
	if got := delivers(t, c, "ann@example.org", "no header\r\n", "support@example.com"); got["support@example.com"] != 250 { // it has the Return-Path
		t.Errorf("what has no header is answered %v", got)
	}
}
