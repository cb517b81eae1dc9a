package emails

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/eventstore"
	"helpdesk/projections"
)

// Reader reads email notifications and what became of them. It is safe for concurrent use.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns the reader over a pool.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// NewestEmails returns the newest emails of the given statuses, of any without one;
// at most limit.
func (r *Reader) NewestEmails(ctx context.Context, statuses []email.Status, limit int) ([]Email, error) {
	if err := projections.Fresh(ctx, projections.EmailLedger); err != nil {
		return nil, err
	}
	var q = `SELECT ` + emailTable.Columns("") + ` FROM read.emails
WHERE cardinality($1::text[]) = 0 OR status = ANY ($1)
ORDER BY queued_at DESC, id DESC LIMIT $2`
	rows, _ := r.pool.Query(ctx, q, append([]email.Status{}, statuses...), limit) // CollectRows returns its error
	emails, err := pgx.CollectRows(rows, pgx.RowToStructByName[Email])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("list emails: %w", err))
	}
	return emails, nil
}

// Emails returns a page of the emails of the given statuses, of any without
// one, the newest first.
func (r *Reader) Emails(ctx context.Context, statuses []email.Status, p projections.Page) (projections.Slice[Email], error) {
	if err := projections.Fresh(ctx, projections.EmailLedger); err != nil {
		return projections.Slice[Email]{}, err
	}
	l := projections.List[Email]{
		From: "read.emails AS e", Key: "e.queued_at", Cast: "timestamptz", ID: "e.id", Desc: true,
		Columns: emailTable.Columns("e"), Varies: true,
		At: func(e Email) (string, uuid.UUID) { return projections.TimeKey(e.QueuedAt), e.ID },
	}
	if len(statuses) > 0 {
		l.Where.Add("e.status = ANY (?)", statuses)
	}
	return l.Page(ctx, r.pool, p)
}

const countEmailsSQL = `
SELECT s, (SELECT count(*) FROM (SELECT FROM read.emails WHERE status = s LIMIT $2) AS c)
FROM unnest($1::text[]) AS s`

// CountEmails returns how many emails there are of each status. It counts to
// most and no further.
func (r *Reader) CountEmails(ctx context.Context, most int) (map[email.Status]int, error) {
	if err := projections.Fresh(ctx, projections.EmailLedger); err != nil {
		return nil, err
	}
	rows, _ := r.pool.Query(ctx, countEmailsSQL, email.Statuses(), most) // ForEachRow returns its error
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
// returns an error.
func (r *Reader) EmailsTo(ctx context.Context, recipient domain.UserID, each func(Email) error) error {
	if err := projections.Fresh(ctx, projections.EmailLedger); err != nil {
		return err
	}
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
