package follow

import (
	"fmt"
	"testing"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

// benchBacklog is how many events a follower catches up with.
const benchBacklog = 200_000

// BenchmarkFollow lets a follower that does next to nothing catch up with a
// backlog.
func BenchmarkFollow(b *testing.B) {
	l := newLog(b, pgtest.Durable())
	l.makeEffects(b)
	l.makeBacklog(b, benchBacklog)
	b.ResetTimer()
	for n := range b.N {
		b.StopTimer()
		f := New(l.Pool, l.Codec(), l.Notifier, eventstore.NewNotifier(), Config{}, recorder(fmt.Sprint("f", n)))
		fresh := NewFreshness(l.Pool, f.applied, Follower{Name: fmt.Sprint("f", n)})
		b.StartTimer()
		stop := kit.Run(b, f.Run)
		waitFor(b, fresh, benchBacklog)
		b.StopTimer()
		stop()
		if got := len(l.recorded(b, fmt.Sprint("f", n))); got != benchBacklog {
			b.Fatalf("%d events were applied, want %d", got, benchBacklog)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(benchBacklog)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// makeBacklog writes n events, ten to a ticket, past the store.
func (l log) makeBacklog(t testing.TB, n int) {
	t.Helper()
	opened := mustJSON(t, ticket.Opened{Title: "Printer", Description: "It smokes.", Priority: ticket.High})
	retitled := mustJSON(t, ticket.Retitled{Title: "Plotter"})
	ctx := kit.Context(t)
	owner, err := l.DB.OwnerPool(t).Acquire(ctx) // one connection: there is a temporary table
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Release()
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`CREATE TEMP TABLE new_streams AS SELECT nth, gen_random_uuid() AS id FROM generate_series(0, $1::int / 10 - 1) AS nth`, []any{n}},
		{`INSERT INTO streams (stream_id, stream_type, version) SELECT id, 'ticket', 10 FROM new_streams`, nil},
		{`INSERT INTO events (position, stream_id, stream_type, version, event_id, type, schema_version, data,
    actor_kind, correlation_id, occurred_at, recorded_at)
SELECT nth * 10 + v, id, 'ticket', v, gen_random_uuid(),
    CASE v WHEN 1 THEN 'ticket.opened' ELSE 'ticket.retitled' END, 1,
    CASE v WHEN 1 THEN $1::json ELSE $2::json END, 'system', 'bench', now(), now()
FROM new_streams CROSS JOIN generate_series(1, 10) AS v ORDER BY nth, v`, []any{opened, retitled}},
		{`UPDATE log_head SET position = $1::int, recorded_at = now()`, []any{n}},
		{`ANALYZE`, nil}, // as autovacuum would have done
	} {
		if _, err := owner.Exec(ctx, q.sql, q.args...); err != nil {
			t.Fatalf("make a backlog: %v", err)
		}
	}
}
