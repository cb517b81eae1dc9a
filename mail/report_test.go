package mail

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain/email"
)

// returned is an email of the service, as a mail server has it.
func returned(t testing.TB) (l email.Content, data string) {
	t.Helper()
	l = anEmail(email.Escalated)
	return l, string(compose(t, newComposer(t, Config{}), l).Data)
}

func headerOf(data string) string {
	header, _, _ := strings.Cut(data, "\r\n\r\n")
	return header + "\r\n"
}

// crlf has the line endings of a message, of which a pipe may have made its own.
func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// dsn is a delivery status notification with the fields of a recipient and what was
// returned, of a content type.
func dsn(fields, kind, what string) string {
	return crlf(`Return-Path: <>
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: helpdesk@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut/here"

This is a MIME-encapsulated message.

--cut/here
Content-Type: text/plain; charset=us-ascii

I could not deliver your message.

--cut/here
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
X-Queue-ID: 4Rk1
Arrival-Date: Sun, 29 Nov 2026 10:00:00 +0000 (UTC)

`+fields+`

--cut/here
Content-Type: `+kind+`

`) + what + crlf("\n--cut/here--\n")
}

func TestReportsOfMailServers(t *testing.T) {
	l, data := returned(t)
	unknown := Report{Email: l.ID, Delivery: email.DeliveryFailed, Status: "5.1.1", Diagnostic: "550 5.1.1 <ann@example.com>: no such user"}
	for name, c := range map[string]struct {
		message string
		want    Report
	}{
		"with the whole email": {
			dsn("Final-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.example.org\nDiagnostic-Code: smtp; 550 5.1.1\n    <ann@example.com>: no such user", "message/rfc822", data), unknown},
		"with its header": {
			dsn("Final-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <ann@example.com>: no such user", "text/rfc822-headers", headerOf(data)), unknown},
		"with line endings of a pipe": {
			strings.ReplaceAll(dsn("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <ann@example.com>: no such user", "message/rfc822", data), "\r\n", "\n"), unknown},
		"in UTF-8": {
			strings.ReplaceAll(dsn("Final-Recipient: utf-8; änn@example.com\nAction: failed\nStatus: 5.6.7", "message/global-headers", headerOf(data)), "message/delivery-status", "message/global-delivery-status"),
			Report{Email: l.ID, Delivery: email.DeliveryFailed, Status: "5.6.7"}},
		"of a delay": {
			dsn("Final-Recipient: rfc822; ann@example.com\nAction: delayed\nStatus: 4.4.1\nDiagnostic-Code: X-Postfix; connect to mx.example.org:25: timed out\nWill-Retry-Until: Thu, 3 Dec 2026 10:00:00 +0000", "text/rfc822-headers", headerOf(data)),
			Report{Email: l.ID, Delivery: email.DeliveryDelayed, Status: "4.4.1", Diagnostic: "connect to mx.example.org:25: timed out"}},
		"of the end of a delay, whose status is of a delay": {
			dsn("Action: failed\nStatus: 4.4.1", "text/rfc822-headers", headerOf(data)),
			Report{Email: l.ID, Delivery: email.DeliveryFailed, Status: "4.4.1"}},
		"that names the recipient twice": {
			dsn("Action: failed (bad mailbox)\nStatus: 5.1.1\n\nAction: delivered\nStatus: 2.0.0", "message/rfc822", data),
			Report{Email: l.ID, Delivery: email.DeliveryFailed, Status: "5.1.1"}},
		"that names the recipient twice, the other way": {
			dsn("Action: Delivered\nStatus: 2.0.0\n\nAction: FAILED\nStatus: 5.1.1", "message/rfc822", data),
			Report{Email: l.ID, Delivery: email.DeliveryFailed, Status: "5.1.1"}},
		"of an arrival": {
			dsn("Action: delivered\nStatus: 2.0.0", "message/rfc822", data),
			Report{Email: l.ID, Delivery: email.DeliveryDone, Status: "2.0.0"}},
		"cut off": {
			dsn("Action: failed\nStatus: 5.1.1", "message/rfc822", data[:len(data)/2])[:1600],
			Report{Email: l.ID, Delivery: email.DeliveryFailed, Status: "5.1.1"}},
		"that says why only to people": {
			strings.Replace(dsn("Action: failed\nFinal-Recipient: rfc822;ann@example.com\nStatus: 5.0.0", "message/rfc822", data),
				"I could not deliver your message.", "The following address(es) failed:\r\n\r\n  ann@example.com\r\n    no such user\r\n    here", 1),
			Report{Email: l.ID, Delivery: email.DeliveryFailed, Status: "5.0.0", Diagnostic: "no such user here"}},
		"without a delivery status": {
			"Return-Path: <>\r\nFrom: MAILER-DAEMON@example.com\r\nSubject: failure notice\r\n\r\nHi. This is the mail program at example.com.\r\nSorry, no mailbox here by that name.\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n" + data,
			Report{Email: l.ID, Delivery: email.DeliveryFailed, Diagnostic: "returned by a mail server"}},
		"of a delay without a delivery status": {
			"From: Mailer-Daemon@example.com\r\nSubject: Warning: message delayed 24 hours\r\n\r\n" + data,
			Report{Email: l.ID, Delivery: email.DeliveryDelayed, Diagnostic: "delayed by a mail server"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadReport(strings.NewReader(c.message))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("report (-want +got):\n%s\n%s", diff, c.message)
			}
		})
	}
}

func TestWhatIsNoReport(t *testing.T) {
	_, data := returned(t)
	for name, c := range map[string]struct {
		message string
		want    error
	}{
		"nothing":               {"", ErrUnreadable},
		"no message":            {"\x00\x01\x02 what is this\n", ErrUnreadable},
		"a person who answers":  {"From: Ann <ann@example.com>\r\nSubject: Re: it\r\n\r\nThanks!\r\n\r\n> " + strings.ReplaceAll(data, "\r\n", "\r\n> "), ErrNoReport},
		"a person who forwards": {"From: ann@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n" + data + "\r\n--x--\r\n", ErrNoReport},
		"of another's email":    {dsn("Action: failed\nStatus: 5.1.1", "message/rfc822", "Message-ID: <1234@example.com>\r\n\r\nHello."), ErrNotOurs},
		"of nothing":            {dsn("Action: failed\nStatus: 5.1.1", "text/plain", "Sorry."), ErrNotOurs},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := ReadReport(strings.NewReader(c.message)); !errors.Is(err, c.want) {
				t.Errorf("got %+v, %v; want %v", got, err, c.want)
			}
		})
	}
}

func FuzzReadReport(f *testing.F) {
	_, data := returned(f)
	f.Add([]byte(dsn("Action: failed\nStatus: 5.1.1", "message/rfc822", data)))
	f.Add([]byte("From: MAILER-DAEMON@example.com\n\n" + data))
	f.Fuzz(func(t *testing.T, message []byte) {
		r, err := ReadReport(bytes.NewReader(message))
		if err == nil && r.Delivery == "" {
			t.Errorf("a report of nothing: %+v", r)
		}
	})
}
