package projections

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
)

// Explain says whether the events behind the numbers of a report are wanted too.
type Explain struct {
	Wanted bool
	After  int64 // position to go on after; 0: from the first on
	Limit  int   // at most so many, at least 10
}

// Evidence is an event behind a number of a report.
type Evidence struct {
	Number       string // the column it counts in
	Status       *ticket.Status
	Priority     *ticket.Priority
	AgentID      *uuid.UUID
	TicketID     uuid.UUID
	TicketNumber int64
	Position     int64
	OccurredAt   time.Time
	// LeftPosition and LeftAt are for what counts for as long as it lasts: a ticket
	// in a status. Nil: it lasts still.
	LeftPosition *int64
	LeftAt       *time.Time
	Seconds      *float64 // what a wait was; nil where the number is no wait
}

// evidenceColumns are those of Evidence, of a fact f and the measures m of its
// ticket. What a statement knows better it answers in their place.
const evidenceColumns = `m.number AS ticket_number, f.ticket_id, f.position, f.occurred_at`

// staysSQL are the stays of tickets in a status and priority: f is the fact they
// begin with, l the one they end with.
const staysSQL = `read.ticket_facts AS f
    JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
    LEFT JOIN LATERAL (
        SELECT position, occurred_at FROM read.ticket_facts AS later
        WHERE later.ticket_id = f.ticket_id AND later.fact IN ` + moveFacts + ` AND later.position > f.position
          AND (later.status, later.priority) IS DISTINCT FROM (f.status, f.priority)
        ORDER BY position LIMIT 1
    ) AS l ON TRUE
    WHERE f.fact IN ` + moveFacts + ` AND f.status IS NOT NULL
      AND (f.status, f.priority) IS DISTINCT FROM (f.status_before, f.priority_before)`

const countsEvidenceSQL = `
WITH spans AS (
    SELECT since, upto FROM unnest($1::timestamptz[], $2::timestamptz[]) AS s (since, upto)
)
SELECT f.fact AS number, NULL::text AS status, f.priority, NULL::uuid AS agent_id, ` + evidenceColumns + `,
    NULL::bigint AS left_position, NULL::timestamptz AS left_at, NULL::float8 AS seconds
FROM spans
JOIN read.ticket_facts AS f ON f.occurred_at >= since AND f.occurred_at < upto
JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
WHERE f.fact IN ('opened', 'resolved', 'reopened', 'escalated', 'closed') AND (f.next_at IS NULL OR f.next_at >= upto) AND f.position > $3
UNION ALL
SELECT 'backlog', f.status, f.priority, NULL, ` + evidenceColumns + `, l.position, l.occurred_at, NULL
FROM ` + staysSQL + ` AND f.status IN ` + backlogStatuses + ` AND f.position > $3
  AND EXISTS (SELECT FROM spans WHERE f.occurred_at < upto AND (l.occurred_at IS NULL OR l.occurred_at >= upto))
ORDER BY position, number FETCH FIRST $4 ROWS ONLY`

const reportEvidenceSQL = `
SELECT f.fact AS number, NULL::text AS status, f.priority, NULL::uuid AS agent_id, ` + evidenceColumns + `,
    NULL::bigint AS left_position, NULL::timestamptz AS left_at, NULL::float8 AS seconds
FROM read.ticket_facts AS f
JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
WHERE f.fact IN ('opened', 'resolved', 'escalated') AND f.occurred_at > $1 AND f.occurred_at <= $2 AND f.position > $4
  AND CASE WHEN $3::timestamptz IS NULL THEN f.next_at IS NULL OR f.next_at > $2
    ELSE f.recorded_at <= $3 AND NOT EXISTS (
        SELECT FROM read.ticket_facts AS later
        WHERE later.ticket_id = f.ticket_id AND later.fact = f.fact AND later.occurred_at <= $2 AND later.recorded_at <= $3
          AND (later.occurred_at, later.position) > (f.occurred_at, f.position)
    ) END
ORDER BY position FETCH FIRST $5 ROWS ONLY`

const statusEvidenceSQL = `
SELECT 'tickets' AS number, f.status, f.priority, NULL::uuid AS agent_id, ` + evidenceColumns + `,
    l.position AS left_position, l.occurred_at AS left_at, NULL::float8 AS seconds
FROM ` + staysSQL + ` AND f.position > $2 AND f.occurred_at < $1 AND (l.occurred_at IS NULL OR l.occurred_at >= $1)
ORDER BY position FETCH FIRST $3 ROWS ONLY`

const agentsEvidenceSQL = `
SELECT CASE f.fact WHEN 'first_response' THEN 'first_responses' ELSE f.fact END AS number, NULL::text AS status, f.priority,
    CASE f.fact WHEN 'first_response' THEN f.actor_id ELSE f.assigned_to END AS agent_id, ` + evidenceColumns + `,
    NULL::bigint AS left_position, NULL::timestamptz AS left_at,
    CASE WHEN f.fact = 'resolved' AND (f.next_at IS NULL OR f.next_at >= $2)
        THEN extract(epoch FROM greatest(f.occurred_at - m.opened_at, interval '0'))::float8 END AS seconds
FROM read.ticket_facts AS f
JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
WHERE f.fact IN ('assigned', 'first_response', 'resolved', 'reopened', 'escalated') AND f.occurred_at >= $1 AND f.occurred_at < $2
  AND f.position > $3
ORDER BY position FETCH FIRST $4 ROWS ONLY`

const responseTimesEvidenceSQL = `
SELECT CASE f.fact WHEN 'resolved' THEN 'resolution' ELSE f.fact END AS number, NULL::text AS status, f.priority, NULL::uuid AS agent_id,
    ` + evidenceColumns + `, NULL::bigint AS left_position, NULL::timestamptz AS left_at,
    extract(epoch FROM greatest(f.occurred_at - m.opened_at, interval '0'))::float8 AS seconds
FROM read.ticket_facts AS f
JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
WHERE f.fact IN ('first_response', 'resolved') AND f.occurred_at >= $1 AND f.occurred_at < $2 AND (f.next_at IS NULL OR f.next_at >= $2)
  AND f.position > $3
ORDER BY position FETCH FIRST $4 ROWS ONLY`

// evidence reads the events behind the numbers of a report, and the position to
// go on after. One event may be behind several numbers: those of one position
// are never parted.
func evidence(ctx context.Context, tx pgx.Tx, e Explain, sql string, args ...any) (behind []Evidence, next int64, err error) {
	rows, _ := tx.Query(ctx, sql, append(args, e.After, e.Limit+1)...) // CollectRows answers its error
	if behind, err = pgx.CollectRows(rows, pgx.RowToStructByName[Evidence]); err != nil || len(behind) <= e.Limit {
		return behind, 0, err
	}
	last := len(behind) - 1
	for last > 0 && behind[last-1].Position == behind[len(behind)-1].Position {
		last--
	}
	return behind[:last], behind[last-1].Position, nil
}
