package saga

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/test/kit"
)

// flooded is somebody of whom seven tickets were resolved, who may get three emails.
type flooded struct {
	*service
	ann    domain.UserID
	emails []SendEmail
}

func newFlooded(t testing.TB) flooded {
	t.Helper()
	d := flooded{service: newService(t)}
	d.most = 3
	d.ann = d.register(t, "ann", domain.RoleUser)
	for range 7 {
		id := d.open(t, d.ann, ticket.Low, time.Time{})
		d.do(t, id, ticket.ChangeStatus{By: system(), To: ticket.StatusResolved, Reason: "New fuser."})
		d.emails = append(d.emails, SendEmail{Email: uuid.New(), Kind: email.Resolved, TicketID: id.UUID, CauseVersion: 2, Recipient: d.ann})
		d.order(t, d.emails[len(d.emails)-1])
	}
	d.work(t, policy)
	kit.Poll(t, "all but a digest to end", func() bool { return d.left(t) == 1 && d.ended(t, email.StatusDigested) == 4 })
	return d
}

// ended returns how many of the emails have a status.
func (d flooded) ended(t testing.TB, s email.Status) (n int) {
	t.Helper()
	for _, c := range d.emails {
		if d.emailStatus(t, c.Email) == s {
			n++
		}
	}
	return n
}

// digested returns the tickets of which the digest is to tell.
func (d flooded) digested(t testing.TB) (tickets []uuid.UUID) {
	t.Helper()
	for _, c := range d.emails {
		if d.emailStatus(t, c.Email) == email.StatusDigested {
			tickets = append(tickets, c.TicketID)
		}
	}
	return tickets
}

// hourOver has what went out have done so an hour ago, and returns the digest, once it
// has been tried then.
func (d flooded) hourOver(t testing.TB) uuid.UUID {
	t.Helper()
	digest := kit.One[uuid.UUID](t, d.super, `SELECT id FROM saga.outbox`)
	const waits = `SELECT count(*) = 1 FROM saga.outbox WHERE claimed_by IS NULL AND due_at > now() + interval '59 minutes'`
	kit.Poll(t, "the digest to wait", func() bool { return kit.One[bool](t, d.super, waits) })
	if got := d.emailStatus(t, digest); got != email.StatusQueued {
		t.Errorf("the digest is %s, want queued", got)
	}
	for _, q := range []string{
		`UPDATE saga.email_hours SET let_at = (SELECT array_agg(at - interval '1 hour') FROM unnest(let_at) AS at)`,
		`UPDATE saga.outbox SET due_at = now()`,
	} {
		if _, err := d.super.Exec(kit.Context(t), q); err != nil {
			t.Fatal(err)
		}
	}
	d.issued.Notify()
	kit.Poll(t, "the digest to end", func() bool { return d.left(t) == 0 })
	return digest
}

func TestWhatIsTooManyWithinAnHourIsToldOfInADigest(t *testing.T) {
	t.Parallel()
	d := newFlooded(t)
	if got := d.mailer.count(); got != 3 {
		t.Errorf("%d emails were sent, want 3", got)
	}
	gathered := d.digested(t)
	d.do(t, ticket.ID{UUID: gathered[0]}, become(ticket.StatusOpen)) // it is resolved no more
	d.do(t, ticket.ID{UUID: gathered[1]}, ticket.DeleteTicket{By: system()})
	digest := d.hourOver(t)
	if got := d.emailStatus(t, digest); got != email.StatusSent || d.mailer.count() != 4 {
		t.Fatalf("the digest is %s, %d emails were sent; want it sent as the fourth", got, d.mailer.count())
	}
	c := d.mailer.newest()
	var tickets []uuid.UUID
	for _, told := range c.Told {
		tickets = append(tickets, told.Ticket.ID)
		if told.Ticket.Title != "Printer" || told.Ticket.Number == 0 || !slices.Equal(told.News, []email.Kind{email.Resolved}) {
			t.Errorf("of a ticket is told %+v", told)
		}
	}
	if diff := cmp.Diff(gathered[2:], tickets); diff != "" {
		t.Errorf("tickets that are told of (-want +got):\n%s", diff)
	}
	if c.Kind != email.Digest || c.To.Address != "ann@example.com" {
		t.Errorf("the digest is of kind %s, to %s", c.Kind, c.To.Address)
	}
	again := SendEmail{Email: uuid.New(), Kind: email.Resolved, TicketID: gathered[2], CauseVersion: 2, Recipient: d.ann}
	d.order(t, again)
	d.issued.Notify()
	kit.Poll(t, "an email when there is room", func() bool { return d.emailStatus(t, again.Email) == email.StatusSent })
}

// A process that dies once a digest is to tell of an email, and before the log says so,
// has the digest tell of it all the same, and the email end as it would have.
func TestADigestTellsOfWhatItsProcessDiedAt(t *testing.T) {
	t.Parallel()
	d := newFlooded(t)
	id := d.open(t, d.ann, ticket.Low, time.Time{})
	d.do(t, id, ticket.ChangeStatus{By: system(), To: ticket.StatusResolved, Reason: "New fuser."})
	order := SendEmail{Email: uuid.New(), Kind: email.Resolved, TicketID: id.UUID, CauseVersion: 2, Recipient: d.ann}
	queued := email.Queued{Kind: order.Kind, TicketID: id.UUID, CauseVersion: 2, Recipient: d.ann, Address: "ann@example.com"}
	p, err := NewRoom(d.Pool, d.most).ask(kit.Context(t), &Delivery{claimed: claimed{CausationID: uuid.New()}}, order.Email, queued)
	if err != nil || p.Digest == uuid.Nil {
		t.Fatalf("the email finds %+v, %v; want a digest", p, err)
	}
	d.hourOver(t)
	told := d.mailer.newest().Told
	if len(told) != 5 || told[4].Ticket.ID != id.UUID {
		t.Errorf("the digest tells of %+v, want 5 tickets with the one of the process", told)
	}
	d.order(t, order)
	d.issued.Notify()
	kit.Poll(t, "the email to end", func() bool { return d.emailStatus(t, order.Email) == email.StatusDigested })
}

func TestADigestOfWhichNothingHoldsIsCancelled(t *testing.T) {
	t.Parallel()
	d := newFlooded(t)
	if err := d.edit(t, user.EditUser{ID: d.ann, Notifications: user.NotificationSwitches{Resolved: new(false)}}); err != nil {
		t.Fatal(err)
	}
	digest := d.hourOver(t)
	if got := d.emailStatus(t, digest); got != email.StatusCancelled || d.mailer.count() != 3 {
		t.Errorf("the digest is %s, %d emails were sent; want it cancelled, and 3", got, d.mailer.count())
	}
}

// A digest that the server refuses is the one email to send again, with what holds then.
func TestADigestIsSentAgain(t *testing.T) {
	t.Parallel()
	d := newFlooded(t)
	d.mailer.does(func(email.Content, func() error) error { return fault(email.VerdictRefused) })
	digest := d.hourOver(t)
	if got := d.emailStatus(t, digest); got != email.StatusFailed {
		t.Fatalf("the digest is %s, want failed", got)
	}
	d.mailer.does(nil)
	d.resend(t, digest)
	d.issued.Notify()
	kit.Poll(t, "the digest to be sent", func() bool { return d.emailStatus(t, digest) == email.StatusSent })
	if got := len(d.mailer.newest().Told); got != 4 {
		t.Errorf("it tells of %d tickets, want 4", got)
	}
}

// An email that the server does not take keeps its place among those of the hour.
func TestAnEmailThatIsTriedAgainKeepsItsPlace(t *testing.T) {
	t.Parallel()
	d := newService(t)
	d.most = 1
	order := d.resolvedEmail(t)
	d.order(t, order)
	d.mailer.does(func(email.Content, func() error) error { return fault(email.VerdictPostponed) })
	if _, later := retryAfter(d.send(t)); !later {
		t.Fatal("want another try")
	}
	d.mailer.does(nil)
	d.late = 2 * time.Hour
	if err := d.send(t); err != nil {
		t.Fatal(err)
	}
	if got := d.emailStatus(t, order.Email); got != email.StatusSent {
		t.Errorf("the email is %s, want sent", got)
	}
}

// A process that dies at a digest that was let go leaves it to the next.
func TestADigestOnWhichAProcessDiedGoesOn(t *testing.T) {
	t.Parallel()
	d := newFlooded(t)
	var died atomic.Bool
	d.mailer.does(func(c email.Content, handOver func() error) error {
		if died.CompareAndSwap(false, true) {
			return errors.New("a fault of ours") // before it was handed over
		}
		d.mailer.took(c)
		return handOver()
	})
	if got := d.emailStatus(t, d.hourOver(t)); got != email.StatusSent || d.mailer.count() != 4 {
		t.Errorf("the digest is %s, %d emails were sent; want it sent as the fourth", got, d.mailer.count())
	}
}
