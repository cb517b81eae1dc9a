package email

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// Kind is what an email is about.
type Kind string

// The kinds of email. A recipient may switch each of them off, except
// [Escalated] where they get it as an admin, [TakenBack], [Acknowledged], and what is in a
// [Digest] of these.
const (
	Escalated    Kind = "escalated"    // the ticket escalated
	Assigned     Kind = "assigned"     // the ticket is theirs to work on
	Commented    Kind = "commented"    // somebody else commented on their ticket
	Resolved     Kind = "resolved"     // their ticket is resolved
	Replied      Kind = "replied"      // the requester commented on a ticket that is theirs to work on, or an unassigned one
	Reopened     Kind = "reopened"     // such a ticket was reopened
	TakenBack    Kind = "taken-back"   // it was unassigned, with others, for its assignee left
	Acknowledged Kind = "acknowledged" // what they wrote by mail is a ticket
	Digest       Kind = "digest"       // what emails would have told of that were too many within an hour
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Escalated, Assigned, Commented, Resolved, Replied, Reopened, TakenBack, Acknowledged, Digest}
}

// The events of an email. Their JSON is stored for good: a change of shape is
// a new schema version with an upcaster, never an edit of these.
type (
	// Queued starts the stream of an email that has to wait. One that does not
	// starts with its end. A digest is about no ticket and tells of no event.
	Queued struct {
		Kind         Kind          `json:"kind"`
		TicketID     uuid.UUID     `json:"ticket_id"`
		TicketNumber int64         `json:"ticket_number"`
		CauseVersion int           `json:"cause_version"` // of the ticket: the event the email tells of
		Recipient    domain.UserID `json:"recipient"`
		Address      string        `json:"address"`
		At           time.Time     `json:"at"`               // by the clock of the process that queued it
		Message      uuid.UUID     `json:"message,omitzero"` // that came in, and which it acknowledges
	}
	// HandedOver preceded the moment in which a mail server may take the email. It
	// is not written any more: the outbox keeps who is at that moment.
	HandedOver struct {
		Attempt int `json:"attempt"` // from 1
	}
	// Postponed means the email was not taken and is to be tried again.
	Postponed struct {
		Attempt int       `json:"attempt"`
		Error   string    `json:"error"`
		RetryAt time.Time `json:"retry_at"` // by the clock of the process that tried
		// Blocked: the server takes no email like it from this service.
		Blocked bool `json:"blocked,omitempty"`
	}
	// Sent means the mail server took the email.
	Sent struct {
		Attempt int    `json:"attempt"`
		Email   Queued `json:"email,omitzero"` // as it was sent, where the stream does not have it so
	}
	// Failed means the email was refused for good, or postponed for too long.
	Failed struct {
		Attempt int    `json:"attempt"`
		Error   string `json:"error"`
		Email   Queued `json:"email,omitzero"` // as that of Sent
	}
	// Doubted means nobody knows whether the mail server took the email. It is
	// not sent again unless somebody asks for it.
	Doubted struct {
		Attempt int    `json:"attempt"`
		Error   string `json:"error"`
		Email   Queued `json:"email,omitzero"` // as that of Sent
	}
	// Cancelled means that the email was not sent when its turn had come, for what
	// it would have told of did not hold any more.
	Cancelled struct {
		Reason Reason `json:"reason"`
		Email  Queued `json:"email,omitzero"` // where the stream does not have it
	}
	// Digested means that the email was not sent by itself, for its recipient had as
	// many within the hour as they may: it is told of in a digest.
	Digested struct {
		Digest ID     `json:"digest"`
		Email  Queued `json:"email,omitzero"` // where the stream does not have it
	}
	// Delayed means that a server behind the one that took the email reported that it
	// tries on.
	Delayed struct {
		Status     string `json:"status"`     // the enhanced status code (RFC 3463); "": none was given
		Diagnostic string `json:"diagnostic"` // what the server said
	}
	// Bounced means that a server behind the one that took the email returned it.
	Bounced struct {
		Status     string `json:"status"`     // as that of Delayed
		Diagnostic string `json:"diagnostic"` // as that of Delayed
	}
	// Requeued means somebody asked for the email to be sent again.
	Requeued struct {
		At time.Time `json:"at"` // by the clock of the process that was asked
	}
)

// EventType returns the stored name of the event.
func (Queued) EventType() string     { return "email.queued" }
func (HandedOver) EventType() string { return "email.handed_over" }
func (Postponed) EventType() string  { return "email.postponed" }
func (Sent) EventType() string       { return "email.sent" }
func (Failed) EventType() string     { return "email.failed" }
func (Doubted) EventType() string    { return "email.doubted" }
func (Cancelled) EventType() string  { return "email.cancelled" }
func (Digested) EventType() string   { return "email.digested" }
func (Requeued) EventType() string   { return "email.requeued" }
func (Delayed) EventType() string    { return "email.delayed" }
func (Bounced) EventType() string    { return "email.bounced" }

// Permanent reports whether another email would come back, too: the server did not only
// give up on what may pass, as a code of the class 4 has it (RFC 3463 §2).
func (e Bounced) Permanent() bool { return !strings.HasPrefix(e.Status, "4.") }

// FormerTypes returns the name that the event was stored under when emails were
// called letters.
func (Queued) FormerTypes() []string     { return []string{"letter.queued"} }
func (HandedOver) FormerTypes() []string { return []string{"letter.handed_over"} }
func (Postponed) FormerTypes() []string  { return []string{"letter.postponed"} }
func (Sent) FormerTypes() []string       { return []string{"letter.sent"} }
func (Failed) FormerTypes() []string     { return []string{"letter.failed"} }
func (Doubted) FormerTypes() []string    { return []string{"letter.doubted"} }
func (Requeued) FormerTypes() []string   { return []string{"letter.requeued"} }

// Status returns how the email waits.
func (e Postponed) Status() Status {
	if e.Blocked {
		return StatusBlocked
	}
	return StatusQueued
}

// Brings returns the email as an event has it, if it is news to the stream: the first
// event brings it, and a later one where it went to another address.
func Brings(e domain.Event) (q Queued, ok bool) {
	switch e := e.(type) {
	case Queued:
		q = e
	case Sent:
		q = e.Email
	case Failed:
		q = e.Email
	case Doubted:
		q = e.Email
	case Cancelled:
		q = e.Email
	case Digested:
		q = e.Email
	}
	return q, q != Queued{}
}

// Events describes the events of an email, as they are stored. Lines are added here,
// never removed: what was once written stays readable.
func Events() []domain.EventType {
	return []domain.EventType{
		domain.PersonalEventOf(func(e *Queued) domain.Texts {
			return domain.TextsOf(e.Recipient).In("address", &e.Address)
		}),
		domain.EventOf[HandedOver](),
		domain.PersonalEventOf(func(e *Postponed) domain.Texts {
			return domain.Texts{}.In("error", &e.Error)
		}, asBefore),
		domain.PersonalEventOf(func(e *Sent) domain.Texts {
			return domain.TextsOf(e.Email.Recipient).In("email.address", &e.Email.Address)
		}, asBefore),
		domain.PersonalEventOf(func(e *Failed) domain.Texts {
			return domain.TextsOf(e.Email.Recipient).In("error", &e.Error).In("email.address", &e.Email.Address)
		}, asBefore),
		domain.PersonalEventOf(func(e *Doubted) domain.Texts {
			return domain.TextsOf(e.Email.Recipient).In("error", &e.Error).In("email.address", &e.Email.Address)
		}, asBefore),
		domain.EventOf[Requeued](),
		domain.PersonalEventOf(func(e *Cancelled) domain.Texts {
			return domain.TextsOf(e.Email.Recipient).In("email.address", &e.Email.Address)
		}),
		domain.PersonalEventOf(func(e *Delayed) domain.Texts {
			return domain.Texts{}.In("diagnostic", &e.Diagnostic)
		}),
		domain.PersonalEventOf(func(e *Bounced) domain.Texts {
			return domain.Texts{}.In("diagnostic", &e.Diagnostic)
		}),
		domain.PersonalEventOf(func(e *Digested) domain.Texts {
			return domain.TextsOf(e.Email.Recipient).In("email.address", &e.Email.Address)
		}),
	}
}

// asBefore reads an event from before the members that may be left out.
func asBefore(data json.RawMessage) (json.RawMessage, error) { return data, nil }
