package e2e

import (
	"errors"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"helpdesk/test/kit"
	"helpdesk/test/program"
)

// The command that mail servers pipe messages into.
func TestMailIsReceivedByACommand(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	box := addMailbox(t, d)
	first := mailOf("ann@example.org", "No ink", "It is empty.")
	id := strings.TrimSpace(d.Runs(t, first, "mail", "receive", "--mailbox", "support"))
	m := judged(t, d, inbound{ID: id})
	if m.was() != "new_ticket new" || m.Mailbox != box.ID {
		t.Errorf("got %+v", m)
	}
	if again := strings.TrimSpace(d.Runs(t, first, "mail", "receive", "--mailbox", "Support")); again != id {
		t.Errorf("the same message is %s, not %s", again, id)
	}
	if door := handsIn(t, d, box, first); door.ID != id {
		t.Errorf("by another door the same message is %s, not %s", door.ID, id)
	}
	d.Admin.Must(t, http.StatusOK, "PATCH", "/api/mailboxes/"+addMailbox(t, d, object{"name": "Gone", "address": "gone@example.com"}).ID+"/", object{"is_active": false})
	for name, c := range map[string]struct{ in, mailbox string }{
		"nothing":                  {"", "Support"},
		"what is no message":       {"Hello.\n\nAnn", "Support"},
		"for no mailbox":           {first, "Sales"},
		"for one that is archived": {first, "Gone"},
	} {
		_, said, err := program.Run(t.Context(), t, c.in, d.Env, "mail", "receive", "--mailbox", c.mailbox)
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.ExitCode() != 65 {
			t.Errorf("%s: got %v, %s; want exit status 65", name, err, said)
		}
	}
}

// Erasing a sender destroys what they sent.
func TestErasingASenderDestroysTheirMessages(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	box := addMailbox(t, d)
	m := mails(t, d, box, mailOf("Ann Secret <ann@example.org>", "Quite secret", "It is secret.", "Message-ID: <secret@example.org>"), "new_ticket new")
	who := ticketOf(t, d, m).CreatedBy.Username
	// Somebody who was not let in, and who registered only then.
	strict := addMailbox(t, d, object{"name": "Strict", "address": "strict@example.com", "strangers": "quarantine"})
	early := mails(t, d, strict, mailOf("bob@example.com", "Also secret", "It is secret."), "quarantined stranger")
	d.Runs(t, "", "people", "erase", d.Join(t, "bob", "user").Username, "--yes")
	kit.Poll(t, "the ledger to forget", func() bool {
		return !strings.Contains(string(d.Admin.Must(t, http.StatusOK, "GET", early.path(), nil).Body), "ecret")
	})
	d.Admin.Must(t, http.StatusNotFound, "GET", early.path("raw"), nil)

	d.Runs(t, "", "people", "erase", who, "--yes")
	kit.Poll(t, "the ledger to forget", func() bool {
		return !strings.Contains(string(d.Admin.Must(t, http.StatusOK, "GET", m.path(), nil).Body), "ecret")
	})
	d.Admin.Must(t, http.StatusNotFound, "GET", m.path("raw"), nil)
	events := d.Admin.Must(t, http.StatusOK, "GET", "/api/events/?stream="+url.QueryEscape(m.ID), nil)
	if strings.Contains(string(events.Body), "ecret") || !strings.Contains(string(events.Body), "mail.received") {
		t.Errorf("the log has %s", events.Body)
	}
}
