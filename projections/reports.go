package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// docs/reports.md defines every number here. Common to all of them: instants are
// those at which things happened; a ticket counts once a number, the last time
// that it happened in the span; deleted tickets count, for it happened.

// Span is from Since, inclusive, to Upto, exclusive.
type Span struct{ Since, Upto time.Time }

// Counts are what happened to tickets of one priority in one span.
type Counts struct {
	Span      int // index of the span
	Priority  ticket.Priority
	Opened    int64
	Resolved  int64
	Reopened  int64
	Escalated int64
	Closed    int64
	Backlog   int64 // open, in progress or escalated at the end
}

// StatusCount is how many tickets are in a status with a priority.
type StatusCount struct {
	Status   ticket.Status
	Priority ticket.Priority
	Tickets  int64
}

// AgentCounts are what happened to the tickets of somebody, or of nobody.
type AgentCounts struct {
	AgentID        *uuid.UUID
	Username       *string
	Assigned       int64
	FirstResponses int64 // that the agent gave, whosever the ticket was
	Resolved       int64
	Reopened       int64
	Escalated      int64
	AverageSeconds *float64 // from opening to resolution; nil: none was resolved
	MedianSeconds  *float64
	P90Seconds     *float64
}

// ResponseTimes say how long tickets waited.
type ResponseTimes struct {
	Measure        string           // first_response or resolution
	Priority       *ticket.Priority // nil: all
	Tickets        int64
	AverageSeconds *float64 // nil: there are none
	MedianSeconds  *float64
	P90Seconds     *float64
}

// Reported is the rows of a report, and the position of the log that they are
// complete up to; both from one snapshot.
type Reported[R any] struct {
	Rows         []R
	AsOfPosition int64
	// Behind are the events behind the numbers, where they were asked for, and
	// Next the position after which there are more; 0: there are not.
	Behind []Evidence
	Next   int64
}

// Now answers the clock of the database, which events have their times by.
func (r *Reader) Now(ctx context.Context) (now time.Time, err error) {
	err = r.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now, eventstore.Unreachable(err)
}

// moveFacts are the facts that may move a ticket to another status or priority.
const moveFacts = `('opened', 'started', 'resolved', 'closed', 'reopened', 'escalated', 'deleted', 'prioritised')`

// backlogStatuses are those of tickets that somebody still has to see to.
const backlogStatuses = `('open', 'in-progress', 'escalated')`

// countsSQL counts in the spans from $1 to $2, which follow each other. The
// backlog at the end of each is the sum of all whole hours before it, of which
// each is added up once (or else Postgres would do it again for every row), and of
// the moves in the part of an hour that is left.
const countsSQL = `
WITH spans AS (
    SELECT n, since, upto, date_trunc('hour', upto, 'UTC') AS hour
    FROM unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY AS s (since, upto, n)
), happened AS (
    SELECT n, priority,
        count(*) FILTER (WHERE fact = 'opened') AS opened,
        count(*) FILTER (WHERE fact = 'resolved') AS resolved,
        count(*) FILTER (WHERE fact = 'reopened') AS reopened,
        count(*) FILTER (WHERE fact = 'escalated') AS escalated,
        count(*) FILTER (WHERE fact = 'closed') AS closed
    FROM spans JOIN read.ticket_facts ON occurred_at >= since AND occurred_at < upto
    WHERE fact IN ('opened', 'resolved', 'reopened', 'escalated', 'closed') AND (next_at IS NULL OR next_at >= upto)
    GROUP BY n, priority
), sums AS MATERIALIZED (
    SELECT priority, width_bucket(hour, (SELECT array_agg(hour ORDER BY n) FROM spans)) AS before, sum(net) AS net
    FROM read.hourly_moves
    WHERE status IN ` + backlogStatuses + `
    GROUP BY 1, 2
), rest AS (
    SELECT n, m.priority, sum(m.net) AS net
    FROM spans
    JOIN read.ticket_facts AS f ON f.fact IN ` + moveFacts + ` AND f.occurred_at >= hour AND f.occurred_at < upto
    CROSS JOIN LATERAL (VALUES (f.status, f.priority, 1), (f.status_before, f.priority_before, -1)) AS m (status, priority, net)
    WHERE m.status IN ` + backlogStatuses + `
    GROUP BY 1, 2
)
SELECT (n - 1)::int AS span, priority,
    coalesce(opened, 0) AS opened, coalesce(resolved, 0) AS resolved, coalesce(reopened, 0) AS reopened,
    coalesce(escalated, 0) AS escalated, coalesce(closed, 0) AS closed,
    ((SELECT coalesce(sum(net), 0) FROM sums AS s WHERE s.priority = p.priority AND s.before < n) + coalesce(rest.net, 0))::bigint AS backlog
FROM spans CROSS JOIN unnest(ARRAY['low', 'medium', 'high']) AS p (priority)
LEFT JOIN happened USING (n, priority) LEFT JOIN rest USING (n, priority)
ORDER BY n, array_position(ARRAY['low', 'medium', 'high'], priority)`

// Counts counts by priority what happened in spans that follow each other without
// a gap.
func (r *Reader) Counts(ctx context.Context, spans []Span, e Explain) (Reported[Counts], error) {
	since, upto := make([]time.Time, len(spans)), make([]time.Time, len(spans))
	for i, s := range spans {
		since[i], upto[i] = s.Since, s.Upto
	}
	return reportRows[Counts](ctx, r.pool, "the counts", e, countsEvidence, countsSQL, since, upto)
}

// statusSQL counts what is in each status at $1: the sum of the hours before,
// and the moves since.
const statusSQL = `
WITH moves AS (
    SELECT status, priority, net FROM read.hourly_moves WHERE hour < date_trunc('hour', $1::timestamptz, 'UTC')
    UNION ALL
    SELECT m.status, m.priority, m.net
    FROM read.ticket_facts AS f
    CROSS JOIN LATERAL (VALUES (f.status, f.priority, 1), (f.status_before, f.priority_before, -1)) AS m (status, priority, net)
    WHERE f.fact IN ` + moveFacts + ` AND f.occurred_at >= date_trunc('hour', $1::timestamptz, 'UTC') AND f.occurred_at < $1
)
SELECT status, priority, coalesce(sum(net), 0)::bigint AS tickets
FROM unnest(ARRAY['open', 'in-progress', 'escalated', 'resolved', 'closed']) WITH ORDINALITY AS s (status, n)
CROSS JOIN unnest(ARRAY['low', 'medium', 'high']) WITH ORDINALITY AS p (priority, m)
LEFT JOIN moves USING (status, priority)
GROUP BY status, priority, n, m
ORDER BY n, m`

// StatusDistribution counts the tickets in each status right before upto.
func (r *Reader) StatusDistribution(ctx context.Context, upto time.Time, e Explain) (Reported[StatusCount], error) {
	return reportRows[StatusCount](ctx, r.pool, "the distribution of statuses", e, statusEvidence, statusSQL, upto)
}

// resolutionsSQL are the resolutions from $1 to $2, the last of each ticket.
const resolutionsSQL = `
    SELECT f.position, f.ticket_id, f.priority, f.assigned_to, f.occurred_at,
        extract(epoch FROM greatest(f.occurred_at - m.opened_at, interval '0'))::float8 AS seconds
    FROM read.ticket_facts AS f JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
    WHERE f.fact = 'resolved' AND f.occurred_at >= $1 AND f.occurred_at < $2 AND (f.next_at IS NULL OR f.next_at >= $2)`

const agentsSQL = `
WITH done AS (
    SELECT CASE WHEN fact = 'first_response' THEN actor_id ELSE assigned_to END AS agent_id, fact, ticket_id
    FROM read.ticket_facts
    WHERE fact IN ('assigned', 'first_response', 'resolved', 'reopened', 'escalated') AND occurred_at >= $1 AND occurred_at < $2
), counted AS (
    SELECT agent_id,
        count(DISTINCT ticket_id) FILTER (WHERE fact = 'assigned') AS assigned,
        count(DISTINCT ticket_id) FILTER (WHERE fact = 'first_response') AS first_responses,
        count(DISTINCT ticket_id) FILTER (WHERE fact = 'resolved') AS resolved,
        count(DISTINCT ticket_id) FILTER (WHERE fact = 'reopened') AS reopened,
        count(DISTINCT ticket_id) FILTER (WHERE fact = 'escalated') AS escalated
    FROM done GROUP BY agent_id
), resolutions AS (` + resolutionsSQL + `
), took AS (
    SELECT assigned_to AS agent_id, avg(seconds) AS average_seconds,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median_seconds,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS p90_seconds
    FROM resolutions GROUP BY 1
)
SELECT c.agent_id, u.username, c.assigned, c.first_responses, c.resolved, c.reopened, c.escalated,
    t.average_seconds, t.median_seconds, t.p90_seconds
FROM counted AS c
LEFT JOIN took AS t ON t.agent_id IS NOT DISTINCT FROM c.agent_id
LEFT JOIN read.users AS u ON u.id = c.agent_id
ORDER BY u.username, c.agent_id`

// Agents counts by agent what happened in a span; those to whom nothing happened
// are left out.
func (r *Reader) Agents(ctx context.Context, s Span, e Explain) (Reported[AgentCounts], error) {
	return reportRows[AgentCounts](ctx, r.pool, "the agents", e, agentsEvidence, agentsSQL, s.Since, s.Upto)
}

const responseTimesSQL = `
WITH waits AS (
    SELECT 'first_response' AS measure, f.priority, extract(epoch FROM greatest(f.occurred_at - m.opened_at, interval '0'))::float8 AS seconds
    FROM read.ticket_facts AS f JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
    WHERE f.fact = 'first_response' AND f.occurred_at >= $1 AND f.occurred_at < $2
    UNION ALL
    SELECT 'resolution', priority, seconds FROM (` + resolutionsSQL + `) AS r
), grouped AS (
    SELECT measure, priority, count(*) AS tickets, avg(seconds) AS average_seconds,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median_seconds,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS p90_seconds
    FROM waits
    GROUP BY GROUPING SETS ((measure, priority), (measure))
)
SELECT k.measure, p.priority, coalesce(tickets, 0) AS tickets, average_seconds, median_seconds, p90_seconds
FROM unnest(ARRAY['first_response', 'resolution']) AS k (measure)
CROSS JOIN (VALUES (1, NULL), (2, 'low'), (3, 'medium'), (4, 'high')) AS p (n, priority)
LEFT JOIN grouped AS g ON g.measure = k.measure AND g.priority IS NOT DISTINCT FROM p.priority
ORDER BY k.measure, n`

// ResponseTimes says how long tickets had waited that got their first response,
// or were resolved, in a span.
func (r *Reader) ResponseTimes(ctx context.Context, s Span, e Explain) (Reported[ResponseTimes], error) {
	return reportRows[ResponseTimes](ctx, r.pool, "the response times", e, responseTimesEvidence, responseTimesSQL, s.Since, s.Upto)
}

// reportRows reads the rows of a report, its position, and the evidence if it is
// asked for, from one snapshot.
func reportRows[R any](ctx context.Context, pool *pgxpool.Pool, what string, e Explain, behind evidenceQuery, sql string, args ...any) (out Reported[R], err error) {
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, pool, snapshot, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, sql, args...) // CollectRows answers its error
		if out.Rows, err = pgx.CollectRows(rows, pgx.RowToStructByName[R]); err != nil {
			return err
		}
		if e.Wanted {
			if out.Behind, out.Next, err = evidence(ctx, tx, e, behind, args...); err != nil {
				return err
			}
		}
		return tx.QueryRow(ctx, `SELECT `+factsUptoSQL+`$1`+factsPositionSQL, ticketMeasures().Types).Scan(&out.AsOfPosition)
	})
	if err != nil {
		return out, eventstore.Unreachable(fmt.Errorf("report %s: %w", what, err))
	}
	return out, nil
}
