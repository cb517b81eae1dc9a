package saga

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/eventstore"
	"helpdesk/internal/batch"
)

// EmailLog carries out commands on emails; see [commands.Emails].
type EmailLog interface {
	Begin(ctx context.Context, r commands.Request, id email.ID, c email.Command) (commands.Outcome, error)
	Do(ctx context.Context, r commands.Request, id email.ID, c email.Command) (commands.Outcome, error)
}

// History loads the events of streams; see [eventstore.Store.Outline].
type History interface {
	Outline(ctx context.Context, streamIDs ...uuid.UUID) ([]eventstore.Envelope, error)
	InFull(ctx context.Context, events []eventstore.Envelope, places []int) ([]eventstore.Envelope, error)
}

// Mailer puts an email into words and brings it to a mail server.
//
// It MUST call handOver exactly once before the server may take the email, and
// MUST NOT send it when that fails; the error of handOver is then returned as it
// is. Every other error MUST be a [*email.Fault].
type Mailer interface {
	Send(ctx context.Context, c email.Content, handOver func(context.Context) error) error
}

// Files knows which files there still are; see [attachments.Files].
type Files interface {
	Readable(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error)
}

// Sender sends emails, each once as far as that can be had: see [email].
type Sender struct {
	emails   EmailLog
	history  History
	streams  *batch.Queries[[]uuid.UUID, streams]
	mailer   Mailer
	files    Files
	room     *Room
	retryMin time.Duration
	now      func() time.Time
}

// NewSender makes the sender. retryMin is the wait after the first try of an
// email that was postponed.
func NewSender(emails EmailLog, history History, mailer Mailer, files Files, room *Room, retryMin time.Duration) *Sender {
	m := &Sender{emails: emails, history: history, mailer: mailer, files: files, room: room, retryMin: retryMin, now: time.Now}
	m.streams = batch.New(m.loadTogether)
	return m
}

// postponed asks for the command to be carried out again after a while.
type postponed struct {
	wait time.Duration
	why  error
}

func (p *postponed) Error() string             { return p.why.Error() }
func (p *postponed) Unwrap() error             { return p.why }
func (p *postponed) RetryAfter() time.Duration { return p.wait }

// by is the actor of all that becomes of an email.
func by() email.By { return email.By{Actor: domain.System()} }

// Send brings the email one step further: it tries one that is new or waits, as it is
// true now, cancels one that holds no more, has a digest tell of one that is too many, and
// leaves alone what has come to an end. One that was handed over by a process that is gone
// is from then on uncertain.
func (m *Sender) Send(ctx context.Context, d *Delivery, c SendEmail) error {
	f, err := m.gather(ctx, c)
	if err != nil {
		return err
	}
	t := attempt{draft: f, delivery: d}
	t.request = d.Request()
	t.request.ID = uuid.Nil // the email's own state tells what was done
	switch {
	case f.state.Status == email.StatusSending, f.waits() && d.HandedOver() > f.state.Attempts:
		lost := errors.New("the process that handed the email over ended before it knew whether the server had taken it")
		return m.record(ctx, t, &email.Fault{Verdict: email.VerdictUncertain, Err: lost})
	case !f.waits():
		return nil
	}
	if wait := f.state.RetryAt.Sub(m.now()); wait > 0 {
		return &postponed{wait: wait, why: errors.New("it is not time yet to try the email again")}
	}
	if reason := f.moot(); reason != "" {
		return m.cancel(ctx, t, reason)
	}
	return m.place(ctx, t)
}

func (m *Sender) cancel(ctx context.Context, t attempt, reason email.Reason) error {
	_, err := m.log(t)(ctx, t.request, t.id, email.Cancel{By: by(), Email: t.email, Reason: reason})
	return err
}

// place sends an email if its recipient has room for it.
func (m *Sender) place(ctx context.Context, t attempt) error {
	p, err := m.room.ask(ctx, t.delivery, t.id.UUID, t.email)
	switch {
	case err != nil:
		return err
	case p.Let:
		return m.try(ctx, t)
	case t.email.Kind == email.Digest:
		return m.await(ctx, t, p)
	}
	return m.digest(ctx, t, p.Digest)
}

// attempt is one to send an email.
type attempt struct {
	draft
	delivery *Delivery
	request  commands.Request
}

// try sends an email, and records how that ended.
func (m *Sender) try(ctx context.Context, t attempt) error {
	content, err := m.content(ctx, t.draft)
	if err != nil {
		return err
	}
	if t.email.Kind == email.Digest && len(content.Told) == 0 {
		return m.cancel(ctx, t, email.NothingLeft)
	}
	err = m.mailer.Send(ctx, content, func(ctx context.Context) error { return t.delivery.HandOver(ctx, t.state.Attempts+1) })
	var fault *email.Fault
	switch {
	case err == nil:
		return m.record(ctx, t, nil)
	case errors.As(err, &fault):
		return m.record(ctx, t, fault)
	case errors.Is(err, errLost):
		return nil // nothing was sent here
	}
	return errors.Join(err, m.queue(ctx, t))
}

// queue writes an email that was not handed over, so that it is seen to wait.
func (m *Sender) queue(ctx context.Context, t attempt) error {
	if t.state.Exists {
		return nil
	}
	_, err := m.emails.Begin(ctx, t.request, t.id, email.Queue{By: by(), Queued: t.email})
	return err
}

// record records how an attempt ended; fault is nil for an email that was sent.
// It returns [postponed] when another attempt is due.
func (m *Sender) record(ctx context.Context, t attempt, fault *email.Fault) error {
	c := email.Record{By: by(), Email: t.email, Verdict: email.VerdictSent, Now: m.clock(), RetryMin: m.retryMin}
	if fault != nil {
		c.Verdict, c.Error = fault.Verdict, fault.Error()
	}
	// What a server said must not be lost because the time of the command is up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	out, err := m.log(t)(ctx, t.request, t.id, c)
	if err != nil || fault == nil {
		return err
	}
	if s := emailOf(out.Events); s.Waits() {
		return &postponed{wait: max(s.RetryAt.Sub(m.now()), 0), why: fault}
	}
	return nil
}

// log returns how a command on the email is carried out.
func (m *Sender) log(t attempt) func(context.Context, commands.Request, email.ID, email.Command) (commands.Outcome, error) {
	if t.state.Exists {
		return m.emails.Do
	}
	return m.emails.Begin
}

func (m *Sender) clock() time.Time { return m.now().UTC().Truncate(time.Microsecond) }
