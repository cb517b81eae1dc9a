package emails

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/email"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
)

// Email is an email and what became of it, a row of read.emails.
type Email struct {
	ID           uuid.UUID    `json:"id" db:"id,key"`
	Kind         email.Kind   `json:"kind" db:"kind,fixed"`
	TicketID     uuid.UUID    `json:"ticket_id" db:"ticket_id,fixed"`
	TicketNumber int64        `json:"ticket_number" db:"ticket_number,fixed"`
	CauseVersion int          `json:"cause_version" db:"cause_version,fixed"`
	RecipientID  uuid.UUID    `json:"recipient_id" db:"recipient_id,fixed"`
	Address      string       `json:"address" db:"address"`
	Status       email.Status `json:"status" db:"status"`
	Attempts     int          `json:"attempts" db:"attempts"`
	Error        *string      `json:"error" db:"error"`
	RetryAt      *time.Time   `json:"retry_at" db:"retry_at"`
	QueuedAt     time.Time    `json:"queued_at" db:"queued_at,fixed"`
	SentAt       *time.Time   `json:"sent_at" db:"sent_at"`
	DigestID     *uuid.UUID   `json:"digest_id" db:"digest_id"`
	UpdatedAt    time.Time    `json:"updated_at" db:"updated_at"`
	Version      int          `json:"version" db:"version"`
	Position     int64        `json:"position" db:"position"`
}

var emailTable = projections.NewTable[Email]("emails")

// Follower keeps read.emails.
func Follower() follow.Follower {
	return projections.WithTexts(follow.Follower{
		Name:   projections.EmailLedger,
		Tables: []string{"emails"},
		Types:  eventstore.TypesOf(email.Events()),
		Apply:  applyEmailLedger,
	}, `DELETE FROM emails WHERE id = ANY ($1)`)
}

func applyEmailLedger(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	return projections.Fold(ctx, tx, emailTable, events, func(r *Email) uuid.UUID { return r.ID }, (*Email).apply)
}

// apply folds one event.
func (r *Email) apply(e eventstore.Envelope) {
	if q, ok := email.Brings(e.Event); ok && r.ID != uuid.Nil {
		r.Address = q.Address
	} else if ok {
		*r = Email{
			ID: e.StreamID, Kind: q.Kind, TicketID: q.TicketID, TicketNumber: q.TicketNumber, CauseVersion: q.CauseVersion,
			RecipientID: q.Recipient.UUID, Address: q.Address, QueuedAt: e.OccurredAt, Status: email.StatusQueued,
		}
	}
	switch d := e.Event.(type) {
	case email.HandedOver:
		r.become(email.StatusSending, d.Attempt, "")
	case email.Postponed:
		r.become(d.Status(), d.Attempt, d.Error)
		r.RetryAt = &d.RetryAt
	case email.Sent:
		r.become(email.StatusSent, d.Attempt, "")
		r.SentAt = &e.OccurredAt
	case email.Failed:
		r.become(email.StatusFailed, d.Attempt, d.Error)
	case email.Doubted:
		r.become(email.StatusUncertain, d.Attempt, d.Error)
	case email.Cancelled:
		r.become(email.StatusCancelled, r.Attempts, d.Reason.String())
	case email.Digested:
		r.become(email.StatusDigested, r.Attempts, "")
		r.DigestID = &d.Digest.UUID
	case email.Delayed:
		r.become(email.StatusDelayed, r.Attempts, email.Reported(d.Status, d.Diagnostic))
	case email.Bounced:
		r.become(email.StatusBounced, r.Attempts, email.Reported(d.Status, d.Diagnostic))
	case email.Requeued:
		r.become(email.StatusQueued, r.Attempts, "")
	}
	r.UpdatedAt, r.Version, r.Position = e.OccurredAt, e.Version, e.Position
}

func (r *Email) become(status email.Status, attempts int, problem string) {
	r.Status, r.Attempts, r.RetryAt, r.Error = status, attempts, nil, nil
	if problem != "" {
		r.Error = &problem
	}
}
