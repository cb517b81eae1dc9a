package e2e

import (
	"strings"
	"testing"

	"helpdesk/test/kit"
	"helpdesk/test/mailserver"
	"helpdesk/test/program"
)

// Who opens a ticket by mail is told so by mail, once a day, and no machine is.
func TestAMessageIsAcknowledged(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL(), "HELPDESK_MAIL_FROM=support@example.com")
	d.Join(t, "amy", "agent")
	box := addMailbox(t, d, object{"acknowledge": true, "import_before": "2020-01-01T00:00:00Z"})
	silent := addMailbox(t, d, object{"name": "Silent", "address": "silent@example.com"})
	m := mails(t, d, box, mailOf("Ann <ann@example.org>", "No ink", "It is empty.", "Message-ID: <1@example.org>"), "new_ticket new")
	v := ticketOf(t, d, m)
	mails(t, d, box, mailOf("ann@example.org", "No paper", "None.", "Message-ID: <2@example.org>"), "new_ticket new")
	mails(t, d, box, mailOf("list@example.org", "News", "News.", "List-Id: <news.example.org>"), "new_ticket mailing_list")
	mails(t, d, box, mailOf("bulk@example.org", "News", "News.", "Precedence: bulk"), "new_ticket mailing_list")
	mails(t, d, box, mailOf("quiet@example.org", "Report", "All is well.", "X-Auto-Response-Suppress: All"), "new_ticket new")
	mails(t, d, box, mailOf("away@example.org", "Away", "I am away.", "Auto-Submitted: auto-replied"), "auto_reply auto_submitted")
	old := strings.Replace(mailOf("past@example.org", "Old", "Long ago."), "05 Jan 2026", "05 Jan 2015", 1)
	mails(t, d, box, old, "new_ticket imported")
	mails(t, d, box, mailOf("amy@example.com", "Mine", "As a requester."), "new_ticket new")
	mails(t, d, box, mailOf("support@example.com", "Loop", "Of the desk."), "loop own_address")
	mails(t, d, silent, mailOf("sue@example.org", "Hello", "Hello."), "new_ticket new")
	mails(t, d, box, mailOf("Bob <bob@example.org>", "Last", "The last one."), "new_ticket new")
	var sent []mailserver.Email
	to := func(address string) (n int) {
		sent = server.Taken()
		for _, e := range sent {
			if e.To == address {
				n++
			}
		}
		return n
	}
	kit.Poll(t, "the last message to be acknowledged", func() bool { return to("bob@example.org") == 1 && to("ann@example.org") == 1 })
	if len(sent) != 2 {
		t.Errorf("%d emails were sent, want 2: %v", len(sent), server.Counts())
	}
	for _, e := range sent {
		if e.To != "ann@example.org" {
			continue
		}
		for field, want := range map[string]string{
			"In-Reply-To": "<1@example.org>", "References": "<1@example.org>", "Auto-Submitted": "auto-replied", "Subject": "Re: [#1] No ink",
		} {
			if got := e.Header.Get(field); got != want {
				t.Errorf("%s is %q, want %q", field, got, want)
			}
		}
		mails(t, d, box, mailOf("ann@example.org", "Re: whatever", "It is the red one.", "In-Reply-To: "+e.MessageID()), "reply reference")
	}
	if got := ticketOf(t, d, m); got.ID != v.ID || len(got.Comments) != 1 {
		t.Errorf("the reply is not in ticket %d: %+v", v.Number, got)
	}
	if list := d.Runs(t, "", "mail", "list"); strings.Count(list, "acknowledged") != 2 {
		t.Errorf("the ledger of emails is %s", list)
	}
}
