package web

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/projections"
	"helpdesk/rebuild"
)

// lacks fails the test when a page holds a text.
func lacks(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(page, text) {
			t.Errorf("the page holds %q", text)
		}
	}
}

func TestWhatEscalatesNext(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	holds(t, get(s, "auditor", "/admin/operation/escalation/"), 200, "4 hours", "1 day 2 hours", "never", "open, in progress", "No ticket is waiting")
	for i := range timersPage + 1 {
		d.timers = append(d.timers, Timer{ID: uuid.UUID{15: byte(i)}, TicketID: uuid.New(), DueAt: noon.Add(time.Duration(i) * time.Hour)})
	}
	d.timers[0].TicketID, d.timers[0].Due = ticketID.UUID, true
	w := get(s, "admin", "/admin/operation/escalation/")
	holds(t, w, 200, "Printer &lt;3", "#7", "a ticket that is deleted", `rel="next"`)
	holds(t, get(s, "admin", hrefOf(t, w.Body.String(), `rel="next" href="`)), 200, "From the first")
	if want := noon.Add((timersPage-1)*time.Hour).Format(time.RFC3339Nano) + " " + d.timers[timersPage-1].ID.String(); d.after != want {
		t.Errorf("the next page begins behind %s, want %s", d.after, want)
	}
	holds(t, get(s, "admin", "/admin/operation/escalation/?after=x"), 400)
	d.unsigned = true
	holds(t, get(s, "admin", "/admin/operation/escalation/"), 200, "No worker of the service has run yet")
	leads(t, get(s, "admin", "/admin/operation/"), "/admin/operation/escalation/")
}

func TestTheMailLedger(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	holds(t, get(s, "admin", "/admin/operation/emails/"), 200, "No email wants a look")
	holds(t, get(s, "admin", "/admin/operation/emails/?status=sent"), 200, "There are no such emails")
	why, again := "mailbox <full>", noon.Add(time.Minute)
	d.emails = []projections.Email{
		{ID: uuid.UUID{1}, Kind: email.Assigned, TicketNumber: 7, Address: "a@example.com", Status: email.StatusFailed, Attempts: 3, Error: &why, QueuedAt: noon},
		{ID: uuid.UUID{2}, Kind: email.Resolved, TicketNumber: 8, Address: "b@example.com", Status: email.StatusQueued, RetryAt: &again, QueuedAt: noon},
	}
	d.more = true
	w := get(s, "admin", "/admin/operation/emails/")
	holds(t, w, 200, "mailbox &lt;full&gt;", "a@example.com", "after 3 tries", "Send again", `rel="next"`, `Emails <span class="count">1</span>`)
	lacks(t, w.Body.String(), "b@example.com")
	if want := []email.Status{email.StatusFailed, email.StatusUncertain}; !slices.Equal(d.statuses, want) {
		t.Errorf("first shown are %v, want %v", d.statuses, want)
	}
	holds(t, get(s, "admin", hrefOf(t, w.Body.String(), `rel="next" href="`)), 200)
	holds(t, get(s, "admin", "/admin/operation/emails/?status=all"), 200, "a@example.com", "b@example.com", "tried again")
	holds(t, get(s, "admin", "/admin/operation/emails/?status=lost"), 400)
	lacks(t, get(s, "auditor", "/admin/operation/emails/").Body.String(), "Send again")
}

func TestEmailsAreSentAgain(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	path := "/admin/operation/emails/" + ticketID.String() + "/resend/?status=failed"
	leads(t, post(s, "admin", path), "/admin/operation/emails/?status=failed")
	if len(d.resent) != 1 || d.resent[0].Actor.ID != account("admin").ID || !d.resent[0].Now.Equal(noon) {
		t.Errorf("asked %+v", d.resent)
	}
	holds(t, post(s, "auditor", path), 403, "You may not do this")
	d.refusal = email.ErrSent
	holds(t, post(s, "admin", path), 422, "The email was sent.")
	holds(t, post(s, "admin", "/admin/operation/emails/x/resend/"), 404)
	d.refusal = domain.ErrNotFound
	holds(t, post(s, "admin", path), 404)
}

func TestWhatIsFailedIsDecidedOn(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	holds(t, get(s, "admin", "/admin/operation/failed/"), 200, "Nothing is failed")
	one, two := uuid.UUID{1}, uuid.UUID{2}
	for range failedMost - 1 {
		d.failed = append(d.failed, FailedCommand{ID: uuid.New(), Name: "SendEmail"})
	}
	d.failed = append([]FailedCommand{
		{ID: one, Name: "EscalateTicket", Payload: `{"a":"<b>"}`, Error: "no <way>", Attempts: 12, FailedAt: noon}, {ID: two, Name: "SendEmail"},
	}, d.failed...)
	d.events = []FailedEvent{{"ticket_list", 1234, ticketID.UUID, "boom"}, {"ticket_list", 1235, ticketID.UUID, "behind"}, {"user_list", 9, one, "bang"}}
	w := get(s, "admin", "/admin/operation/failed/")
	holds(t, w, 200, "no &lt;way&gt;", "12 tries", "&lt;b&gt;", "1 more are failed", "1\u202f234", "boom", "bang", "Apply them now", "Discard for good")
	lacks(t, get(s, "auditor", "/admin/operation/failed/").Body.String(), "Discard for good", "Apply them now", "Try again")
	path := "/admin/operation/failed/commands/"
	leads(t, post(s, "admin", path+one.String()+"/", "do", "retry"), "/admin/operation/failed/")
	leads(t, post(s, "admin", path+two.String()+"/", "do", "discard"), "/admin/operation/failed/")
	leads(t, post(s, "admin", path+two.String()+"/", "do", "discard"), "/admin/operation/failed/") // sent twice
	leads(t, post(s, "admin", "/admin/operation/failed/events/ticket_list/"), "/admin/operation/failed/")
	leads(t, post(s, "admin", "/admin/operation/failed/events/nobody/"), "/admin/operation/failed/")
	if diff := cmp.Diff([]string{"retry", "discard", "replay ticket_list"}, d.did); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	holds(t, post(s, "admin", path+one.String()+"/", "do", "sing"), 400)
	holds(t, post(s, "admin", path+"x/", "do", "retry"), 404)
	holds(t, post(s, "auditor", path+one.String()+"/", "do", "retry"), 403)
	holds(t, post(s, "auditor", "/admin/operation/failed/events/ticket_list/"), 403)
}

func TestReadModelsAreHeldAndBuiltAnew(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	holds(t, get(s, "admin", "/admin/operation/models/"), 200, "No read model has begun")
	left, at := 90*time.Second, int64(17)
	d.models = []rebuild.Status{
		{Name: "comment_list", State: rebuild.Paused, PausedAt: &noon, Position: 10, Head: 1234, Version: 1, CodeVersion: 2},
		{Name: "ticket_list", State: rebuild.Rebuilding, Position: 1234, Head: 1234, Failed: 2, Rebuild: &rebuild.Rebuild{
			Phase: rebuild.Filling, Active: true, Position: 617, Target: 1234, Rate: 7, Remaining: &left, BeganAt: noon}},
		{Name: "user_list", State: rebuild.Following, Rebuild: &rebuild.Rebuild{Phase: rebuild.Failed, Error: "bad <row>", ErrorPosition: &at, EndedAt: &noon}},
	}
	w := get(s, "admin", "/admin/operation/models/")
	holds(t, w, 200, `data-again="2"`, "1\u202f224", "Resume", "Build it anew", `max="1234" value="617"`, "1m30s left", "bad &lt;row&gt;", "#e17", `name="accept"`)
	w = get(s, "auditor", "/admin/operation/models/")
	holds(t, w, 200, "filling")
	lacks(t, w.Body.String(), "Pause", "Build anew", "data-again") // each look of an auditor is on record
	path := "/admin/operation/models/ticket_list/"
	for _, form := range [][]string{{"do", "pause"}, {"do", "resume"}, {"do", "rebuild"}, {"do", "rebuild", "accept", "yes"}} {
		leads(t, post(s, "admin", path, form...), "/admin/operation/models/")
	}
	if diff := cmp.Diff([]string{"pause", "resume", "rebuild accept=false", "rebuild accept=true"}, d.did); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	holds(t, post(s, "admin", path, "do", "sing"), 400)
	holds(t, post(s, "auditor", path, "do", "pause"), 403)
	holds(t, post(s, "admin", "/admin/operation/models/nothing/", "do", "pause"), 404)
	d.refusal = rebuild.ErrUnderWay
	holds(t, post(s, "admin", path, "do", "rebuild"), 409, "rebuilt by another process")
	d.readErr = errors.New("away")
	holds(t, get(s, "admin", "/admin/operation/models/"), 500)
}
