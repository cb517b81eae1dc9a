package mailbox

import (
	"time"

	"helpdesk/domain"
)

// The events of a mailbox. Their JSON is stored for good: a change of shape is a new
// schema version with an upcaster, never an edit of these.
type (
	// Added starts the stream.
	Added Settings
	// Changed carries all settings as they now stand.
	Changed Settings
	// PasswordSet means that the password of IMAP was given, which stands nowhere in the log.
	PasswordSet struct{}
	// Archived means that the mailbox takes no messages any more.
	Archived struct{}
	// Restored takes it into use again.
	Restored struct{}
)

// Settings are what is configured of a mailbox.
type Settings struct {
	Name            string    `json:"name"`
	Address         string    `json:"address"`
	DefaultPriority string    `json:"default_priority"` // of tickets that it opens
	Strangers       Strangers `json:"strangers"`
	ReopenDays      int       `json:"reopen_days"`
	ImportBefore    time.Time `json:"import_before,omitzero"` // messages from before are history; zero: none is
	IMAP            IMAP      `json:"imap,omitzero"`          // where messages are fetched from; zero: nowhere
	// NoAcknowledgement: who opens a ticket by mail is not sent an email that it came.
	NoAcknowledgement bool `json:"no_acknowledgement,omitempty"`
}

// EventType returns the stored name of the event.
func (Added) EventType() string       { return "mailbox.added" }
func (Changed) EventType() string     { return "mailbox.changed" }
func (PasswordSet) EventType() string { return "mailbox.password_set" }
func (Archived) EventType() string    { return "mailbox.archived" }
func (Restored) EventType() string    { return "mailbox.restored" }

// Events describes the events of a mailbox, as they are stored. Lines are added here,
// never removed: what was once written stays readable.
func Events() []domain.EventType {
	return []domain.EventType{
		domain.EventOf[Added](),
		domain.EventOf[Changed](),
		domain.EventOf[PasswordSet](),
		domain.EventOf[Archived](),
		domain.EventOf[Restored](),
	}
}
