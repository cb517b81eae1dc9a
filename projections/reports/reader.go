package reports

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/internal/batch"
	"helpdesk/projections"
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
	WaitTimes      // from opening to resolution
}

// ResponseTimes are how long tickets waited.
type ResponseTimes struct {
	Measure  string           // first_response or resolution
	Priority *ticket.Priority // nil: all
	Tickets  int64
	WaitTimes
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

// Reader reads reports. It is safe for concurrent use.
type Reader struct {
	pool   *pgxpool.Pool
	latest *batch.Queries[int, Report] // the reports up to now, of so many days
}

// NewReader returns the reader over a pool.
func NewReader(pool *pgxpool.Pool) *Reader {
	r := &Reader{pool: pool}
	r.latest = batch.New(r.reportsOf)
	return r
}

// Now returns the time by which events have theirs: the clock of the database, or that
// of the newest event where the clock was ahead.
func (r *Reader) Now(ctx context.Context) (now time.Time, err error) {
	err = r.pool.QueryRow(ctx, `SELECT greatest(clock_timestamp(), recorded_at) FROM log_head WHERE id = 1`).Scan(&now)
	return now, eventstore.Unreachable(err)
}

// backlogStatuses are those of tickets that somebody still has to see to.
const backlogStatuses = `('open', 'in-progress', 'escalated')`

// justBefore makes of the end of a span the last instant within it.
const justBefore = ` - interval '1 microsecond'`

// countsSQL counts in the spans from $1 to $2, which follow each other. Of those
// that happened within a span, the ones without another behind them are summed up
// by the day and the hour: whole days that begin within, less the hours and the part
// of an hour before it, more those after the last whole day. Only the parts of hours
// are read one by one, and those that happened again after the span.
//
// All time before the first span is a span too, for the backlog at the end of each
// is what came into it so far less what left it. OFFSET 0 has the few rows of each
// span and end looked up: joined, they would be searched for among all rows.
var countsSQL = `
WITH given AS (
    SELECT n, since, upto FROM unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY AS s (since, upto, n)
), spans AS (
    SELECT 0 AS n, '-infinity' AS since, since AS upto FROM given WHERE n = 1
    UNION ALL
    SELECT n, since, upto FROM given
), ends AS (
    SELECT n, by, at, date_trunc('day', at, 'UTC') AS day, date_trunc('hour', at, 'UTC') AS hour
    FROM spans CROSS JOIN LATERAL (VALUES (since, -1), (upto, 1)) AS e (at, by)
), parts AS (
    SELECT n, 1 AS by, priority, opened, resolved, reopened, escalated, closed, net_open + net_in_progress + net_escalated AS net
    FROM spans CROSS JOIN LATERAL (
        SELECT * FROM read.ticket_counts AS c
        WHERE unit = 'day' AND c.since >= date_trunc('day', spans.since, 'UTC') AND c.since < date_trunc('day', upto, 'UTC') OFFSET 0
    ) AS c
    UNION ALL
    SELECT n, by, priority, opened, resolved, reopened, escalated, closed, net_open + net_in_progress + net_escalated
    FROM ends CROSS JOIN LATERAL (
        SELECT * FROM read.ticket_counts WHERE unit = 'hour' AND since >= day AND since < hour OFFSET 0
    ) AS c
    UNION ALL
    SELECT n, by, m.priority, (m.fact = 'opened')::int, (m.fact = 'resolved')::int, (m.fact = 'reopened')::int,
        (m.fact = 'escalated')::int, (m.fact = 'closed')::int, m.net * (m.status IN ` + backlogStatuses + `)::int
    FROM ends CROSS JOIN LATERAL (
        ` + factsOf(moveFacts, "*", "occurred_at >= hour AND occurred_at < at") + ` OFFSET 0
    ) AS f CROSS JOIN LATERAL (
        VALUES (f.status, f.priority, 1, CASE WHEN f.next_at IS NULL THEN f.fact ELSE '' END), (f.status_before, f.priority_before, -1, '')
    ) AS m (status, priority, net, fact)
    WHERE m.status IS NOT NULL
    UNION ALL
    SELECT n, 1, priority, 0, (fact = 'resolved')::int, (fact = 'reopened')::int, (fact = 'escalated')::int, (fact = 'closed')::int, 0
    FROM spans JOIN read.ticket_facts ON tstzrange(occurred_at, next_at) @> (upto` + justBefore + `) AND occurred_at >= since
    WHERE fact IN ('resolved', 'reopened', 'escalated', 'closed') AND next_at IS NOT NULL
), summed AS (
    SELECT n, priority, sum(by * opened) AS opened, sum(by * resolved) AS resolved, sum(by * reopened) AS reopened,
        sum(by * escalated) AS escalated, sum(by * closed) AS closed, sum(by * net) AS net
    FROM parts
    GROUP BY 1, 2
)
SELECT span, priority, opened, resolved, reopened, escalated, closed, backlog
FROM (
    SELECT (n - 1)::int AS span, priority, m,
        coalesce(opened, 0)::bigint AS opened, coalesce(resolved, 0)::bigint AS resolved, coalesce(reopened, 0)::bigint AS reopened,
        coalesce(escalated, 0)::bigint AS escalated, coalesce(closed, 0)::bigint AS closed,
        coalesce(sum(net) OVER (PARTITION BY priority ORDER BY n), 0)::bigint AS backlog
    FROM spans CROSS JOIN unnest(ARRAY['low', 'medium', 'high']) WITH ORDINALITY AS p (priority, m)
    LEFT JOIN summed USING (n, priority)
) AS counts
WHERE span >= 0
ORDER BY span, m`

// Counts counts by priority what happened in spans that follow each other without
// a gap.
func (r *Reader) Counts(ctx context.Context, spans []Span, e Explain) (Reported[Counts], error) {
	if err := projections.Fresh(ctx, projections.TicketFacts); err != nil {
		return Reported[Counts]{}, err
	}
	since, upto := make([]time.Time, len(spans)), make([]time.Time, len(spans))
	for i, s := range spans {
		since[i], upto[i] = s.Since, s.Upto
	}
	return reportRows[Counts](ctx, r.pool, "the counts", e, countsEvidence, countsSQL, since, upto)
}

// statusSQL counts what is in each status at $1: what came there in all days and
// hours before and in the part of an hour that is left, less what left it.
var statusSQL = `
WITH moves AS (
    SELECT n.status, priority, n.net
    FROM read.ticket_counts CROSS JOIN LATERAL (
        VALUES ('open', net_open), ('in-progress', net_in_progress), ('escalated', net_escalated), ('resolved', net_resolved), ('closed', net_closed)
    ) AS n (status, net)
    WHERE (unit = 'day' AND since < date_trunc('day', $1::timestamptz, 'UTC'))
       OR (unit = 'hour' AND since >= date_trunc('day', $1::timestamptz, 'UTC') AND since < date_trunc('hour', $1::timestamptz, 'UTC'))
    UNION ALL
    SELECT m.status, m.priority, m.net
    FROM (
        ` + factsOf(moveFacts, "*", "occurred_at >= date_trunc('hour', $1::timestamptz, 'UTC') AND occurred_at < $1") + `
    ) AS f CROSS JOIN LATERAL (VALUES (f.status, f.priority, 1), (f.status_before, f.priority_before, -1)) AS m (status, priority, net)
)
SELECT status, priority, coalesce(sum(net), 0)::bigint AS tickets
FROM unnest(ARRAY['open', 'in-progress', 'escalated', 'resolved', 'closed']) WITH ORDINALITY AS s (status, n)
CROSS JOIN unnest(ARRAY['low', 'medium', 'high']) WITH ORDINALITY AS p (priority, m)
LEFT JOIN moves USING (status, priority)
GROUP BY status, priority, n, m
ORDER BY n, m`

// StatusDistribution counts the tickets in each status right before upto.
func (r *Reader) StatusDistribution(ctx context.Context, upto time.Time, e Explain) (Reported[StatusCount], error) {
	if err := projections.Fresh(ctx, projections.TicketFacts); err != nil {
		return Reported[StatusCount]{}, err
	}
	return reportRows[StatusCount](ctx, r.pool, "the distribution of statuses", e, statusEvidence, statusSQL, upto)
}

// agentsSQL counts by agent from $1 to $2, as countsSQL does by priority; the whole
// days from that of $1 to that of $2 are units of $3 which begin from $4 to $5.
var agentsSQL = `
WITH ends AS (
    SELECT by, at, date_trunc('day', at, 'UTC') AS day, date_trunc('hour', at, 'UTC') AS hour
    FROM (VALUES ($1::timestamptz, -1), ($2::timestamptz, 1)) AS e (at, by)
), parts AS (
    SELECT 1 AS by, agent_id, assigned, first_responses, resolved, reopened, escalated
    FROM unnest($3::text[], $4::timestamptz[], $5::timestamptz[]) AS u (unit, since, upto) CROSS JOIN LATERAL (
        SELECT * FROM read.agent_counts AS c WHERE c.unit = u.unit AND c.since >= u.since AND c.since < u.upto OFFSET 0
    ) AS c
    UNION ALL
    SELECT by, agent_id, assigned, first_responses, resolved, reopened, escalated
    FROM ends CROSS JOIN LATERAL (
        SELECT * FROM read.agent_counts WHERE unit = 'hour' AND since >= day AND since < hour OFFSET 0
    ) AS c
    UNION ALL
    SELECT by, agent_id, (fact = 'assigned')::int, (fact = 'first_response')::int, (fact = 'resolved')::int, (fact = 'reopened')::int, (fact = 'escalated')::int
    FROM (
        SELECT by, fact, agent_id FROM ends CROSS JOIN LATERAL (
            ` + factsOf(agentFacts, "*", "occurred_at >= hour AND occurred_at < at") + ` OFFSET 0
        ) AS f
        WHERE agent_next_at IS NULL
        UNION ALL
        SELECT 1, fact, agent_id FROM read.ticket_facts
        WHERE tstzrange(occurred_at, agent_next_at) @> ($2::timestamptz` + justBefore + `) AND agent_next_at IS NOT NULL AND occurred_at >= $1
    ) AS single
), counted AS (
    SELECT agent_id, sum(by * assigned)::bigint AS assigned, sum(by * first_responses)::bigint AS first_responses,
        sum(by * resolved)::bigint AS resolved, sum(by * reopened)::bigint AS reopened, sum(by * escalated)::bigint AS escalated
    FROM parts
    GROUP BY 1
)
SELECT c.agent_id, u.username, c.assigned, c.first_responses, c.resolved, c.reopened, c.escalated
FROM counted AS c
LEFT JOIN read.users AS u ON u.id = c.agent_id
WHERE (c.assigned, c.first_responses, c.resolved, c.reopened, c.escalated) <> (0, 0, 0, 0, 0)
ORDER BY u.username, c.agent_id`

// Agents counts by agent what happened in a span; those to whom nothing happened
// are left out. Waits are of the tickets whose last resolution was the agent's.
func (r *Reader) Agents(ctx context.Context, s Span, e Explain) (Reported[AgentCounts], error) {
	if err := projections.Fresh(ctx, projections.TicketFacts, projections.UserList); err != nil {
		return Reported[AgentCounts]{}, err
	}
	read := func(tx pgx.Tx) ([]AgentCounts, error) {
		u := wholeUnits(s.Since.UTC().Truncate(aDay), s.Upto.UTC().Truncate(aDay))
		rows, _ := tx.Query(ctx, agentsSQL, s.Since, s.Upto, u.unit, u.since, u.upto) // CollectRows returns its error
		agents, err := pgx.CollectRows(rows, pgx.RowToStructByName[AgentCounts])
		if err != nil {
			return nil, err
		}
		waits, err := readWaits(ctx, tx, s, true)
		if err != nil {
			return nil, err
		}
		all := make([]*histogram, len(agents))
		for i, a := range agents {
			all[i] = &histogram{}
			if h := waits[waitGroup{fact: factResolved, agent: idOrNil(a.AgentID)}]; h != nil {
				all[i] = h
			}
		}
		times, err := waitTimes(ctx, tx, s, all)
		for i := range times {
			agents[i].WaitTimes = times[i]
		}
		return agents, err
	}
	return readReport(ctx, r.pool, "the agents", e, agentsEvidence, read, s.Since, s.Upto)
}

// ResponseTimes returns how long tickets had waited that got their first response,
// or were resolved, in a span.
func (r *Reader) ResponseTimes(ctx context.Context, s Span, e Explain) (Reported[ResponseTimes], error) {
	if err := projections.Fresh(ctx, projections.TicketFacts); err != nil {
		return Reported[ResponseTimes]{}, err
	}
	read := func(tx pgx.Tx) (out []ResponseTimes, err error) {
		waits, err := readWaits(ctx, tx, s, false)
		if err != nil {
			return nil, err
		}
		var all []*histogram
		for _, measure := range [][2]string{{"first_response", factFirstResponse}, {"resolution", factResolved}} {
			sum := &histogram{}
			out, all = append(out, ResponseTimes{Measure: measure[0]}), append(all, sum)
			for _, p := range []ticket.Priority{ticket.Low, ticket.Medium, ticket.High} {
				h := waits[waitGroup{fact: measure[1], priority: p}]
				if h == nil {
					h = &histogram{}
				}
				sum.merge(h)
				out, all = append(out, ResponseTimes{Measure: measure[0], Priority: &p}), append(all, h)
			}
		}
		times, err := waitTimes(ctx, tx, s, all)
		for i := range times {
			out[i].Tickets, out[i].WaitTimes = all[i].n, times[i]
		}
		return out, err
	}
	return readReport(ctx, r.pool, "the response times", e, responseTimesEvidence, read, s.Since, s.Upto)
}

// reportRows reads the rows of a report by one statement; see [readReport].
func reportRows[R any](ctx context.Context, pool *pgxpool.Pool, what string, e Explain, behind evidenceQuery, sql string, args ...any) (Reported[R], error) {
	read := func(tx pgx.Tx) ([]R, error) {
		rows, _ := tx.Query(ctx, sql, args...) // CollectRows returns its error
		return pgx.CollectRows(rows, pgx.RowToStructByName[R])
	}
	return readReport(ctx, pool, what, e, behind, read, args...)
}

// readReport reads the rows of a report, its position, and the evidence if it is asked
// for, which args are those of, from one snapshot.
func readReport[R any](ctx context.Context, pool *pgxpool.Pool, what string, e Explain, behind evidenceQuery, read func(pgx.Tx) ([]R, error), args ...any) (out Reported[R], err error) {
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, pool, snapshot, func(tx pgx.Tx) error {
		if out.Rows, err = read(tx); err != nil {
			return err
		}
		if e.Wanted {
			if out.Behind, out.Next, err = evidence(ctx, tx, e, behind, args...); err != nil {
				return err
			}
		}
		return tx.QueryRow(ctx, `SELECT `+factsUptoSQL+`$1`+factsPositionSQL, Follower().Types).Scan(&out.AsOfPosition)
	})
	if err != nil {
		return out, eventstore.Unreachable(fmt.Errorf("report %s: %w", what, err))
	}
	return out, nil
}
