package audit

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"helpdesk/test/pgtest"
)

// backlog is how many events benchmarks have; AUDIT_EVENTS says otherwise.
func backlog(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(os.Getenv("AUDIT_EVENTS"))
	if err != nil {
		return 100_000
	}
	return n
}

// BenchmarkTree lets the tree catch up with a backlog.
func BenchmarkTree(b *testing.B) {
	n := backlog(b)
	d := newLog(b, pgtest.Durable())
	d.fill(b, n, 100)
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		d.tamper(b, `DELETE FROM audit.tiles`, `DELETE FROM audit.edge WHERE level > 0`,
			`UPDATE audit.edge SET tile_index = 0, hashes = ''`, `UPDATE checkpoints SET position = 0 WHERE name = 'audit_tree'`)
		b.StartTimer()
		d.grow(b)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(0, "ns/op") // says nothing here
}

// BenchmarkVerify verifies the database and an export, and reports the memory
// that it has from the system at its end.
func BenchmarkVerify(b *testing.B) {
	n := backlog(b)
	d := newLog(b, pgtest.Durable())
	d.fill(b, n, 10)
	d.grow(b)
	d.sign(b)
	dir := b.TempDir()
	began := time.Now()
	d.export(b, dir)
	exported := time.Since(began)
	for name, run := range map[string]func() (Verified, error){
		"database": func() (Verified, error) { return d.verify(b) },
		"export":   func() (Verified, error) { return verifyExport(b, d, dir) },
	} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				if got, err := run(); err != nil || got.Events != int64(n) {
					b.Fatalf("got %+v, %v", got, err)
				}
			}
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(memory.Sys)/(1<<20), "MiB-sys")
			b.ReportMetric(float64(n)/exported.Seconds(), "exported/s")
			b.ReportMetric(0, "ns/op") // says nothing here
		})
	}
}
