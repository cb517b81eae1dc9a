package audit

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// redactionsSQL counts the texts whose key was destroyed, and finds the first of them
// that no later event of its stream redacts.
const redactionsSQL = `
SELECT count(*), min(k.position) FILTER (WHERE NOT EXISTS (
    SELECT FROM events AS r
    WHERE r.stream_id = e.stream_id AND r.version > e.version AND r.type = $1
      AND r.data ->> 'field' = coalesce(e.data ->> 'field', CASE k.member WHEN 'text' THEN 'comment' ELSE k.member END)
      AND r.data ->> 'comment_id' IS NOT DISTINCT FROM e.data ->> 'comment_id'))
FROM text_keys AS k JOIN events AS e USING (position)
WHERE k.destroyed_at IS NOT NULL`

// Redactions returns how many texts of a database were redacted. A redaction destroys
// a key beside the log and leaves every event as it was, so the tree says nothing of
// it: the error is a [*Fault] where no event of the log does either.
func Redactions(ctx context.Context, pool *pgxpool.Pool) (texts int64, err error) {
	var stray *int64
	if err := pool.QueryRow(ctx, redactionsSQL, ticket.TextRedacted{}.EventType()).Scan(&texts, &stray); err != nil {
		return 0, eventstore.Unreachable(fmt.Errorf("look for redacted texts: %w", err))
	}
	if stray != nil {
		return 0, &Fault{Position: *stray, Why: "the key of a text in it was destroyed, and no event of the log redacts it"}
	}
	return texts, nil
}
