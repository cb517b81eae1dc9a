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

const ledgerPage = "/admin/system/emails/"

// mailed has a failed and a queued email, and more pages of them.
func mailed(t testing.TB) *site {
	s := open(t)
	why, again, gone := "mailbox <full>", webtest.Noon.Add(time.Minute), email.CommentRemoved.String()
	s.emails = []emails.Email{
		{ID: uuid.UUID{1}, Kind: email.Assigned, TicketNumber: 7, Address: "a@example.com", Status: email.StatusFailed, Attempts: 3, Error: &why, QueuedAt: webtest.Noon},
		{ID: uuid.UUID{3}, Kind: email.Commented, TicketNumber: 9, Address: "c@example.com", Status: email.StatusBlocked, Attempts: 1, Error: &why, RetryAt: &again, QueuedAt: webtest.Noon},
		{ID: uuid.UUID{4}, Kind: email.Commented, TicketNumber: 9, Address: "d@example.com", Status: email.StatusCancelled, Error: &gone, QueuedAt: webtest.Noon},
		{ID: uuid.UUID{5}, Kind: email.Assigned, TicketNumber: 10, Address: "e@example.com", Status: email.StatusDigested, DigestID: &uuid.UUID{6}, QueuedAt: webtest.Noon},
		{ID: uuid.UUID{6}, Kind: email.Digest, Address: "e@example.com", Status: email.StatusCancelled, Error: &gone, QueuedAt: webtest.Noon},
		{ID: uuid.UUID{2}, Kind: email.Resolved, TicketNumber: 8, Address: "b@example.com", Status: email.StatusQueued, RetryAt: &again, QueuedAt: webtest.Noon},
	}
	s.more = true
	return s
}

func TestTheMailLedger(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"none has failed": func(_ *testing.T, s *site) { s.Get("admin", ledgerPage).Holds(200, "No failed emails") },
		"none was sent":   func(_ *testing.T, s *site) { s.Get("admin", ledgerPage+"?status=sent").Holds(200, "No results") },
	})
	webtest.Each(t, mailed, map[string]func(*testing.T, *site){
		"what failed is shown first": func(t *testing.T, s *site) {
			s.Get("admin", ledgerPage).
				Holds(200, "mailbox &lt;full&gt;", "a@example.com", "after 3 attempts", "Send again", `rel="next"`, `Email notifications <span class="count">2</span>`,
					"c@example.com", "takes no email like it from this service").
				Lacks("b@example.com", "d@example.com")
			if want := []email.Status{email.StatusFailed, email.StatusBounced, email.StatusUncertain, email.StatusBlocked}; !slices.Equal(s.statuses, want) {
				t.Errorf("first shown are %v, want %v", s.statuses, want)
			}
		},
		"pages lead on": func(_ *testing.T, s *site) { s.Get("admin", s.Get("admin", ledgerPage).Next()).Holds(200) },
		"all of them": func(_ *testing.T, s *site) {
			s.Get("admin", ledgerPage+"?status=all").Holds(200, "a@example.com", "b@example.com", "next attempt")
		},
		"what was not sent, and why": func(_ *testing.T, s *site) {
			s.Get("admin", ledgerPage+"?status=cancelled").Holds(200, "d@example.com", "the comment was removed", "Send again").Lacks("a@example.com")
		},
		"what is in a digest": func(_ *testing.T, s *site) {
			s.Get("admin", ledgerPage+"?status=digested").Holds(200, "#10", "ticket assigned", "in the email 06000000-0000-0000-0000-000000000000").Lacks("Send again", "a@example.com")
		},
		"a digest": func(_ *testing.T, s *site) {
			s.Get("admin", ledgerPage+"?status=cancelled").Holds(200, "several", "about several tickets").Lacks("#0")
		},
		"an unknown status": func(_ *testing.T, s *site) { s.Get("admin", ledgerPage+"?status=lost").Holds(400) },
		"an auditor sends nothing": func(_ *testing.T, s *site) {
			s.Get("auditor", ledgerPage).Holds(200, "a@example.com").Lacks("Send again")
		},
	})
}

func TestEmailsAreSentAgain(t *testing.T) {
	t.Parallel()
	path := ledgerPage + webtest.TicketID.String() + "/resend/?status=failed"
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"by an admin": func(t *testing.T, s *site) {
			s.Post("admin", path).Leads(ledgerPage + "?status=failed")
			if len(s.resent) != 1 || s.resent[0].Actor.ID != webtest.Account("admin").ID || !s.resent[0].Now.Equal(webtest.Noon) {
				t.Errorf("asked %+v", s.resent)
			}
		},
		"not by an auditor": func(_ *testing.T, s *site) { s.Post("auditor", path).Holds(403, "Access denied") },
		"unless they were sent": func(_ *testing.T, s *site) {
			s.Refusal = email.ErrSent
			s.Post("admin", path).Holds(422, "The email was sent.")
		},
		"of an id that is none": func(_ *testing.T, s *site) { s.Post("admin", ledgerPage+"x/resend/").Holds(404) },
		"of an id there is not": func(_ *testing.T, s *site) {
			s.Refusal = domain.ErrNotFound
			s.Post("admin", path).Holds(404)
		},
	})
}
