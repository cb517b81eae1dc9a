package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// Email is an email and what became of it, a row of read.emails.
type Email struct {
	ID           uuid.UUID    `json:"id" db:"id,key"`
	Kind         email.Kind   `json:"kind" db:"kind,fixed"`
	TicketID     uuid.UUID    `json:"ticket_id" db:"ticket_id,fixed"`
	TicketNumber int64        `json:"ticket_number" db:"ticket_number,fixed"`
	CauseVersion int          `json:"cause_version" db:"cause_version,fixed"`
	RecipientID  uuid.UUID    `json:"recipient_id" db:"recipient_id,fixed"`
	Address      string       `json:"address" db:"address,fixed"`
	Status       email.Status `json:"status" db:"status"`
	Attempts     int          `json:"attempts" db:"attempts"`
	Error        *string      `json:"error" db:"error"`
	RetryAt      *time.Time   `json:"retry_at" db:"retry_at"`
	QueuedAt     time.Time    `json:"queued_at" db:"queued_at,fixed"`
	SentAt       *time.Time   `json:"sent_at" db:"sent_at"`
	UpdatedAt    time.Time    `json:"updated_at" db:"updated_at"`
	Version      int          `json:"version" db:"version"`
	Position     int64        `json:"position" db:"position"`
}

var emailTable = NewTable[Email]("emails")

// emailLedger keeps read.emails.
func emailLedger() follow.Follower {
	return withTexts(follow.Follower{
		Name:   "email_ledger",
		Tables: []string{"emails"},
		Types: eventstore.Types(email.Queued{}, email.HandedOver{}, email.Postponed{}, email.Sent{}, email.Failed{},
			email.Doubted{}, email.Requeued{}),
		Apply: applyEmailLedger,
	}, `DELETE FROM emails WHERE id = ANY ($1)`)
}

func applyEmailLedger(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	folds := map[uuid.UUID]*Email{}
	var known []uuid.UUID
	for _, e := range events {
		known = append(known, e.StreamID)
	}
	loaded, err := emailTable.Load(ctx, tx, known)
	if err != nil {
		return err
	}
	for _, r := range loaded {
		folds[r.ID] = r
	}
	for _, e := range events {
		if folds[e.StreamID] == nil {
			folds[e.StreamID] = &Email{}
		}
		folds[e.StreamID].apply(e)
	}
	return WriteAll(ctx, tx, emailTable.Upsert("write emails", values(folds)))
}

// apply folds one event.
func (r *Email) apply(e eventstore.Envelope) {
	switch d := e.Event.(type) {
	case email.Queued:
		*r = Email{
			ID: e.StreamID, Kind: d.Kind, TicketID: d.TicketID, TicketNumber: d.TicketNumber, CauseVersion: d.CauseVersion,
			RecipientID: d.Recipient.UUID, Address: d.Address, QueuedAt: e.OccurredAt, Status: email.StatusQueued,
		}
	case email.HandedOver:
		r.become(email.StatusSending, d.Attempt, "")
	case email.Postponed:
		r.become(email.StatusQueued, d.Attempt, d.Error)
		r.RetryAt = &d.RetryAt
	case email.Sent:
		r.become(email.StatusSent, d.Attempt, "")
		r.SentAt = &e.OccurredAt
	case email.Failed:
		r.become(email.StatusFailed, d.Attempt, d.Error)
	case email.Doubted:
		r.become(email.StatusUncertain, d.Attempt, d.Error)
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

// NewestEmails returns the newest emails of the given statuses, of any without one;
// at most limit.
func (r *Reader) NewestEmails(ctx context.Context, statuses []email.Status, limit int) ([]Email, error) {
	var q = `SELECT ` + emailTable.Columns("") + ` FROM read.emails
WHERE cardinality($1::text[]) = 0 OR status = ANY ($1)
ORDER BY queued_at DESC, id DESC LIMIT $2`
	rows, _ := r.pool.Query(ctx, q, append([]email.Status{}, statuses...), limit) // CollectRows answers its error
	emails, err := pgx.CollectRows(rows, pgx.RowToStructByName[Email])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("list emails: %w", err))
	}
	return emails, nil
}

// Emails returns a page of the emails of the given statuses, of any without
// one, the newest first.
func (r *Reader) Emails(ctx context.Context, statuses []email.Status, p Page) (Slice[Email], error) {
	l := list[Email]{
		from: "read.emails AS e", key: "e.queued_at", cast: "timestamptz", id: "e.id", desc: true,
		shape: `SELECT ` + emailTable.Columns("") + ` FROM chosen ORDER BY place`,
		at:    func(e Email) (string, uuid.UUID) { return timeKey(e.QueuedAt), e.ID },
	}
	if len(statuses) > 0 {
		l.where.add("e.status = ANY (?)", statuses)
	}
	return l.page(ctx, r.pool, p)
}

const countEmailsSQL = `
SELECT s, (SELECT count(*) FROM (SELECT FROM read.emails WHERE status = s LIMIT $2) AS c)
FROM unnest($1::text[]) AS s`

// CountEmails returns how many emails there are of each status. It counts to
// most and no further.
func (r *Reader) CountEmails(ctx context.Context, most int) (map[email.Status]int, error) {
	rows, _ := r.pool.Query(ctx, countEmailsSQL, email.Statuses(), most) // ForEachRow answers its error
	counts := map[email.Status]int{}
	var status email.Status
	var n int
	_, err := pgx.ForEachRow(rows, []any{&status, &n}, func() error {
		counts[status] = n
		return nil
	})
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("count emails: %w", err))
	}
	return counts, nil
}

// EmailsTo calls each with every email to somebody, the oldest first, until it
// answers an error.
func (r *Reader) EmailsTo(ctx context.Context, recipient domain.UserID, each func(Email) error) error {
	var q = `SELECT ` + emailTable.Columns("") + ` FROM read.emails WHERE recipient_id = $1 ORDER BY queued_at, id`
	rows, _ := r.pool.Query(ctx, q, recipient.UUID) // its error is in rows, too
	defer rows.Close()
	for rows.Next() {
		e, err := pgx.RowToStructByName[Email](rows)
		if err == nil {
			err = each(e)
		}
		if err != nil {
			return fmt.Errorf("list emails to %s: %w", recipient, err)
		}
	}
	return eventstore.Unreachable(rows.Err())
}
