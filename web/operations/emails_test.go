package operations

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/projections/emails"
	"helpdesk/web/webtest"
)

func TestTheMailLedger(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/system/emails/"), 200, "No failed emails")
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/system/emails/?status=sent"), 200, "No results")
	why, again := "mailbox <full>", webtest.Noon.Add(time.Minute)
	d.emails = []emails.Email{
		{ID: uuid.UUID{1}, Kind: email.Assigned, TicketNumber: 7, Address: "a@example.com", Status: email.StatusFailed, Attempts: 3, Error: &why, QueuedAt: webtest.Noon},
		{ID: uuid.UUID{2}, Kind: email.Resolved, TicketNumber: 8, Address: "b@example.com", Status: email.StatusQueued, RetryAt: &again, QueuedAt: webtest.Noon},
	}
	d.more = true
	w := webtest.Get(s, "admin", "/admin/system/emails/")
	webtest.Holds(t, w, 200, "mailbox &lt;full&gt;", "a@example.com", "after 3 attempts", "Send again", `rel="next"`, `Email notifications <span class="count">1</span>`)
	webtest.Lacks(t, w.Body.String(), "b@example.com")
	if want := []email.Status{email.StatusFailed, email.StatusUncertain}; !slices.Equal(d.statuses, want) {
		t.Errorf("first shown are %v, want %v", d.statuses, want)
	}
	webtest.Holds(t, webtest.Get(s, "admin", webtest.Href(t, w.Body.String(), `rel="next" href="`)), 200)
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/system/emails/?status=all"), 200, "a@example.com", "b@example.com", "next attempt")
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/system/emails/?status=lost"), 400)
	webtest.Lacks(t, webtest.Get(s, "auditor", "/admin/system/emails/").Body.String(), "Send again")
}

func TestEmailsAreSentAgain(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	path := "/admin/system/emails/" + webtest.TicketID.String() + "/resend/?status=failed"
	webtest.Leads(t, webtest.Post(s, "admin", path), "/admin/system/emails/?status=failed")
	if len(d.resent) != 1 || d.resent[0].Actor.ID != webtest.Account("admin").ID || !d.resent[0].Now.Equal(webtest.Noon) {
		t.Errorf("asked %+v", d.resent)
	}
	webtest.Holds(t, webtest.Post(s, "auditor", path), 403, "Access denied")
	d.Refusal = email.ErrSent
	webtest.Holds(t, webtest.Post(s, "admin", path), 422, "The email was sent.")
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/system/emails/x/resend/"), 404)
	d.Refusal = domain.ErrNotFound
	webtest.Holds(t, webtest.Post(s, "admin", path), 404)
}
