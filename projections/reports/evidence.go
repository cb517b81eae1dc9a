package reports

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
)

// Explain reports whether the events behind the numbers of a report are wanted too.
type Explain struct {
	Wanted bool
	Number string // only those behind this one, as [Evidence] names it; "": behind all
	After  int64  // position to go on after; 0: from the first on
	Limit  int    // at most so many, at least 10
}

// evidenceQuery finds the events behind the numbers of a report.
type evidenceQuery struct {
	// sql has the arguments of the report, and behind them the position to go on
	// after, how many to return and, if there are facts, those that are wanted.
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
// ticket; what is in their place for other evidence has the same names.
const (
	evidenceColumns = `m.number AS ticket_number, f.ticket_id, f.position, f.occurred_at`
	withoutAgent    = `NULL::text AS status, f.priority, NULL::uuid AS agent_id`
	withoutStay     = `NULL::bigint AS left_position, NULL::timestamptz AS left_at`
)

// backlogAt are the stays in the backlog that were under way at the end of a span.
var backlogAt = projections.UnderWay("read.ticket_facts", "entered_at", "occurred_at", "upto",
	"entered_at IS NOT NULL AND status_before IN "+backlogStatuses)

// Which facts are wanted is told by an index alone. They are found before they are
// put in order: in the order of positions Postgres would walk the table from its
// begin, in search of a few that are at its end.
var countsEvidenceSQL = `
WITH spans AS (
    SELECT since, upto FROM unnest($1::timestamptz[], $2::timestamptz[]) AS s (since, upto)
), happened AS MATERIALIZED (
    SELECT position
    FROM spans CROSS JOIN LATERAL (
        ` + factsOf(countedFacts, "position", `?fact = ANY ($5) AND occurred_at >= since AND occurred_at < upto
          AND (next_at IS NULL OR next_at >= upto) AND position > $3`) + ` OFFSET 0
    ) AS f
), ended AS MATERIALIZED (
    SELECT DISTINCT entered_position, position
    FROM spans CROSS JOIN LATERAL (` + backlogAt + `
    ) AS stays
    WHERE entered_at < upto AND occurred_at >= upto AND entered_position > $3 AND 'backlog' = ANY ($5)
), first AS (
    SELECT f.fact AS number, NULL AS status, f.priority, f.ticket_id, f.position, f.occurred_at, ` + withoutStay + `
    FROM read.ticket_facts AS f
    WHERE f.position = ANY (ARRAY(SELECT position FROM happened ORDER BY position FETCH FIRST $4 ROWS ONLY))
    UNION ALL
    SELECT 'backlog', f.status_before, f.priority_before, f.ticket_id, f.entered_position, f.entered_at, f.position, f.occurred_at
    FROM read.ticket_facts AS f
    WHERE f.position = ANY (ARRAY(SELECT position FROM ended ORDER BY entered_position FETCH FIRST $4 ROWS ONLY))
    UNION ALL
    (SELECT 'backlog', status, priority, ticket_id, entered_position, entered_at, NULL, NULL
    FROM read.ticket_measures
    WHERE status IN ` + backlogStatuses + ` AND entered_at < (SELECT max(upto) FROM spans) AND entered_position > $3 AND 'backlog' = ANY ($5)
    ORDER BY entered_position FETCH FIRST $4 ROWS ONLY)
    ORDER BY position, number FETCH FIRST $4 ROWS ONLY
)
SELECT f.number, f.status, f.priority, NULL::uuid AS agent_id, ` + evidenceColumns + `, f.left_position, f.left_at, NULL::float8 AS seconds
FROM first AS f JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
ORDER BY position, number`

var reportEvidenceSQL = `
WITH happened AS MATERIALIZED (
    ` + factsOf(reportedFacts, "position", `?fact = ANY ($6) AND occurred_at > $1 AND occurred_at <= $2 AND position > $4
      AND CASE WHEN $3::timestamptz IS NULL THEN next_at IS NULL OR next_at > $2
        ELSE recorded_at <= $3 AND NOT EXISTS (
            SELECT FROM read.ticket_facts AS later
            WHERE later.ticket_id = f.ticket_id AND later.fact = ?fact AND later.occurred_at <= $2 AND later.recorded_at <= $3
              AND (later.occurred_at, later.position) > (f.occurred_at, f.position)
        ) END`) + `
)
SELECT f.fact AS number, ` + withoutAgent + `, ` + evidenceColumns + `, ` + withoutStay + `, NULL::float8 AS seconds
FROM read.ticket_facts AS f JOIN read.ticket_measures AS m USING (ticket_id)
WHERE f.position = ANY (ARRAY(SELECT position FROM happened ORDER BY position FETCH FIRST $5 ROWS ONLY))
ORDER BY position`

var statusEvidenceSQL = `
WITH stays AS (
    ` + factsOf(moveFacts, `entered_position AS position, ticket_id, entered_at AS occurred_at, status_before AS status, priority_before AS priority,
        position AS left_position, occurred_at AS left_at`, `entered_at < $1 AND occurred_at >= $1 AND entered_position > $2`) + `
    UNION ALL
    SELECT entered_position, ticket_id, entered_at, status, priority, NULL, NULL
    FROM read.ticket_measures
    WHERE status IS NOT NULL AND entered_at < $1 AND entered_position > $2
    ORDER BY position FETCH FIRST $3 ROWS ONLY
)
SELECT 'tickets' AS number, f.status, f.priority, NULL::uuid AS agent_id, ` + evidenceColumns + `,
    f.left_position, f.left_at, NULL::float8 AS seconds
FROM stays AS f JOIN read.ticket_measures AS m USING (ticket_id)
ORDER BY position`

var agentsEvidenceSQL = `
WITH happened AS MATERIALIZED (
    ` + factsOf(agentFacts, "position", `?fact = ANY ($5) AND occurred_at >= $1 AND occurred_at < $2 AND position > $3`) + `
)
SELECT CASE f.fact WHEN 'first_response' THEN 'first_responses' ELSE f.fact END AS number, NULL::text AS status, f.priority, f.agent_id,
    ` + evidenceColumns + `, ` + withoutStay + `,
    CASE WHEN f.fact = 'resolved' AND (f.next_at IS NULL OR f.next_at >= $2) THEN f.wait_us / 1e6::float8 END AS seconds
FROM read.ticket_facts AS f JOIN read.ticket_measures AS m USING (ticket_id)
WHERE f.position = ANY (ARRAY(SELECT position FROM happened ORDER BY position FETCH FIRST $4 ROWS ONLY))
ORDER BY position`

var responseTimesEvidenceSQL = `
WITH happened AS MATERIALIZED (
    ` + factsOf(waitFacts, "position", `?fact = ANY ($5) AND occurred_at >= $1 AND occurred_at < $2
      AND (next_at IS NULL OR next_at >= $2) AND position > $3`) + `
)
SELECT CASE f.fact WHEN 'resolved' THEN 'resolution' ELSE f.fact END AS number, ` + withoutAgent + `,
    ` + evidenceColumns + `, ` + withoutStay + `, f.wait_us / 1e6::float8 AS seconds
FROM read.ticket_facts AS f JOIN read.ticket_measures AS m USING (ticket_id)
WHERE f.position = ANY (ARRAY(SELECT position FROM happened ORDER BY position FETCH FIRST $4 ROWS ONLY))
ORDER BY position`

// The facts that reports count.
var (
	reportedFacts = []string{factOpened, factResolved, factEscalated}
	countedFacts  = []string{factOpened, factResolved, factReopened, factEscalated, factClosed}
	waitFacts     = []string{factFirstResponse, factResolved}
)

var (
	reportEvidence        = evidenceQuery{reportEvidenceSQL, reportedFacts}
	countsEvidence        = evidenceQuery{countsEvidenceSQL, append(countedFacts, "backlog")}
	statusEvidence        = evidenceQuery{sql: statusEvidenceSQL}
	agentsEvidence        = evidenceQuery{agentsEvidenceSQL, agentFacts}
	responseTimesEvidence = evidenceQuery{responseTimesEvidenceSQL, waitFacts}
)

// evidence reads the events behind the numbers of a report, and the position to
// go on after. One event may be behind several numbers: those of one position
// are never parted.
func evidence(ctx context.Context, tx pgx.Tx, e Explain, q evidenceQuery, args ...any) (behind []Evidence, next int64, err error) {
	rows, _ := tx.Query(ctx, q.sql, projections.Planned(append(args, q.args(e)...))...) // CollectRows returns its error
	if behind, err = pgx.CollectRows(rows, pgx.RowToStructByName[Evidence]); err != nil || len(behind) <= e.Limit {
		return behind, 0, err
	}
	last := len(behind) - 1
	for last > 0 && behind[last-1].Position == behind[len(behind)-1].Position {
		last--
	}
	return behind[:last], behind[last-1].Position, nil
}
