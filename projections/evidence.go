package projections

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
)

// Explain says whether the events behind the numbers of a report are wanted too.
type Explain struct {
	Wanted bool
	Number string // only those behind this one, as [Evidence] names it; "": behind all
	After  int64  // position to go on after; 0: from the first on
	Limit  int    // at most so many, at least 10
}

// evidenceQuery finds the events behind the numbers of a report.
type evidenceQuery struct {
	// sql has the arguments of the report, and behind them the position to go on
	// after, how many to answer and, if there are facts, those that are wanted.
	sql   string
	facts []string // that the report counts
}

// args are what sql has beside the arguments of the report.
func (q evidenceQuery) args(e Explain) []any {
	args := []any{e.After, e.Limit + 1}
	if q.facts == nil {
		return args
	}
	wanted := q.facts
	if e.Number != "" {
		fact := map[string]string{"first_responses": factFirstResponse, "resolution": factResolved}[e.Number]
		wanted = []string{cmp.Or(fact, e.Number)}
	}
	return append(args, wanted)
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

// The facts of a span are found before they are put in order: in the order of
// positions Postgres would walk the table from its begin, in search of a few that
// are at its end.
const countsEvidenceSQL = `
WITH spans AS (
    SELECT since, upto FROM unnest($1::timestamptz[], $2::timestamptz[]) AS s (since, upto)
), within AS MATERIALIZED (
    SELECT f.position, f.ticket_id, f.fact, f.occurred_at, f.priority
    FROM spans JOIN read.ticket_facts AS f ON f.occurred_at >= since AND f.occurred_at < upto
    WHERE f.fact = ANY ($5) AND (f.next_at IS NULL OR f.next_at >= upto) AND f.position > $3
), first AS (
    SELECT * FROM within ORDER BY position FETCH FIRST $4 ROWS ONLY
)
SELECT f.fact AS number, NULL::text AS status, f.priority, NULL::uuid AS agent_id, ` + evidenceColumns + `,
    NULL::bigint AS left_position, NULL::timestamptz AS left_at, NULL::float8 AS seconds
FROM first AS f JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
UNION ALL
SELECT 'backlog', f.status, f.priority, NULL, ` + evidenceColumns + `, l.position, l.occurred_at, NULL
FROM ` + staysSQL + ` AND f.status IN ` + backlogStatuses + ` AND f.position > $3 AND 'backlog' = ANY ($5)
  AND EXISTS (SELECT FROM spans WHERE f.occurred_at < upto AND (l.occurred_at IS NULL OR l.occurred_at >= upto))
ORDER BY position, number FETCH FIRST $4 ROWS ONLY`

const reportEvidenceSQL = `
WITH within AS MATERIALIZED (
    SELECT f.position, f.ticket_id, f.fact, f.occurred_at, f.priority
    FROM read.ticket_facts AS f
    WHERE f.fact = ANY ($6) AND f.occurred_at > $1 AND f.occurred_at <= $2 AND f.position > $4
      AND CASE WHEN $3::timestamptz IS NULL THEN f.next_at IS NULL OR f.next_at > $2
        ELSE f.recorded_at <= $3 AND NOT EXISTS (
            SELECT FROM read.ticket_facts AS later
            WHERE later.ticket_id = f.ticket_id AND later.fact = f.fact AND later.occurred_at <= $2 AND later.recorded_at <= $3
              AND (later.occurred_at, later.position) > (f.occurred_at, f.position)
        ) END
), first AS (
    SELECT * FROM within ORDER BY position FETCH FIRST $5 ROWS ONLY
)
SELECT f.fact AS number, NULL::text AS status, f.priority, NULL::uuid AS agent_id, ` + evidenceColumns + `,
    NULL::bigint AS left_position, NULL::timestamptz AS left_at, NULL::float8 AS seconds
FROM first AS f JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
ORDER BY position`

const statusEvidenceSQL = `
SELECT 'tickets' AS number, f.status, f.priority, NULL::uuid AS agent_id, ` + evidenceColumns + `,
    l.position AS left_position, l.occurred_at AS left_at, NULL::float8 AS seconds
FROM ` + staysSQL + ` AND f.position > $2 AND f.occurred_at < $1 AND (l.occurred_at IS NULL OR l.occurred_at >= $1)
ORDER BY position FETCH FIRST $3 ROWS ONLY`

const agentsEvidenceSQL = `
WITH within AS MATERIALIZED (
    SELECT f.position, f.ticket_id, f.fact, f.occurred_at, f.next_at, f.priority, f.actor_id, f.assigned_to
    FROM read.ticket_facts AS f
    WHERE f.fact = ANY ($5) AND f.occurred_at >= $1 AND f.occurred_at < $2 AND f.position > $3
), first AS (
    SELECT * FROM within ORDER BY position FETCH FIRST $4 ROWS ONLY
)
SELECT CASE f.fact WHEN 'first_response' THEN 'first_responses' ELSE f.fact END AS number, NULL::text AS status, f.priority,
    CASE f.fact WHEN 'first_response' THEN f.actor_id ELSE f.assigned_to END AS agent_id, ` + evidenceColumns + `,
    NULL::bigint AS left_position, NULL::timestamptz AS left_at,
    CASE WHEN f.fact = 'resolved' AND (f.next_at IS NULL OR f.next_at >= $2)
        THEN extract(epoch FROM greatest(f.occurred_at - m.opened_at, interval '0'))::float8 END AS seconds
FROM first AS f JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
ORDER BY position`

const responseTimesEvidenceSQL = `
WITH within AS MATERIALIZED (
    SELECT f.position, f.ticket_id, f.fact, f.occurred_at, f.priority
    FROM read.ticket_facts AS f
    WHERE f.fact = ANY ($5) AND f.occurred_at >= $1 AND f.occurred_at < $2 AND (f.next_at IS NULL OR f.next_at >= $2) AND f.position > $3
), first AS (
    SELECT * FROM within ORDER BY position FETCH FIRST $4 ROWS ONLY
)
SELECT CASE f.fact WHEN 'resolved' THEN 'resolution' ELSE f.fact END AS number, NULL::text AS status, f.priority, NULL::uuid AS agent_id,
    ` + evidenceColumns + `, NULL::bigint AS left_position, NULL::timestamptz AS left_at,
    extract(epoch FROM greatest(f.occurred_at - m.opened_at, interval '0'))::float8 AS seconds
FROM first AS f JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
ORDER BY position`

var (
	reportEvidence        = evidenceQuery{reportEvidenceSQL, []string{factOpened, factResolved, factEscalated}}
	countsEvidence        = evidenceQuery{countsEvidenceSQL, []string{factOpened, factResolved, factReopened, factEscalated, factClosed, "backlog"}}
	statusEvidence        = evidenceQuery{sql: statusEvidenceSQL}
	agentsEvidence        = evidenceQuery{agentsEvidenceSQL, []string{factAssigned, factFirstResponse, factResolved, factReopened, factEscalated}}
	responseTimesEvidence = evidenceQuery{responseTimesEvidenceSQL, []string{factFirstResponse, factResolved}}
)

// evidence reads the events behind the numbers of a report, and the position to
// go on after. One event may be behind several numbers: those of one position
// are never parted.
func evidence(ctx context.Context, tx pgx.Tx, e Explain, q evidenceQuery, args ...any) (behind []Evidence, next int64, err error) {
	rows, _ := tx.Query(ctx, q.sql, planned(append(args, q.args(e)...))...) // CollectRows answers its error
	if behind, err = pgx.CollectRows(rows, pgx.RowToStructByName[Evidence]); err != nil || len(behind) <= e.Limit {
		return behind, 0, err
	}
	last := len(behind) - 1
	for last > 0 && behind[last-1].Position == behind[len(behind)-1].Position {
		last--
	}
	return behind[:last], behind[last-1].Position, nil
}
