package projections

import (
	"context"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"helpdesk/rebuild"
	"helpdesk/test/pgtest"
)

// benchEvents is the size of the log that read models are built from: HELPDESK_BENCH_EVENTS,
// or what fits into a run of all benchmarks.
func benchEvents(b *testing.B) int {
	text := os.Getenv("HELPDESK_BENCH_EVENTS")
	if text == "" {
		return 100_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// reads lists tickets and opens one, at a rate, until ctx ends, and answers how
// long each took.
func (d *desk) reads(ctx context.Context, b *testing.B) (took []time.Duration) {
	const every = 5 * time.Millisecond
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var mu sync.Mutex
	var under sync.WaitGroup
	for {
		select {
		case <-ctx.Done():
			under.Wait()
			slices.Sort(took)
			return took
		case <-ticker.C:
		}
		under.Go(func() {
			began := time.Now()
			s, err := d.Tickets(context.WithoutCancel(ctx), everybody["rob"], TicketFilter{}, Page{Size: 25})
			if err != nil || len(s.Items) != 25 {
				b.Errorf("%d tickets, %v", len(s.Items), err)
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(began))
		})
	}
}

// BenchmarkRebuild measures how fast all projections are built anew, and how
// long reads take meanwhile and otherwise: the bars are 20,000 events a second
// on two cores, and twice the usual for 99 of 100 reads. One at a time is how
// the service does it, two at once the command.
func BenchmarkRebuild(b *testing.B) {
	n := benchEvents(b)
	d := newDesk(b, pgtest.Durable())
	copyHistory(b, d, n)
	ctx := b.Context()
	if err := d.follow(b, 0).Wait(ctx, int64(n)); err != nil {
		b.Fatal(err)
	}
	at := func(all []time.Duration, quantile float64) float64 {
		return float64(all[int(quantile*float64(len(all)-1))].Microseconds()) / 1000
	}
	reading := func(work func()) []time.Duration {
		during, stop := context.WithCancel(ctx)
		result := make(chan []time.Duration)
		go func() { result <- d.reads(during, b) }()
		work()
		stop()
		return <-result
	}
	quiet := func() []time.Duration { return reading(func() { <-time.After(5 * time.Second) }) }
	p := d.rebuilding(0)
	names, err := p.LargestFirst(ctx)
	if err != nil || len(names) != len(Followers()) {
		b.Fatalf("%v, %v", names, err)
	}
	for _, c := range []struct {
		name   string
		atOnce int
		read   bool
	}{{"two at once", 2, false}, {"one at a time, read", 1, true}, {"two at once, read", 2, true}} {
		b.Run(c.name, func(b *testing.B) {
			var took time.Duration
			var usual, during []time.Duration // usual is from right before and after: other work on the machine changes
			for range b.N {
				work := func() {
					began := time.Now()
					var group errgroup.Group
					group.SetLimit(c.atOnce)
					for _, name := range names {
						group.Go(func() error { return p.Rebuild(ctx, name, rebuild.Options{}) })
					}
					if err := group.Wait(); err != nil {
						b.Fatal(err)
					}
					took += time.Since(began)
				}
				if c.read {
					usual = append(usual, quiet()...)
					during = append(during, reading(work)...)
					usual = append(usual, quiet()...)
				} else {
					work()
				}
			}
			b.ReportMetric(float64(b.N)*float64(n)/took.Seconds(), "events/s")
			if c.read {
				slices.Sort(usual)
				slices.Sort(during)
				b.ReportMetric(at(usual, 0.50), "usual-p50-ms")
				b.ReportMetric(at(usual, 0.99), "usual-p99-ms")
				b.ReportMetric(at(during, 0.50), "p50-ms")
				b.ReportMetric(at(during, 0.99), "p99-ms")
				b.ReportMetric(at(during, 1), "max-ms")
			}
		})
	}
}
