package projections

import (
	"context"
	"time"
)

// reportSQL counts each ticket once a fact, whatever became of it since. Counts
// and position come from one snapshot; the position is that of the log where
// nothing that counts is still to come.
const reportSQL = `
WITH span AS (
    SELECT coalesce($1::timestamptz, clock_timestamp()) AS upto
), facts AS (
    SELECT fact, ticket_id
    FROM read.ticket_facts CROSS JOIN span
    WHERE occurred_at > span.upto - $2::bigint * interval '24 hours' AND occurred_at <= span.upto
      AND ($3::timestamptz IS NULL OR recorded_at <= $3)
)
SELECT
    (SELECT count(DISTINCT ticket_id) FROM facts WHERE fact = 'opened') AS opened,
    (SELECT count(DISTINCT ticket_id) FROM facts WHERE fact = 'resolved') AS resolved,
    (SELECT count(DISTINCT ticket_id) FROM facts WHERE fact = 'escalated') AS escalated,
    upto - $2::bigint * interval '24 hours' AS "from",
    upto AS "to",
    coalesce((SELECT CASE WHEN EXISTS (SELECT FROM events WHERE position > c.position AND type = ANY ($4))
        THEN c.position ELSE head.position END
        FROM checkpoints AS c CROSS JOIN log_head AS head WHERE c.name = 'ticket_facts' AND head.id = 1), 0) AS as_of_position
FROM span`

// Report counts the tickets that were opened, resolved and escalated in the
// window (To − Days × 24 h, To], by when it happened.
func (r *Reader) Report(ctx context.Context, q ReportQuery) (Report, error) {
	return one[Report](ctx, r.pool, "report", reportSQL, instant(q.To), q.Days, instant(q.KnownAt), ticketFacts().Types)
}

// instant answers a query argument that is null for the zero time.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
