package reports

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore"
	"helpdesk/projections"
)

// reportSQL counts each ticket once a fact, whatever became of it since: of the
// times it happened within the span, the last one is counted, the one without
// another behind it up to the span's end.
//
// Of the hours that are wholly within, read.ticket_counts has the sum of those
// with none behind them at all; rows are read for the parts of the first hour
// within and of the last one beyond, of which there are none yet while the span
// ends now, and for those that happened again, but after the end. So it takes as
// long with millions of tickets as with few.
//
// Counts and position come from one snapshot; the position is that of the log
// where nothing that counts is still to come.
var reportSQL = `
WITH given AS (
    SELECT coalesce($1::timestamptz, greatest(clock_timestamp(), (SELECT recorded_at FROM log_head WHERE id = 1))) AS upto
), span AS (
    SELECT upto, upto - $2::bigint * interval '24 hours' AS since,
        date_trunc('hour', upto - $2::bigint * interval '24 hours', 'UTC') + interval '1 hour' AS first_hour,
        date_trunc('hour', upto, 'UTC') AS last_hour
    FROM given
), hours AS MATERIALIZED (
    SELECT sum(opened) AS opened, sum(resolved) AS resolved, sum(escalated) AS escalated
    FROM span JOIN read.ticket_counts AS c ON unit = 'hour' AND c.since >= first_hour AND c.since <= last_hour
), again AS MATERIALIZED (
    SELECT fact, occurred_at FROM read.ticket_facts
    WHERE fact IN ('resolved', 'escalated') AND next_at IS NOT NULL AND tstzrange(occurred_at, next_at) @> (SELECT upto FROM span)
)
SELECT
    ` + windowCount(factOpened) + ` AS opened,
    ` + windowCount(factResolved) + ` AS resolved,
    ` + windowCount(factEscalated) + ` AS escalated,
    since AS "from",
    upto AS "to",
    ` + factsUptoSQL + `$3` + factsPositionSQL + ` AS as_of_position
FROM span CROSS JOIN hours AS h`

// windowCount is how many tickets a fact happened to, of reportSQL.
func windowCount(fact string) string {
	return strings.ReplaceAll(`(coalesce(h.$fact, 0)
        + (SELECT count(*) FROM read.ticket_facts
            WHERE fact = '$fact' AND occurred_at > since AND occurred_at < first_hour AND next_at IS NULL)
        - (SELECT count(*) FROM read.ticket_facts
            WHERE fact = '$fact' AND occurred_at > upto AND occurred_at < last_hour + interval '1 hour' AND next_at IS NULL)
        + (SELECT count(*) FROM again WHERE fact = '$fact' AND occurred_at > since))::bigint`, "$fact", fact)
}

// The position of the log that the facts are complete up to; between the two
// stands the parameter with the types that [Follower] wants.
const (
	factsUptoSQL = `coalesce((SELECT CASE WHEN c.position >= head.position THEN head.position -- or the log may be scanned for nothing
        WHEN EXISTS (SELECT FROM events WHERE position > c.position AND position <= head.position AND type = ANY (`
	factsPositionSQL = `)) THEN c.position ELSE head.position END
        FROM checkpoints AS c CROSS JOIN log_head AS head WHERE c.name = 'ticket_facts' AND head.id = 1), 0)`
)

// knownReportSQL is reportSQL without what was recorded later than $4. Sums do
// not tell when something was recorded: it reads every row of the span.
var knownReportSQL = `
WITH span AS (
    SELECT coalesce($1::timestamptz, greatest(clock_timestamp(), (SELECT recorded_at FROM log_head WHERE id = 1))) AS upto
), facts AS (
    SELECT fact, ticket_id
    FROM span CROSS JOIN LATERAL (
        ` + factsOf(reportedFacts, "fact, ticket_id, recorded_at",
	"occurred_at > span.upto - $2::bigint * interval '24 hours' AND occurred_at <= span.upto") + ` OFFSET 0
    ) AS f
    WHERE recorded_at <= $4
)
SELECT
    (SELECT count(DISTINCT ticket_id) FROM facts WHERE fact = 'opened') AS opened,
    (SELECT count(DISTINCT ticket_id) FROM facts WHERE fact = 'resolved') AS resolved,
    (SELECT count(DISTINCT ticket_id) FROM facts WHERE fact = 'escalated') AS escalated,
    upto - $2::bigint * interval '24 hours' AS "from",
    upto AS "to",
    ` + factsUptoSQL + `$3` + factsPositionSQL + ` AS as_of_position
FROM span`

// Report counts the tickets that were opened, resolved and escalated in the
// window (To − Days × 24 h, To], by when it happened.
func (r *Reader) Report(ctx context.Context, q Query) (Report, error) {
	if err := projections.Fresh(ctx, projections.TicketFacts, projections.UserList); err != nil {
		return Report{}, err
	}
	if !q.Explain.Wanted && q.To.IsZero() && q.KnownAt.IsZero() {
		out, err := r.latest.Ask(ctx, q.Days)
		return out, eventstore.Unreachable(err)
	}
	if !q.Explain.Wanted {
		return report(ctx, r.pool, q)
	}
	var out Report
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, r.pool, snapshot, func(tx pgx.Tx) (err error) {
		if out, err = report(ctx, tx, q); err != nil {
			return err
		}
		out.Behind, out.Next, err = evidence(ctx, tx, q.Explain, reportEvidence, out.From, out.To, instant(q.KnownAt))
		return err
	})
	return out, eventstore.Unreachable(err)
}

// reportsOf reads the reports up to now of so many days each, those of the same days
// once.
func (r *Reader) reportsOf(ctx context.Context, days []int) ([]Report, error) {
	of, all := map[int]Report{}, make([]Report, len(days))
	for i, n := range days {
		if _, known := of[n]; !known {
			read, err := report(ctx, r.pool, Query{Days: n})
			if err != nil {
				return nil, err
			}
			of[n] = read
		}
		all[i] = of[n]
	}
	return all, nil
}

func report(ctx context.Context, db projections.Querier, q Query) (Report, error) {
	args := []any{instant(q.To), q.Days, Follower().Types}
	if q.KnownAt.IsZero() {
		return projections.One[Report](ctx, db, "report", reportSQL, args...)
	}
	return projections.One[Report](ctx, db, "report", knownReportSQL, append(args, q.KnownAt)...)
}

// instant returns a query argument that is null for the zero time.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
