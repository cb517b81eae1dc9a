//go:build browser

package browser

import (
	"net/http"
	"testing"

	"helpdesk/test/kit"
	"helpdesk/test/program"
)

// The pages of email that comes in, with a message that waits for an admin and one that
// became a ticket.
func TestPagesOfInboundMail(t *testing.T) {
	s := open(t)
	admin := s.people["admin"]
	type named struct{ ID string }
	box := program.Read[named](t, admin.Must(t, http.StatusCreated, "POST", "/api/mailboxes/", program.Object{
		"name": "Support", "address": "support@example.com", "strangers": "quarantine",
		"imap": program.Object{"url": "imap://desk@127.0.0.1:1/INBOX?tls=none", "after": "move:Done"}, "password": "open sesame",
	}))
	for _, from := range []string{"Eve <eve@example.org>", "user <user@example.com>"} {
		message := "From: " + from + "\r\nTo: support@example.com\r\nSubject: The lift is stuck between two floors\r\n\r\nSince this morning.\r\n"
		m := program.Read[named](t, admin.Must(t, http.StatusAccepted, "POST", "/api/mailboxes/"+box.ID+"/messages/", message, "Content-Type", "message/rfc822"))
		kit.Poll(t, "a verdict", func() bool {
			return program.Get[struct{ Verdict *string }](t, admin, "/api/inbound-messages/"+m.ID+"/").Verdict != nil
		})
	}
	for role, paths := range map[string][]string{
		"admin":   {"/admin/inbound/", "/admin/inbound/?verdict=loop", "/admin/mailboxes/", "/admin/mailboxes/" + box.ID + "/"},
		"auditor": {"/admin/inbound/"},
	} {
		b := newTab(t, s.URL)
		b.signIn(t, role)
		for _, path := range paths {
			b.open(t, path)
			b.judge(t, role+" "+path)
		}
		b.quiet(t, role)
	}
}
