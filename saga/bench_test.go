package saga

import (
	"context"
	"runtime"
	"testing"
	"time"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

// million is how many timers are pending in the benchmark.
const million = 1_000_000

// BenchmarkTimers is timers beside a million pending ones: a look that finds
// none due, beside the shortest query there is; and a thousand that come due at
// once, until the last of their tickets has escalated.
func BenchmarkTimers(b *testing.B) {
	d := newService(b, pgtest.Durable())
	fillTimers(b, d, 0, million)
	if _, err := d.super.Exec(context.Background(), `VACUUM (FREEZE, ANALYZE) saga.timers`); err != nil {
		b.Fatal(err)
	}
	b.Run("idle", func(b *testing.B) { benchIdle(b, d) })
	p := Policy{Spans: map[ticket.Priority]time.Duration{ticket.High: time.Hour}, Waiting: []ticket.Status{ticket.StatusOpen}}
	seen := d.follow(b, p)
	b.Run("due", func(b *testing.B) { benchDue(b, d, p, seen) })
}

func benchIdle(b *testing.B, d *service) {
	timers := NewTimers(d.Pool, d.timers, d.issued.Notify, d.log)
	look := func() {
		if _, err := timers.runOnce(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	floor := func() {
		if _, err := d.Pool.Exec(context.Background(), `SELECT 1`); err != nil {
			b.Fatal(err)
		}
	}
	const times = 100
	for range 10 { // plans
		floor()
		look()
	}
	var empty, looking time.Duration
	for range b.N {
		for range times {
			began := time.Now()
			floor()
			between := time.Now()
			look()
			looking += time.Since(between)
			empty += between.Sub(began)
		}
	}
	b.ReportMetric(float64(looking.Microseconds())/float64(b.N*times), "µs/look")
	b.ReportMetric(float64(empty.Microseconds())/float64(b.N*times), "µs/SELECT-1")
	b.ReportMetric(0, "ns/op")
}

func benchDue(b *testing.B, d *service, p Policy, seen func()) {
	const due = 1000
	ann := d.register(b, "ann"+time.Now().Format("150405.000000000"), domain.RoleUser)
	escalated := func() int {
		return kit.One[int](b, d.Pool, `SELECT count(*)::int FROM events WHERE type = 'ticket.escalated'`)
	}
	var took time.Duration
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range b.N {
		want := escalated() + due
		for range due {
			d.open(b, ann, ticket.High, time.Now().Add(-2*time.Hour))
		}
		seen()
		began := time.Now()
		stop := d.work(b, p)
		kit.Poll(b, "the escalations", func() bool { return escalated() == want })
		took += time.Since(began)
		stop()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(took.Seconds()/float64(b.N), "s/1000-due")
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(1<<20), "MiB-heap-growth")
	b.ReportMetric(0, "ns/op")
}
