package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"helpdesk/test/imapserver"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// fetchedMailbox adds a mailbox whose messages are fetched.
func fetchedMailbox(t *testing.T, d *program.Helpdesk, url, after string) mailbox {
	t.Helper()
	return addMailbox(t, d, object{"imap": object{"url": url, "after": after}, "password": imapserver.Password})
}

// received returns how many messages a desk has.
func received(t *testing.T, d *program.Helpdesk) int {
	t.Helper()
	return len(program.Get[program.List[inbound]](t, d.Admin, "/api/inbound-messages/?page_size=100").Results)
}

// What is in the folder and what comes later is fetched, once, by two processes too and
// after a restart.
func TestMessagesAreFetched(t *testing.T) {
	t.Parallel()
	for after, want := range map[string]struct{ inbox, done []string }{
		"seen":      {inbox: []string{`\Seen`, `\Seen`, `\Seen`}},
		"delete":    {},
		"move:Done": {done: []string{"", "", ""}},
	} {
		t.Run(after, func(t *testing.T) {
			t.Parallel()
			s, db := imapserver.Start(t, "Done"), pgtest.New(t)
			first := program.OpenOn(t, db)
			second := &program.Helpdesk{Program: program.Serve(t, first.Env...), Env: first.Env}
			second.Admin = second.SignIn(t, "root")
			for i := range 2 {
				s.Deliver(t, "INBOX", mailOf("Ann <ann@example.org>", fmt.Sprint("No ink ", i), "It is empty."))
			}
			fetchedMailbox(t, first, s.URL("INBOX"), after)
			kit.Poll(t, "two messages", func() bool { return received(t, first) == 2 })
			s.Deliver(t, "INBOX", mailOf("Ann <ann@example.org>", "No paper", "It is empty, too."))
			kit.Poll(t, "the third", func() bool { return received(t, first) == 3 })
			kit.Poll(t, "tickets of all", func() bool {
				return len(program.Get[program.List[program.Ticket]](t, first.Admin, "/api/tickets/").Results) == 3
			})
			ended := func(folder string, want []string) {
				t.Helper()
				kit.Poll(t, fmt.Sprintf("%s to be %q", folder, want), func() bool { return slices.Equal(s.Folder(t, folder), want) })
			}
			ended("INBOX", want.inbox)
			ended("Done", want.done)
			if err := first.Stop(); err != nil {
				t.Error(err)
			}
			s.Deliver(t, "INBOX", mailOf("Ann <ann@example.org>", "No power", "Nor light."))
			kit.Poll(t, "the fourth, by the other process", func() bool { return received(t, second) == 4 })
		})
	}
}

// The password is asked for by nobody but the server that it was given for, and shown to
// none.
func TestTheConnectionOfAMailboxIsChecked(t *testing.T) {
	t.Parallel()
	s, d := imapserver.Start(t), program.Open(t)
	s.Deliver(t, "INBOX", mailOf("Ann <ann@example.org>", "No ink", "It is empty."))
	type checked struct {
		OK       bool
		Detail   string
		Messages int
	}
	check := func(m mailbox) checked {
		t.Helper()
		return program.Read[checked](t, d.Admin.Must(t, http.StatusOK, "POST", "/api/mailboxes/"+m.ID+"/check/", nil))
	}
	if got := check(addMailbox(t, d, object{"name": "Other", "address": "other@example.com"})); got.OK || !strings.Contains(got.Detail, "no server") {
		t.Errorf("without a server: %+v", got)
	}
	m := fetchedMailbox(t, d, s.URL("INBOX"), "seen")
	if got := check(m); got != (checked{true, "The folder has 1 messages.", 1}) {
		t.Errorf("got %+v", got)
	}
	path := "/api/mailboxes/" + m.ID + "/"
	d.Admin.Must(t, http.StatusOK, "PATCH", path, object{"imap": object{"url": s.URL("INBOX"), "after": "move:Nowhere"}})
	if got := check(m); got.OK || !strings.Contains(got.Detail, "look at the folder Nowhere") {
		t.Errorf("without the folder that messages go to: %+v", got)
	}
	elsewhere := object{"imap": object{"url": "imap://desk@127.0.0.1:1?tls=none", "after": "seen"}}
	if a := d.Admin.Sends(t, "PATCH", path, elsewhere); a.Status != http.StatusBadRequest || !strings.Contains(string(a.Body), `"/password"`) {
		t.Errorf("another server without its password: got %d %s", a.Status, a.Body)
	}
	d.Admin.Must(t, http.StatusOK, "PATCH", path, object{"password": "wrong"})
	if got := check(m); got.OK || !strings.Contains(got.Detail, "sign in") {
		t.Errorf("with a wrong password: %+v", got)
	}
	d.Admin.Must(t, http.StatusOK, "PATCH", path, program.Object(elsewhere).With(object{"password": "secret"}))
	if got := check(m); got.OK || !strings.Contains(got.Detail, "connect to 127.0.0.1:1") {
		t.Errorf("where no server is: %+v", got)
	}
	for _, where := range []string{path, path + "history/", "/api/events/?limit=1000"} {
		if a := d.Admin.Must(t, http.StatusOK, "GET", where, nil); strings.Contains(string(a.Body), imapserver.Password) || strings.Contains(string(a.Body), "secret") {
			t.Errorf("%s shows the password: %s", where, a.Body)
		}
	}
	history := d.Admin.Must(t, http.StatusOK, "GET", path+"history/", nil)
	if !strings.Contains(string(history.Body), "root set the password of the mailbox.") {
		t.Errorf("the history does not tell of the password: %s", history.Body)
	}
	d.Admin.Must(t, http.StatusOK, "PATCH", path, object{"imap": nil})
	if a := d.Join(t, "amy", "agent").Sends(t, "POST", path+"check/", nil); a.Status != http.StatusForbidden {
		t.Errorf("an agent checks: %d", a.Status)
	}
}
