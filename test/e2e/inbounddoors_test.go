package e2e

import (
	"errors"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"helpdesk/test/kit"
	"helpdesk/test/mailserver"
	"helpdesk/test/pgtest"
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

// A report on an email says where it was to go: erasing whom it was to destroys it, and no
// other report of that server.
func TestErasingARecipientDestroysTheReports(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	db := pgtest.New(t)
	d := program.OpenOn(t, db, "HELPDESK_SMTP_URL="+server.URL())
	amy := d.Join(t, "amy", "agent")
	box := addMailbox(t, d)
	var opened []inbound
	var sent []string
	for i, name := range []string{"ann", "bob"} {
		m := mails(t, d, box, mailOf(name+"@example.org", "No ink", "It is empty."), "new_ticket new")
		amy.Comments(t, ticketOf(t, d, m), "Which printer is it?", false)
		kit.Poll(t, "the email about the comment", func() bool { return len(server.Taken()) == i+1 })
		opened, sent = append(opened, m), append(sent, server.Taken()[i].MessageID())
	}
	ofAnn := mails(t, d, box, report(sent[0], "failed", "5.1.1", "<ann@example.org>: unknown"), "bounce delivery_report")
	ofBob := mails(t, d, box, report(sent[1], "failed", "5.1.1", "<bob@example.org>: unknown"), "bounce delivery_report")
	shown := func(m inbound) string {
		return string(d.Admin.Must(t, http.StatusOK, "GET", m.path(), nil).Body)
	}
	if !strings.Contains(shown(ofAnn), "ann@example.org") {
		t.Fatalf("the report is %s", shown(ofAnn))
	}
	d.Runs(t, "", "people", "erase", ticketOf(t, d, opened[0]).CreatedBy.Username, "--yes")
	kit.Poll(t, "the ledger to forget", func() bool { return !strings.Contains(shown(ofAnn), "ann@example.org") })
	d.Admin.Must(t, http.StatusNotFound, "GET", ofAnn.path("raw"), nil)
	d.Admin.Must(t, http.StatusOK, "GET", ofBob.path("raw"), nil)
	if !strings.Contains(shown(ofBob), "bob@example.org") {
		t.Errorf("the report on another's email is %s", shown(ofBob))
	}
	if dump := db.Dump(t); strings.Contains(dump, "ann@example.org") || !strings.Contains(dump, "bob@example.org") {
		t.Error("the database still has the address, or has lost another's")
	}
}

// Who was never let in is found by their address, to be exported and erased.
func TestErasingAStranger(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db)
	strict := addMailbox(t, d, object{"strangers": "quarantine"})
	m := mails(t, d, strict, mailOf("Eve <Eve@example.org>", "Quite secret", "It is secret."), "quarantined stranger")
	mails(t, d, strict, mailOf("bob@example.org", "Hello", "Hello."), "quarantined stranger")
	if said, _, err := program.Run(t.Context(), t, "", d.Env, "people", "erase", "nobody@example.org", "--yes"); err == nil {
		t.Errorf("an address that nobody wrote from was erased: %s", said)
	}
	file := filepath.Join(t.TempDir(), "eve.zip")
	if said := d.Runs(t, "", "people", "export", "eve@example.org", "--out", file); !strings.Contains(said, "1 message") {
		t.Errorf("exported was %s", said)
	}
	d.Runs(t, "", "people", "erase", "eve@EXAMPLE.org", "--yes")
	kit.Poll(t, "the ledger to forget", func() bool {
		return !strings.Contains(string(d.Admin.Must(t, http.StatusOK, "GET", m.path(), nil).Body), "ecret")
	})
	d.Admin.Must(t, http.StatusNotFound, "GET", m.path("raw"), nil)
	dump := strings.ToLower(db.Dump(t))
	for text, want := range map[string]bool{"eve@example.org": false, "quite secret": false, "bob@example.org": true} {
		if strings.Contains(dump, text) != want {
			t.Errorf("the database has %q: %v, want %v", text, !want, want)
		}
	}
}
