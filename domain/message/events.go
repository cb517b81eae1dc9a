package message

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// The events of a message. Their JSON is stored for good: a change of shape is a new
// schema version with an upcaster, never an edit of these. What stands in them of the
// message is sealed under the key of its sender, as are its bytes, which are beside the log.
type (
	// Received starts the stream: from then on the message is not lost.
	Received struct {
		Mailbox   uuid.UUID     `json:"mailbox"`
		Sender    domain.UserID `json:"sender"` // who has the address, or will have it as a contact
		MessageID string        `json:"message_id,omitempty"`
		From      string        `json:"from,omitempty"`
		To        string        `json:"to,omitempty"`
		Subject   string        `json:"subject,omitempty"`
		Size      int64         `json:"size"`                // of what is kept, in bytes
		Digest    string        `json:"digest"`              // SHA-256 of the bytes as they are stored, sealed; hexadecimal
		Truncated bool          `json:"truncated,omitempty"` // it was too large: what is kept is its header
		At        time.Time     `json:"at"`                  // by the clock of the process that took it in
	}
	// Judged means that it is known what becomes of the message.
	Judged struct {
		Verdict Verdict   `json:"verdict"`
		Reason  Reason    `json:"reason"`
		Detail  string    `json:"detail"` // the reason in a sentence
		Ticket  uuid.UUID `json:"ticket,omitzero"`
		Comment uuid.UUID `json:"comment,omitzero"`
		Email   uuid.UUID `json:"email,omitzero"`
		// Acknowledge: its author may be sent an email that it came.
		Acknowledge bool `json:"acknowledge,omitempty"`
	}
	// Released means that an admin let it out of quarantine: it is judged once more.
	Released struct{}
	// Reprocessed means that an admin had it judged once more, by the rules of the day.
	Reprocessed struct{}
	// Discarded means that an admin set it aside.
	Discarded struct {
		Reason string `json:"reason"`
	}
)

// EventType returns the stored name of the event.
func (Received) EventType() string    { return "mail.received" }
func (Judged) EventType() string      { return "mail.judged" }
func (Released) EventType() string    { return "mail.released" }
func (Reprocessed) EventType() string { return "mail.reprocessed" }
func (Discarded) EventType() string   { return "mail.discarded" }

// Events describes the events of a message, as they are stored. Lines are added here,
// never removed: what was once written stays readable.
func Events() []domain.EventType {
	return []domain.EventType{
		domain.PersonalEventOf(func(e *Received) domain.Texts {
			return domain.TextsOf(e.Sender).In("message_id", &e.MessageID).In("from", &e.From).In("to", &e.To).In("subject", &e.Subject)
		}),
		domain.PersonalEventOf(func(e *Judged) domain.Texts {
			return domain.Texts{}.In("detail", &e.Detail)
		}),
		domain.EventOf[Released](),
		domain.EventOf[Reprocessed](),
		domain.PersonalEventOf(func(e *Discarded) domain.Texts {
			return domain.Texts{}.In("reason", &e.Reason)
		}),
	}
}
