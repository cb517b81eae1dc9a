package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"helpdesk/test/program"
)

// A gateway that uses a key for another message is refused, and nothing comes of that
// message, of many at once too.
func TestAKeyIsOfOneMessage(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	box := addMailbox(t, d)
	path := "/api/mailboxes/" + box.ID + "/messages/"
	hand := func(key, text string) program.Answer {
		return d.Admin.Sends(t, "POST", path, mailOf("ann@example.org", "No ink", text), "Content-Type", "message/rfc822", "Idempotency-Key", key)
	}
	first := hand("one", "It is empty.")
	if again := hand("one", "It is empty."); again.Status != http.StatusAccepted || program.Read[inbound](t, again).ID != program.Read[inbound](t, first).ID {
		t.Errorf("the same message again: got %d %s", again.Status, again.Body)
	}
	if other := hand("one", "It is drawn."); other.Status != http.StatusUnprocessableEntity || !strings.Contains(string(other.Body), "idempotency_key_reused") {
		t.Errorf("another message of the same length: got %d %s", other.Status, other.Body)
	}
	var all sync.WaitGroup
	for _, text := range []string{"a", "b", "c", "d", "e", "f"} {
		all.Go(func() { hand("many", text) })
	}
	all.Wait()
	if got := received(t, d); got != 2 {
		t.Errorf("%d messages came in, want 2", got)
	}
}

// Who gives their message the id of another's does not come between that and its answers.
func TestAnotherMessageOfTheSameIDCutsNobodyOff(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	box := addMailbox(t, d)
	ann := mails(t, d, box, mailOf("ann@example.org", "No ink", "It is empty.", "Message-ID: <1@example.org>"), "new_ticket new")
	mails(t, d, box, mailOf("eve@example.net", "No paper", "Nor paper.", "Message-ID: <1@example.org>"), "new_ticket new")
	reply := mails(t, d, box, mailOf("ann@example.org", "Re: No ink", "Still empty.", "In-Reply-To: <1@example.org>"), "reply reference")
	if *reply.Ticket != *ann.Ticket {
		t.Errorf("the answer is in %s, want %s", *reply.Ticket, *ann.Ticket)
	}
	mails(t, d, box, mailOf("support+x@example.com", "Round and round", "Once more."), "loop own_address")
}
