package reports

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"helpdesk/domain/ticket"
)

// Quantiles of waits are exact, and read no more than a few of them: histograms of
// the days and months in a span say which bucket a quantile is in and how many waits
// are below that, and an index hands out the waits of this bucket alone.

// WaitTimes sum up waits; nil where there are none.
type WaitTimes struct {
	AverageSeconds *float64 `db:"-"` // not read from rows, but worked out
	MedianSeconds  *float64 `db:"-"`
	P90Seconds     *float64 `db:"-"`
}

// waitGroup is what waits are told apart by: what the tickets waited for, and its
// priority, or its agent ([uuid.Nil]: nobody) where that is empty.
type waitGroup struct {
	fact     string
	priority ticket.Priority
	agent    uuid.UUID
}

// waitBucket is one bucket of a group.
type waitBucket struct {
	waitGroup
	bucket int16
}

// histogram counts the waits of some groups.
type histogram struct {
	groups  []waitGroup
	n       int64
	us      float64 // their sum
	buckets []int64 // by [bucketOf]
}

func (h *histogram) add(bucket int16, n int64) {
	h.reach(bucket)
	h.buckets[bucket] += n
	h.n += n
}

// reach makes room for the waits of a bucket.
func (h *histogram) reach(bucket int16) {
	if int(bucket) >= len(h.buckets) {
		h.buckets = append(h.buckets, make([]int64, int(bucket)+1024-len(h.buckets))...) // more will follow
	}
}

// addAll adds the waits of a row: of half a million buckets where there are many agents.
func (h *histogram) addAll(row buckets) {
	h.reach(row.last())
	for bucket, n := range row.all() {
		h.buckets[bucket] += n
		h.n += n
	}
}

// merge adds the waits of another group.
func (h *histogram) merge(o *histogram) {
	h.groups = append(h.groups, o.groups...)
	h.us += o.us
	for b, n := range o.buckets {
		h.add(int16(b), n)
	}
}

// ranked is one of the waits, in their order: its rank from 0 on, its bucket, and
// how many waits are in the buckets before that.
type ranked struct {
	rank   int64
	bucket int16
	before int64
}

// after returns the wait of a rank, found from one that is not behind it.
func (h *histogram) after(r ranked, rank int64) ranked {
	for r.rank = rank; r.before+h.buckets[r.bucket] <= rank; r.bucket++ {
		r.before += h.buckets[r.bucket]
	}
	return r
}

// quantile is a part of all waits: it ends between two of them, or at the first,
// as percentile_cont of SQL has it.
type quantile struct {
	low, high ranked
	between   float64 // how far from the first to the second, from 0 to 1
}

// quantiles returns the median and the ninth decile, of at least one wait.
func (h *histogram) quantiles() (q [2]quantile) {
	var from ranked
	for i, part := range [...]float64{0.5, 0.9} {
		at := part * float64(h.n-1)
		low := int64(at)
		q[i].low = h.after(from, low)
		q[i].high = h.after(q[i].low, min(low+1, h.n-1))
		q[i].between = at - float64(low)
		from = q[i].low
	}
	return q
}

// wanted returns the buckets whose waits the quantiles are among.
func (h *histogram) wanted() (all []waitBucket) {
	if h.n == 0 {
		return nil
	}
	for _, q := range h.quantiles() {
		for _, g := range h.groups {
			all = append(all, waitBucket{g, q.low.bucket}, waitBucket{g, q.high.bucket})
		}
	}
	return all
}

// times sums the waits up; exact are those in the buckets that are wanted.
func (h *histogram) times(exact map[waitBucket][]int64) (w WaitTimes, err error) {
	if h.n == 0 {
		return w, nil
	}
	var seconds [2]float64
	for i, q := range h.quantiles() {
		low, err := h.wait(q.low, exact)
		if err != nil {
			return w, err
		}
		high, err := h.wait(q.high, exact)
		if err != nil {
			return w, err
		}
		seconds[i] = low + q.between*(high-low)
	}
	average := h.us / float64(h.n) / 1e6
	return WaitTimes{AverageSeconds: &average, MedianSeconds: &seconds[0], P90Seconds: &seconds[1]}, nil
}

// wait returns how long a wait was, in seconds.
func (h *histogram) wait(r ranked, exact map[waitBucket][]int64) (float64, error) {
	var waits []int64
	for _, g := range h.groups {
		waits = append(waits, exact[waitBucket{g, r.bucket}]...)
	}
	if int64(len(waits)) != h.buckets[r.bucket] {
		return 0, fmt.Errorf("bucket %d of %v has %d waits, and %d are counted", r.bucket, h.groups, len(waits), h.buckets[r.bucket])
	}
	slices.Sort(waits)
	return float64(waits[r.rank-r.before]) / 1e6, nil
}

// waitTimes sums up the waits of each histogram, whose quantiles it reads.
func waitTimes(ctx context.Context, tx pgx.Tx, s Span, all []*histogram) ([]WaitTimes, error) {
	var wanted []waitBucket
	for _, h := range all {
		wanted = append(wanted, h.wanted()...)
	}
	exact, err := readBuckets(ctx, tx, s, wanted)
	if err != nil {
		return nil, err
	}
	times := make([]WaitTimes, len(all))
	for i, h := range all {
		if times[i], err = h.times(exact); err != nil {
			return nil, err
		}
	}
	return times, nil
}

// waitBucketsSQL returns the waits of buckets, that ended from $1 to $2 and were
// the last of their kind then. There are those of priorities and those of agents,
// each with an index of its own.
const (
	inBucket       = `occurred_at >= $1 AND occurred_at < $2 AND (next_at IS NULL OR next_at >= $2) AND wait_bucket = k.bucket`
	waitBucketsSQL = `
SELECT k.n - 1, array_agg(wait_us)
FROM unnest($3::text[], $4::text[], $5::uuid[], $6::smallint[]) WITH ORDINALITY AS k (fact, priority, agent_id, bucket, n)
CROSS JOIN LATERAL (
    SELECT wait_us FROM read.ticket_facts AS f
    WHERE f.fact = k.fact AND f.priority = k.priority AND wait_us IS NOT NULL AND ` + inBucket + `
    UNION ALL
    SELECT wait_us FROM read.ticket_facts AS f
    WHERE k.priority = '' AND f.fact = 'resolved' AND f.agent_id = k.agent_id AND ` + inBucket + `
    UNION ALL
    SELECT wait_us FROM read.ticket_facts AS f
    WHERE k.priority = '' AND k.agent_id = '00000000-0000-0000-0000-000000000000' AND f.fact = 'resolved' AND f.agent_id IS NULL AND ` + inBucket + `
    OFFSET 0
) AS w
GROUP BY 1`
)

func readBuckets(ctx context.Context, tx pgx.Tx, s Span, wanted []waitBucket) (map[waitBucket][]int64, error) {
	exact := map[waitBucket][]int64{}
	var keys []waitBucket
	var facts, priorities []string
	var agents []uuid.UUID
	var buckets []int16
	for _, w := range wanted {
		if _, met := exact[w]; met {
			continue
		}
		exact[w] = nil
		keys = append(keys, w)
		facts, priorities = append(facts, w.fact), append(priorities, string(w.priority))
		agents, buckets = append(agents, w.agent), append(buckets, w.bucket)
	}
	if len(keys) == 0 {
		return exact, nil
	}
	var n int64
	var waits []int64
	rows, _ := tx.Query(ctx, waitBucketsSQL, s.Since, s.Upto, facts, priorities, agents, buckets) // ForEachRow returns its error
	_, err := pgx.ForEachRow(rows, []any{&n, &waits}, func() error {
		exact[keys[n]] = slices.Clone(waits)
		return nil
	})
	return exact, err
}

// units are the whole months and days from one midnight to another, and those days
// that are in no such month.
type units struct {
	unit        []string
	since, upto []time.Time
}

func (u *units) add(unit string, since, upto time.Time) {
	if since.Before(upto) {
		u.unit, u.since, u.upto = append(u.unit, unit), append(u.since, since), append(u.upto, upto)
	}
}

func wholeUnits(since, upto time.Time) (u units) {
	first, last := monthOf(since).Since, monthOf(upto).Since
	if first.Before(since) {
		first = first.AddDate(0, 1, 0)
	}
	if !first.Before(last) {
		u.add("day", since, upto)
		return u
	}
	u.add("day", since, first)
	u.add("month", first, last)
	u.add("day", last, upto)
	return u
}

const aDay = 24 * time.Hour

// days returns the midnights by UTC that a span begins before or at, and ends
// after or at, and the parts of it that are in no whole day between them.
func (s Span) days() (first, last time.Time, rest units) {
	first, last = s.Since.UTC().Truncate(aDay), s.Upto.UTC().Truncate(aDay)
	if first.Before(s.Since) {
		first = first.Add(aDay)
	}
	if !first.Before(last) {
		rest.add("", s.Since, s.Upto)
		return first, first, rest
	}
	rest.add("", s.Since, first)
	rest.add("", last, s.Upto)
	return first, last, rest
}

const waitCountsSQL = `
SELECT fact, coalesce(priority, ''), coalesce(agent_id, '00000000-0000-0000-0000-000000000000'), total_us::float8, buckets
FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS u (unit, since, upto)
CROSS JOIN LATERAL (
    SELECT * FROM read.wait_counts AS c
    WHERE c.unit = u.unit AND c.since >= u.since AND c.since < u.upto AND (c.priority IS NULL) = $4 OFFSET 0
) AS c`

// singleWaitsSQL returns the waits in the parts $1 to $2 of the span from $3 to $4
// that are no whole days, and those from all of it that were the last of their kind
// at its end, and not since.
var singleWaitsSQL = `
SELECT fact, CASE WHEN $5 THEN '' ELSE priority END, CASE WHEN $5 THEN agent_id END, array_agg(wait_us)
FROM (
    SELECT f.fact, f.priority, f.agent_id, f.wait_us
    FROM unnest($1::timestamptz[], $2::timestamptz[]) AS e (since, upto) CROSS JOIN LATERAL (
        ` + factsOf(waitFacts, "*",
	"(NOT $5 OR ?fact = 'resolved') AND wait_us IS NOT NULL AND occurred_at >= e.since AND occurred_at < e.upto AND next_at IS NULL") + ` OFFSET 0
    ) AS f
    UNION ALL
    SELECT fact, priority, agent_id, wait_us
    FROM ( -- OFFSET 0 has the index asked that knows what was to happen again, and not all that happened
        SELECT * FROM read.ticket_facts
        WHERE tstzrange(occurred_at, next_at) @> ($4::timestamptz` + justBefore + `)
          AND next_at IS NOT NULL AND fact IN ('resolved', 'reopened', 'escalated', 'closed') OFFSET 0
    ) AS again
    WHERE fact = 'resolved' AND occurred_at >= $3::timestamptz
) AS f
GROUP BY 1, 2, 3`

// readWaits counts the waits of a span by priority, or those for resolutions by agent.
func readWaits(ctx context.Context, tx pgx.Tx, s Span, byAgent bool) (map[waitGroup]*histogram, error) {
	all := map[waitGroup]*histogram{}
	of := func(g waitGroup) *histogram {
		if all[g] == nil {
			all[g] = &histogram{groups: []waitGroup{g}}
		}
		return all[g]
	}
	var (
		g   waitGroup
		us  float64
		had pgtype.DriverBytes // not copied, for it is looked at while its row is there
	)
	first, last, rest := s.days()
	whole := wholeUnits(first, last)
	rows, _ := tx.Query(ctx, waitCountsSQL, whole.unit, whole.since, whole.upto, byAgent) // ForEachRow returns its error
	_, err := pgx.ForEachRow(rows, []any{&g.fact, &g.priority, &g.agent, &us, &had}, func() error {
		h := of(g)
		h.us += us
		h.addAll(buckets(had))
		return nil
	})
	if err != nil {
		return nil, err
	}
	var agent *uuid.UUID
	var waits []int64
	rows, _ = tx.Query(ctx, singleWaitsSQL, rest.since, rest.upto, s.Since, s.Upto, byAgent) // as above
	_, err = pgx.ForEachRow(rows, []any{&g.fact, &g.priority, &agent, &waits}, func() error {
		g.agent = idOrNil(agent)
		h := of(g)
		for _, us := range waits {
			h.us += float64(us)
			h.add(bucketOf(us), 1)
		}
		return nil
	})
	return all, err
}
