package commands

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/eventstore"
)

// MailboxIndex is the write side's index of mailboxes.
type MailboxIndex interface {
	// Keep brings the index to how a mailbox is now, in the transaction of the append:
	// [mailbox.ErrNameTaken] or [mailbox.ErrAddressTaken] when another has it. password is
	// that of IMAP, sealed; nil: it stays.
	Keep(id mailbox.ID, s mailbox.State, password []byte) eventstore.InTx
}

// Mailboxes carries out commands on mailboxes.
type Mailboxes struct {
	log   Log
	index MailboxIndex
}

// NewMailboxes makes the mailbox commands over a log and the index beside it.
func NewMailboxes(log Log, index MailboxIndex) *Mailboxes {
	return &Mailboxes{log: log, index: index}
}

var mailboxes = aggregate[mailbox.State, mailbox.Command]{
	streamType: domain.MailboxStream, evolve: mailbox.Evolve, fold: folding(mailbox.Evolve), decide: mailbox.Decide,
	person: func(uuid.UUID, mailbox.State, mailbox.Command) domain.UserID { return domain.UserID{} },
}

// Do carries out a command on the mailbox id. Errors are those of [mailbox.Decide] and of
// the index, [ErrRepeated], [ErrBusy] and the error of a log that cannot be reached.
func (m *Mailboxes) Do(ctx context.Context, r Request, id mailbox.ID, c mailbox.Command) (Outcome, error) {
	return mailboxes.run(ctx, task[mailbox.State, mailbox.Command]{
		log: m.log, id: id.UUID, request: r, actor: c.ActedBy(), command: c,
		prepare: func(next mailbox.State, a *eventstore.Append) { a.Also = m.index.Keep(id, next, mailbox.PasswordOf(c)) },
	})
}

// State returns the mailbox as its events tell it; the zero State when there is none of
// this id.
func (m *Mailboxes) State(ctx context.Context, id mailbox.ID) (mailbox.State, error) {
	history, err := m.log.Load(ctx, id.UUID)
	return mailboxes.fold(eventstore.Said(history)), err
}
