package readmodels

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"helpdesk/projections"
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

// reads lists tickets and opens one, at a rate, until ctx ends, and returns how
// long each took.
func (d *models) reads(ctx context.Context, b *testing.B) (took []time.Duration) {
	const every = 5 * time.Millisecond
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var mu sync.Mutex
	var under sync.WaitGroup
	for {
		select {
		case <-ctx.Done():
			under.Wait()
			return took
		case <-ticker.C:
		}
		under.Go(func() {
			began := time.Now()
			s, err := d.Tickets(context.WithoutCancel(ctx), everybody["rob"], projections.TicketFilter{}, projections.Page{Size: 25})
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
// on two cores, and twice the usual for 99 of 100 reads. The rebuild is another
// process than the one that reads, as with the command. Beside it, to tell what
// is the rebuild's doing and what is the scheduler's: as long with as many
// processes that only count.
func BenchmarkRebuild(b *testing.B) {
	n := benchEvents(b)
	d := newModels(b, pgtest.Durable())
	copyHistory(b, d, n)
	ctx := b.Context()
	if err := d.follow(b, 0).Wait(ctx, int64(n)); err != nil {
		b.Fatal(err)
	}
	at := func(all []time.Duration, quantile float64) float64 {
		slices.Sort(all)
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
	for _, c := range []struct {
		name   string
		atOnce int
	}{{"one at a time", 1}, {"two at once", 2}} {
		b.Run(c.name, func(b *testing.B) {
			var took time.Duration
			var usual, during, busy []time.Duration // usual is from right before and after: other work on the machine changes
			for range b.N {
				usual = append(usual, quiet()...)
				during = append(during, reading(func() { took += d.rebuildElsewhere(b, c.atOnce) })...)
				usual = append(usual, quiet()...)
				stop := count(b, c.atOnce)
				busy = append(busy, quiet()...)
				stop()
			}
			b.ReportMetric(float64(b.N)*float64(n)/took.Seconds(), "events/s")
			b.ReportMetric(at(usual, 0.50), "usual-p50-ms")
			b.ReportMetric(at(usual, 0.99), "usual-p99-ms")
			b.ReportMetric(at(busy, 0.99), "counting-p99-ms")
			b.ReportMetric(at(during, 0.50), "p50-ms")
			b.ReportMetric(at(during, 0.99), "p99-ms")
			b.ReportMetric(at(during, 1), "max-ms")
		})
	}
}

// count starts processes that only count, until they are stopped.
func count(b *testing.B, processes int) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	var running []*exec.Cmd
	for range processes {
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run", "^TestCounting$")
		cmd.Env = append(os.Environ(), elsewhereCount+"=1")
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		running = append(running, cmd)
	}
	return func() {
		cancel()
		for _, cmd := range running {
			_ = cmd.Wait() // it was killed
		}
	}
}

// TestCounting is the process of [count].
func TestCounting(t *testing.T) {
	if os.Getenv(elsewhereCount) == "" {
		t.Skip("it is for BenchmarkRebuild, which starts it")
	}
	for n := 0; t.Context().Err() == nil; n++ { // it is killed long before
	}
}

// What the other process of [BenchmarkRebuild] is told by its environment.
const (
	elsewhereOwner   = "TEST_REBUILD_OWNER_URL"
	elsewhereService = "TEST_REBUILD_SERVICE_URL"
	elsewhereAtOnce  = "TEST_REBUILD_AT_ONCE"
	elsewhereCount   = "TEST_COUNT"
)

// rebuildElsewhere builds all projections anew in another process, which says
// how long it took.
func (d *models) rebuildElsewhere(b *testing.B, atOnce int) time.Duration {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run", "^TestRebuildElsewhere$", "-test.v")
	cmd.Env = append(os.Environ(), elsewhereOwner+"="+d.DB.OwnerURL, elsewhereService+"="+d.DB.ServiceURL, elsewhereAtOnce+"="+strconv.Itoa(atOnce))
	out, err := cmd.CombinedOutput()
	_, after, ok := strings.Cut(string(out), "rebuilt in ")
	if err != nil || !ok {
		b.Fatalf("the other process: %v\n%s", err, out)
	}
	took, err := time.ParseDuration(strings.Fields(after)[0])
	if err != nil {
		b.Fatal(err)
	}
	return took
}

// TestRebuildElsewhere is the other process of [BenchmarkRebuild].
func TestRebuildElsewhere(t *testing.T) {
	db := &pgtest.DB{OwnerURL: os.Getenv(elsewhereOwner), ServiceURL: os.Getenv(elsewhereService)}
	if db.OwnerURL == "" {
		t.Skip("it is for BenchmarkRebuild, which starts it")
	}
	atOnce, err := strconv.Atoi(os.Getenv(elsewhereAtOnce))
	if err != nil {
		t.Fatal(err)
	}
	p := modelsOn(t, db).rebuilding(0)
	names, err := p.LargestFirst(t.Context())
	if err != nil || len(names) != len(projected()) {
		t.Fatalf("%v, %v", names, err)
	}
	var orders []rebuild.Order
	for _, name := range names {
		orders = append(orders, rebuild.Order{Name: name, Kind: rebuild.FromLog})
	}
	began := time.Now()
	if err := errors.Join(p.Do(t.Context(), atOnce, orders...)...); err != nil {
		t.Fatal(err)
	}
	t.Logf("rebuilt in %s", time.Since(began))
}
