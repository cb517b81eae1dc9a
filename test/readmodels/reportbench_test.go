package readmodels

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"helpdesk/projections/reports"
	"helpdesk/test/pgtest"
)

// yearSQL makes the facts of a year of $1 tickets that ends now: each is
// assigned, begun, answered and resolved within three days, a tenth escalates
// and a tenth is reopened and resolved again. With title, description and
// comments that is a log of ten events a ticket.
const yearSQL = `
INSERT INTO read.ticket_facts
SELECT row_number() OVER (), id, fact, at, at,
    lead(at) OVER (PARTITION BY id, fact ORDER BY at), NULL, status, NULL, priority, NULL,
    md5('agent' || n % 50)::uuid, 'user', md5('agent' || n % 50)::uuid,
    NULL, NULL, NULL, NULL, NULL
FROM (
    SELECT n, md5('ticket' || n)::uuid AS id, now() - interval '1 year' * (1 - n::float8 / $1::float8) AS opened, (ARRAY['low','medium','high'])[1 + n % 3] AS priority
    FROM generate_series(1, $1::int) AS n
) AS t CROSS JOIN LATERAL (
    VALUES ('opened', 'open', opened),
        ('assigned', 'open', opened + interval '20 minutes'),
        ('started', 'in-progress', opened + interval '30 minutes'),
        ('first_response', 'in-progress', opened + interval '40 minutes'),
        ('resolved', 'resolved', opened + n % 71 * interval '1 hour'),
        ('escalated', CASE WHEN n % 10 = 3 THEN 'escalated' END, opened + interval '25 minutes'),
        ('reopened', CASE WHEN n % 10 = 7 THEN 'open' END, opened + n % 71 * interval '1 hour' + interval '1 day'),
        ('resolved', CASE WHEN n % 10 = 7 THEN 'resolved' END, opened + n % 71 * interval '1 hour' + interval '2 days')
) AS f (fact, status, at)
WHERE status IS NOT NULL AND at <= now()`

const yearSumsSQL = `
INSERT INTO read.ticket_counts
SELECT 'hour', date_trunc('hour', occurred_at, 'UTC'), priority, count(*) FILTER (WHERE fact = 'opened'), count(*) FILTER (WHERE fact = 'resolved'),
    count(*) FILTER (WHERE fact = 'reopened'), count(*) FILTER (WHERE fact = 'escalated'), 0, 0, 0, 0, 0, 0
FROM read.ticket_facts WHERE next_at IS NULL GROUP BY 1, 2, 3`

// sizes returns numbers of tickets for a benchmark, from an environment variable
// where it is set: "10000,1000000".
func sizes(b *testing.B, variable string, usual ...int) []int {
	b.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	var all []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil {
			b.Fatalf("%s: %v", variable, err)
		}
		all = append(all, n)
	}
	return all
}

// BenchmarkReport measures the seven days' report, up to now and up to some day
// of the past: the bars are 5 ms for 95 of 100 at a million tickets
// (REPORT_TICKETS=10000,1000000) and 1.5 times the time at 10,000.
func BenchmarkReport(b *testing.B) {
	for _, n := range sizes(b, "REPORT_TICKETS", 10_000) {
		d := newModels(b, pgtest.Durable())
		owner := d.DB.OwnerPool(b)
		for _, q := range []struct {
			sql  string
			args []any
		}{{yearSQL, []any{n}}, {yearSumsSQL, nil}, {`VACUUM ANALYZE read.ticket_facts, read.ticket_counts`, nil}} {
			if _, err := owner.Exec(b.Context(), q.sql, q.args...); err != nil {
				b.Fatal(err)
			}
		}
		for name, to := range map[string]time.Time{"now": {}, "past": time.Now().AddDate(0, -5, 0)} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				var took []time.Duration
				var got reports.Report
				for b.Loop() {
					start := time.Now()
					var err error
					if got, err = d.Report(b.Context(), reports.Query{To: to, Days: 7}); err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(start))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
				b.ReportMetric(float64(got.Opened), "tickets")
			})
		}
	}
}
