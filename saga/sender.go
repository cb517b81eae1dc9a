package saga

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// EmailLog carries out commands on emails; see [commands.Emails].
type EmailLog interface {
	State(ctx context.Context, id email.ID) (email.State, error)
	Do(ctx context.Context, r commands.Request, id email.ID, c email.Command) (commands.Outcome, error)
}

// History loads the events of a stream; see [eventstore.Store.Load].
type History interface {
	Load(ctx context.Context, streamID uuid.UUID) ([]eventstore.Envelope, error)
}

// Accounts finds people; see [helpdesk/auth.Accounts].
type Accounts interface {
	Find(ctx context.Context, nameOrID string) (user.Account, error)
}

// Mailer puts an email into words and brings it to a mail server.
//
// It MUST call handOver exactly once before the server may take the email, and
// MUST NOT send it when that fails; the error of handOver is then returned as it
// is. Every other error MUST be a [*email.Fault].
type Mailer interface {
	Send(ctx context.Context, c email.Content, handOver func(context.Context) error) error
}

// Sender sends emails, each once as far as that can be had: see [email].
type Sender struct {
	emails   EmailLog
	history  History
	accounts Accounts
	mailer   Mailer
	retryMin time.Duration
	now      func() time.Time
}

// NewSender makes the sender. retryMin is the wait after the first try of an
// email that was postponed.
func NewSender(emails EmailLog, history History, accounts Accounts, mailer Mailer, retryMin time.Duration) *Sender {
	return &Sender{emails: emails, history: history, accounts: accounts, mailer: mailer, retryMin: retryMin, now: time.Now}
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

// draft is an email with what it tells of.
type draft struct {
	id      email.ID
	state   email.State
	told    told
	to      user.Account // its recipient; without an id: to be found
	written bool         // whether the log has it
}

// Send brings the email one step further: it makes a new one and tries it, tries one
// that waits, and leaves alone what has come to an end. One that was handed over by a
// process that is gone is from then on uncertain.
func (m *Sender) Send(ctx context.Context, r commands.Request, c SendEmail) (err error) {
	d := draft{id: email.ID{UUID: c.Email}}
	if d.state, err = m.emails.State(ctx, d.id); err != nil {
		return err
	}
	if d.written = d.state.Exists; !d.written {
		wanted, err := m.compose(ctx, &d, c)
		if err != nil || !wanted {
			return err
		}
		return m.try(ctx, r, &d)
	}
	switch d.state.Status {
	case email.StatusQueued:
		if wait := d.state.RetryAt.Sub(m.now()); wait > 0 {
			return &postponed{wait: wait, why: errors.New("it is not time yet to try the email again")}
		}
		if d.told, err = m.read(ctx, d.state.TicketID, d.state.CauseVersion); err != nil {
			return err
		}
		return m.try(ctx, r, &d)
	case email.StatusSending:
		lost := errors.New("the process that handed the email over ended before it knew whether the server had taken it")
		return m.record(ctx, r, &d, &email.Fault{Verdict: email.VerdictUncertain, Err: lost})
	}
	return nil
}

// compose makes a new email, which is written when it is handed over. It is not
// wanted where its recipient can't get any more, or what it would tell of is gone.
func (m *Sender) compose(ctx context.Context, d *draft, c SendEmail) (wanted bool, err error) {
	to, err := m.accounts.Find(ctx, c.Recipient.String())
	if errors.Is(err, domain.ErrNotFound) || (err == nil && !to.Active) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	d.to = to
	d.told, err = m.read(ctx, c.TicketID, c.CauseVersion)
	if err != nil || !d.told.stands() {
		return false, err
	}
	d.state = email.Evolve(email.State{}, email.Queued{
		Kind: c.Kind, TicketID: c.TicketID, TicketNumber: d.told.now.Number, CauseVersion: c.CauseVersion,
		Recipient: c.Recipient, Address: to.Email, At: m.now().UTC().Truncate(time.Microsecond),
	})
	return true, nil
}

// try sends an email that waits, and records how that ended.
func (m *Sender) try(ctx context.Context, r commands.Request, d *draft) error {
	if d.state.Address == domain.Erased {
		return m.record(ctx, r, d, &email.Fault{Verdict: email.VerdictRefused, Err: errors.New("the recipient was erased")})
	}
	content, err := m.content(ctx, *d)
	if err != nil {
		return err
	}
	err = m.mailer.Send(ctx, content, func(ctx context.Context) error {
		over := email.HandOver{By: by()}
		if !d.written {
			over.New = &d.state.Queued
		}
		_, err := m.emails.Do(ctx, r, d.id, over)
		d.written = d.written || err == nil
		return err
	})
	var fault *email.Fault
	switch {
	case err == nil:
		return m.record(ctx, r, d, nil)
	case errors.As(err, &fault):
		return m.record(ctx, r, d, fault)
	case errors.Is(err, email.ErrNotWaiting):
		return nil // another process is at it, and nothing was sent here
	}
	return errors.Join(err, m.queue(ctx, r, d))
}

// queue writes an email that was not handed over, so that it is seen to wait.
func (m *Sender) queue(ctx context.Context, r commands.Request, d *draft) error {
	if d.written {
		return nil
	}
	_, err := m.emails.Do(ctx, r, d.id, email.Queue{By: by(), Queued: d.state.Queued})
	return err
}

// record records how an attempt ended; fault is nil for an email that was sent.
// It returns [postponed] when another attempt is due.
func (m *Sender) record(ctx context.Context, r commands.Request, d *draft, fault *email.Fault) error {
	c := email.Record{By: by(), Verdict: email.VerdictSent, Now: m.now().UTC().Truncate(time.Microsecond), RetryMin: m.retryMin}
	if fault != nil {
		c.Verdict, c.Error = fault.Verdict, fault.Error()
	}
	// What a server said must not be lost because the time of the command is up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := m.queue(ctx, r, d); err != nil {
		return err
	}
	out, err := m.emails.Do(ctx, r, d.id, c)
	if err != nil || fault == nil {
		return err
	}
	var s email.State
	for _, e := range out.Events {
		s = email.Evolve(s, e.Event)
	}
	if s.Status != email.StatusQueued {
		return nil
	}
	return &postponed{wait: max(s.RetryAt.Sub(m.now()), 0), why: fault}
}

// told is a ticket as it was after the event an email tells of, and as it is.
type told struct {
	cause     eventstore.Envelope
	then, now ticket.State
}

func (m *Sender) read(ctx context.Context, id uuid.UUID, version int) (t told, err error) {
	events, err := m.history.Load(ctx, id)
	if err != nil {
		return t, err
	}
	for _, e := range events {
		t.now = ticket.Evolve(t.now, e.Event)
		if e.Version == version {
			t.cause, t.then = e, t.now
		}
	}
	if t.cause.Version == 0 {
		return t, fmt.Errorf("ticket %s has no version %d", id, version)
	}
	return t, nil
}

// stands reports whether there is still something to tell of.
func (t told) stands() bool {
	if c, ok := t.cause.Event.(ticket.CommentAdded); ok {
		if _, there := t.now.Comments[c.CommentID]; !there {
			return false
		}
	}
	return t.now.Exists
}

// content returns what an email says.
func (m *Sender) content(ctx context.Context, d draft) (email.Content, error) {
	id, s, t, to := d.id, d.state, d.told, d.to
	var err error
	if to.ID.IsZero() {
		if to, err = m.accounts.Find(ctx, s.Recipient.String()); err != nil {
			return email.Content{}, fmt.Errorf("find the recipient of email %s: %w", id, err)
		}
	}
	c := email.Content{
		ID: id, Kind: s.Kind, To: email.Addressee{Name: to.Username, Address: s.Address},
		ToAdmin: s.Kind == email.Escalated && s.Recipient != t.then.CreatedBy,
		Ticket: email.Ticket{
			ID: s.TicketID, Number: s.TicketNumber, Title: t.then.Title,
			Priority: string(t.then.Priority), Status: string(t.then.Status),
		},
		At: t.cause.OccurredAt,
	}
	switch e := t.cause.Event.(type) {
	case ticket.CommentAdded:
		c.Text = e.Text
	case ticket.Resolved:
		c.Text = e.Reason
	case ticket.Escalated:
		c.Text = e.Reason
	}
	names := map[domain.UserID]string{{}: "", to.ID: shownName(to)}
	for name, id := range map[*string]domain.UserID{
		&c.Ticket.Requester: t.then.CreatedBy, &c.Ticket.Assignee: t.then.AssignedTo, &c.Actor: {UUID: t.cause.ActorID.UUID},
	} {
		known, ok := names[id]
		if !ok {
			if known, err = m.username(ctx, id); err != nil {
				return email.Content{}, err
			}
			names[id] = known
		}
		*name = known
	}
	return c, nil
}

// username returns somebody's name, "" for somebody who is not there any more.
func (m *Sender) username(ctx context.Context, id domain.UserID) (string, error) {
	a, err := m.accounts.Find(ctx, id.String())
	if errors.Is(err, domain.ErrNotFound) {
		return "", nil
	}
	return shownName(a), err
}

// shownName returns the name of somebody as emails show it.
func shownName(a user.Account) string {
	if strings.HasPrefix(a.Username, domain.Erased) {
		return domain.Erased
	}
	return strings.TrimSpace(a.Username)
}
