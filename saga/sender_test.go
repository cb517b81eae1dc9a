package saga

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// resolvedEmail is the command to tell the requester of a resolved ticket.
func (d *service) resolvedEmail(t testing.TB) SendEmail {
	t.Helper()
	requester := d.register(t, "ann", domain.RoleUser)
	id := d.open(t, requester, ticket.Low, time.Time{})
	d.do(t, id, ticket.ChangeStatus{By: system(), To: ticket.StatusResolved, Reason: "New fuser."})
	return SendEmail{Email: uuid.New(), Kind: email.Resolved, TicketID: id.UUID, CauseVersion: 2, Recipient: requester}
}

func (d *service) emailStatus(t testing.TB, id uuid.UUID) email.Status {
	t.Helper()
	s, err := d.emails.State(kit.Context(t), email.ID{UUID: id})
	if err != nil {
		t.Fatal(err)
	}
	return s.Status
}

func fault(v email.Verdict) error {
	return &email.Fault{Verdict: v, Err: errors.New("what the server said")}
}

func TestHowAnEmailEnds(t *testing.T) {
	t.Parallel()
	type send func(c email.Content, handOver func() error) error
	before := func(err error) send { return func(email.Content, func() error) error { return err } }
	after := func(err error) send {
		return func(_ email.Content, handOver func() error) error { return errors.Join(handOver(), err) }
	}
	for name, c := range map[string]struct {
		send  send
		want  email.Status
		later bool // asks for another try
		fails bool
	}{
		"the server takes it":               {after(nil), email.StatusSent, false, false},
		"the server refuses it":             {before(fault(email.VerdictRefused)), email.StatusFailed, false, false},
		"the server refuses it at the end":  {after(fault(email.VerdictRefused)), email.StatusFailed, false, false},
		"the server is busy":                {before(fault(email.VerdictPostponed)), email.StatusQueued, true, false},
		"the server is busy at the end":     {after(fault(email.VerdictPostponed)), email.StatusQueued, true, false},
		"the line is cut at the end":        {after(fault(email.VerdictUncertain)), email.StatusUncertain, false, false},
		"it cannot be put into words":       {before(errors.New("no such template")), email.StatusQueued, false, true},
		"it is told what became of it late": {after(errors.New("a fault of ours")), email.StatusQueued, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newService(t)
			order := d.resolvedEmail(t)
			d.mailer.does(c.send)
			d.order(t, order)
			err := d.send(t)
			wait, later := retryAfter(err)
			if later != c.later || (err != nil && !later) != c.fails {
				t.Errorf("got %v; want another try: %v, an error: %v", err, c.later, c.fails)
			}
			if later && (wait < 59*time.Minute || wait > time.Hour) {
				t.Errorf("the next try comes after %s, want an hour", wait)
			}
			if got := d.emailStatus(t, order.Email); got != c.want {
				t.Errorf("the email is %s, want %s", got, c.want)
			}
		})
	}
}

// Whatever an email's command finds, it is sent at most once.
func TestAnEmailOnWhichAProcessDiedIsUncertain(t *testing.T) {
	t.Parallel()
	d := newService(t)
	order := d.resolvedEmail(t)
	d.order(t, order)
	d.mailer.does(func(_ email.Content, handOver func() error) error {
		if err := handOver(); err != nil {
			t.Error(err)
		}
		panic("killed")
	})
	func() {
		defer func() { _ = recover() }()
		_ = d.send(t)
	}()
	if got := d.emailStatus(t, order.Email); got != "" {
		t.Fatalf("the email is %s, want nothing of it in the log", got)
	}
	d.mailer.does(nil)
	for range 2 {
		if err := d.send(t); err != nil {
			t.Fatal(err)
		}
		if got := d.emailStatus(t, order.Email); got != email.StatusUncertain || d.mailer.count() != 0 {
			t.Fatalf("the email is %s, sent %d times; want uncertain, and not sent", got, d.mailer.count())
		}
	}

	d.resend(t, order.Email)
	for range 2 {
		if err := d.send(t); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.emailStatus(t, order.Email); got != email.StatusSent || d.mailer.count() != 1 {
		t.Errorf("after it was asked for: the email is %s, sent %d times; want sent once", got, d.mailer.count())
	}
}

// resend asks for an email once more, in place of the command that there is.
func (d *service) resend(t testing.TB, id uuid.UUID) {
	t.Helper()
	resend := email.Resend{By: by(), Now: time.Now()}
	if _, err := d.emails.Do(kit.Context(t), commands.Request{}, email.ID{UUID: id}, resend); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Pool.Exec(kit.Context(t), `DELETE FROM saga.outbox`); err != nil {
		t.Fatal(err)
	}
	d.order(t, SendEmail{Email: id})
}

// A log from before has emails that were handed over in it.
func TestAnEmailThatWasHandedOverInTheLogIsUncertain(t *testing.T) {
	t.Parallel()
	d := newService(t)
	order := d.resolvedEmail(t)
	d.order(t, order)
	d.MustAppend(t, eventstore.Append{StreamID: order.Email, StreamType: domain.EmailStream, Events: []domain.Event{
		email.Queued{Kind: order.Kind, TicketID: order.TicketID, CauseVersion: 2, Recipient: order.Recipient, Address: "ann@example.com", At: time.Now()},
		email.HandedOver{Attempt: 1},
	}})
	for range 2 {
		if err := d.send(t); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.emailStatus(t, order.Email); got != email.StatusUncertain || d.mailer.count() != 0 {
		t.Errorf("the email is %s, sent %d times; want uncertain, and not sent", got, d.mailer.count())
	}
}

// A server that said no, and a process that died before it noted that the command is
// to be tried again: what was handed over then has an end.
func TestAnAttemptOfWhichTheEndIsKnownIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	d := newService(t)
	order := d.resolvedEmail(t)
	d.order(t, order)
	d.mailer.does(func(_ email.Content, handOver func() error) error {
		return errors.Join(handOver(), fault(email.VerdictPostponed))
	})
	if _, later := retryAfter(d.send(t)); !later {
		t.Fatal("want another try")
	}
	d.mailer.does(nil)
	if _, later := retryAfter(d.send(t)); !later {
		t.Fatal("want another try, for it is not time yet")
	}
	d.late = 2 * time.Hour
	if err := d.send(t); err != nil {
		t.Fatal(err)
	}
	if got := d.emailStatus(t, order.Email); got != email.StatusSent || d.mailer.count() != 1 {
		t.Errorf("the email is %s, sent %d times; want sent once", got, d.mailer.count())
	}
}

// Two processes at one email, as when a connection was lost: one sends it.
func TestOfTwoSendersOneSends(t *testing.T) {
	t.Parallel()
	d := newService(t)
	order := d.resolvedEmail(t)
	d.order(t, order)
	d.mailer.does(func(c email.Content, handOver func() error) error {
		d.mailer.does(nil)
		if _, err := d.Pool.Exec(kit.Context(t), `UPDATE saga.outbox SET claimed_by = NULL`); err != nil {
			t.Error(err)
		}
		if err := d.send(t); err != nil { // the other one
			t.Error(err)
		}
		return handOver()
	})
	if err := d.send(t); err != nil {
		t.Fatal(err)
	}
	if got := d.emailStatus(t, order.Email); got != email.StatusSent || d.mailer.count() != 1 {
		t.Errorf("the email is %s, sent %d times; want sent once", got, d.mailer.count())
	}
}

// What had happened when the database learnt to send emails is not told of.
func TestEmailsBeginWhereTheyWereInvented(t *testing.T) {
	t.Parallel()
	d := newService(t)
	ann := d.register(t, "ann", domain.RoleUser)
	id := d.open(t, ann, ticket.Low, time.Time{})
	d.do(t, id, become(ticket.StatusResolved))
	if _, err := d.super.Exec(kit.Context(t), `UPDATE saga.emails_from SET position = (SELECT position FROM log_head)`); err != nil {
		t.Fatal(err)
	}
	seen := d.follow(t, policy)
	seen()
	if got := d.left(t); got != 0 {
		t.Errorf("%d emails about what was before, want none", got)
	}
	d.do(t, id, become(ticket.StatusOpen))
	d.do(t, id, become(ticket.StatusResolved))
	seen()
	if got := d.left(t); got != 1 {
		t.Errorf("%d emails about what came after, want 1", got)
	}
}
