package commands

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
)

// Emails carries out commands on emails.
type Emails struct{ log Log }

// NewEmails makes the email commands over a log.
func NewEmails(log Log) *Emails { return &Emails{log: log} }

var emails = aggregate[email.State, email.Command]{
	streamType: domain.EmailStream, evolve: email.Evolve, fold: folding(email.Evolve), decide: email.Decide,
	// A mail server's answer may hold the address.
	person: func(_ uuid.UUID, s email.State, _ email.Command) domain.UserID { return s.Recipient },
}

// State returns the email as its events tell it; the zero State when there is
// none of this id.
func (l *Emails) State(ctx context.Context, id email.ID) (email.State, error) {
	history, err := l.log.Load(ctx, id.UUID)
	var s email.State
	for _, e := range history {
		s = email.Evolve(s, e.Event)
	}
	return s, err
}

// Do carries out a command on the email id. Errors are those of
// [email.Decide], [ErrRepeated], [ErrBusy] and what the log answers when it
// can't be reached.
func (l *Emails) Do(ctx context.Context, r Request, id email.ID, c email.Command) (Outcome, error) {
	return emails.run(ctx, l.task(r, id, c))
}

// Begin is [Emails.Do] for an email that is new as far as is known: it is loaded only
// where it is not.
func (l *Emails) Begin(ctx context.Context, r Request, id email.ID, c email.Command) (Outcome, error) {
	return emails.start(ctx, l.task(r, id, c))
}

func (l *Emails) task(r Request, id email.ID, c email.Command) task[email.State, email.Command] {
	return task[email.State, email.Command]{log: l.log, id: id.UUID, request: r, actor: c.ActedBy(), command: c}
}
