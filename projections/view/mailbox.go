package view

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/mailbox"
	"helpdesk/eventstore"
)

// Mailbox is a mailbox as admins see it, and a row of read.mailboxes, whose columns its
// tags declare.
type Mailbox struct {
	ID              uuid.UUID         `db:"id,key"`
	Name            string            `db:"name"`
	Address         string            `db:"address"`
	DefaultPriority string            `db:"default_priority"`
	Strangers       mailbox.Strangers `db:"strangers"`
	ReopenDays      int               `db:"reopen_days"`
	ImportBefore    *time.Time        `db:"import_before"`
	Acknowledge     bool              `db:"acknowledge"`
	IMAPURL         *string           `db:"imap_url"`
	IMAPAfter       *string           `db:"imap_after"`
	IsActive        bool              `db:"is_active"`
	CreatedAt       time.Time         `db:"created_at,fixed"`
	UpdatedAt       time.Time         `db:"updated_at"`
	Version         int               `db:"version"`
}

// MailboxOf returns the mailbox with these events; ok is false when it was never added.
func MailboxOf(events []eventstore.Envelope) (m Mailbox, ok bool) {
	for _, e := range events {
		m.Apply(e)
	}
	return m, m.ID != uuid.Nil
}

// Apply folds one event of the mailbox.
func (m *Mailbox) Apply(e eventstore.Envelope) {
	switch d := e.Event.(type) {
	case mailbox.Added:
		*m = Mailbox{ID: e.StreamID, IsActive: true, CreatedAt: e.OccurredAt}
		m.set(mailbox.Settings(d))
	case mailbox.Changed:
		m.set(mailbox.Settings(d))
	case mailbox.Archived:
		m.IsActive = false
	case mailbox.Restored:
		m.IsActive = true
	}
	m.UpdatedAt, m.Version = e.OccurredAt, e.Version
}

func (m *Mailbox) set(s mailbox.Settings) {
	m.Name, m.Address, m.DefaultPriority, m.Strangers = s.Name, s.Address, s.DefaultPriority, s.Strangers
	if m.ReopenDays, m.ImportBefore = s.ReopenDays, nil; !s.ImportBefore.IsZero() {
		m.ImportBefore = &s.ImportBefore
	}
	m.Acknowledge = !s.NoAcknowledgement
	if m.IMAPURL, m.IMAPAfter = nil, nil; s.IMAP != (mailbox.IMAP{}) {
		m.IMAPURL, m.IMAPAfter = &s.IMAP.URL, &s.IMAP.After
	}
}
