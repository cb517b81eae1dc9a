package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"helpdesk/test/kit"
	"helpdesk/test/mailserver"
	"helpdesk/test/program"
)

// report is what a mail server writes of an email that it could not deliver.
func report(id, action, status, said string) string {
	return `Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@mx.example.org>
Subject: Returned mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=here

--here
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Action: ` + action + `
Status: ` + status + `
Diagnostic-Code: smtp; ` + said + `

--here
Content-Type: text/rfc822-headers

Message-ID: ` + id + `

--here--
`
}

// A report of a server behind the one that took an email is recorded, once.
func TestReturnedEmailsAreInTheLedger(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL(), "HELPDESK_MAIL_BOUNCE_ADDRESS=bounces@example.com")
	amy, ada := d.Join(t, "amy", "agent"), d.Join(t, "ada", "user")
	v := ada.Opens(t, "No ink")
	d.Admin.Assigns(t, v, amy.Username)
	kit.Poll(t, "the email to be sent", func() bool { return fmt.Sprint(ledger(t, d)) == "[amy@example.com sent]" })
	taken := server.Taken()[0]
	if taken.From != "bounces@example.com" {
		t.Errorf("the envelope's sender is %s", taken.From)
	}
	for _, c := range []struct{ action, status, said, want string }{
		{"delayed", "4.4.1", "no answer", "[amy@example.com delayed: 4.4.1: no answer]"},
		{"failed", "5.1.1", "550 no such user", "[amy@example.com bounced: 5.1.1: 550 no such user]"},
		{"failed", "5.1.1", "once more", "[amy@example.com bounced: 5.1.1: 550 no such user]"},
	} {
		d.Runs(t, report(taken.MessageID(), c.action, c.status, c.said), "mail", "receive")
		kit.Poll(t, "the ledger to say "+c.want, func() bool { return fmt.Sprint(ledger(t, d)) == c.want })
	}
	for _, who := range []*program.Person{amy, d.Admin} {
		history := who.Must(t, http.StatusOK, "GET", v.Path("history"), nil)
		if !strings.Contains(string(history.Body), "The email to amy (assigned) bounced: 5.1.1: 550 no such user.") {
			t.Errorf("the history does not tell %s that the email bounced: %s", who.Username, history.Body)
		}
	}
	for name, message := range map[string]string{
		"a person's message":         "From: ada@example.com\nSubject: Hello\n\nHello.\n",
		"of an email that never was": report("<"+kit.NewID().String()+"@example.com>", "failed", "5.1.1", "no"),
	} {
		_, said, err := program.Run(t.Context(), t, message, d.Env, "mail", "receive")
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.ExitCode() != 65 {
			t.Errorf("%s: got %v, %s; want exit status 65", name, err, said)
		}
	}
	id, _, _ := strings.Cut(strings.Trim(taken.MessageID(), "<>"), "@")
	kit.Poll(t, "the address to be known as one that bounces", func() bool {
		return strings.Contains(string(d.Admin.Must(t, http.StatusOK, "GET", "/api/users/amy/", nil).Body), `"detail":"5.1.1: 550 no such user"`)
	})
	other := ada.Opens(t, "No paper")
	d.Admin.Assigns(t, other, amy.Username)
	d.Runs(t, "", "mail", "resend", id)
	const suppressed = "amy@example.com cancelled: an email to the address came back for good"
	kit.Poll(t, "emails to the address to be cancelled", func() bool { return strings.Count(fmt.Sprint(ledger(t, d)), suppressed) == 2 })
	amy.Must(t, http.StatusForbidden, "POST", "/api/users/amy/mail/clear/", nil)
	for range 2 {
		cleared := d.Admin.Must(t, http.StatusOK, "POST", "/api/users/amy/mail/clear/", nil)
		if strings.Contains(string(cleared.Body), "bounced") {
			t.Errorf("cleared, the person is %s", cleared.Body)
		}
	}
	account := d.Admin.Must(t, http.StatusOK, "GET", "/api/users/amy/history/", nil)
	for _, what := range []string{"sends no emails to amy any more: one came back: 5.1.1: 550 no such user.", "root had emails sent again to amy."} {
		if !strings.Contains(string(account.Body), what) {
			t.Errorf("the history of the account does not tell that %q: %s", what, account.Body)
		}
	}
	d.Runs(t, "", "mail", "resend", id)
	kit.Poll(t, "the email to be sent again", func() bool { return strings.Contains(fmt.Sprint(ledger(t, d)), "amy@example.com sent") })
}
