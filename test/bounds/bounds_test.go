// Package bounds asks for what is dear, from many connections at once, beside somebody
// who reads all the while: what a request costs, and what it costs the other.
package bounds

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/kit"
	"helpdesk/test/load"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	atOnce = 24 // as the bounds are stated
	alone  = 8  // requests one after the other, by which their cost is known
	lasts  = 1200 * time.Millisecond
)

// BenchmarkBounds prints a row for each kind of request. The limit of calls is so high
// that it refuses none; those of passwords, streams and exports are as ever.
func BenchmarkBounds(b *testing.B) {
	db := pgtest.New(b)
	h := program.OpenOn(b, db, "HELPDESK_RATE_LIMIT=1000000", "HELPDESK_TICKETS_PER_HOUR=0", "HELPDESK_COMMENTS_PER_HOUR=0")
	address := strings.TrimPrefix(h.URL, "http://")
	d, err := load.Open(b.Context(), address, load.SignUp(b, h), 0, 32)
	if err != nil {
		b.Fatal(err)
	}
	var long [3]int64 // one that bulk calls change, one that others do, one that is read
	for i := range long {
		if long[i], err = d.Long(b.Context(), 3_200_000, 16_000); err != nil {
			b.Fatal(err)
		}
	}
	if err := d.Wide(b.Context(), 60, 18_000); err != nil {
		b.Fatal(err)
	}
	conn, err := pgx.Connect(b.Context(), db.SuperURL)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.Background())
	backend, err := load.ProcessOf(kit.One[int](b, conn, `SELECT pg_backend_pid()`))
	if err != nil {
		b.Skip("there is no /proc")
	}
	m := &machine{d, conn, h.PID(), backend.Parent}
	for b.Loop() {
		m.measure(b, address, long)
	}
}

// machine is what is measured.
type machine struct {
	*load.Desk
	conn             *pgx.Conn
	program, postgre int // processes
}

func (m *machine) measure(b *testing.B, address string, long [3]int64) {
	m.comments(b, address)
	for _, w := range m.Dear(long[0], long[1], long[2]) {
		cpu, bytes := m.used(b)
		status, size := 0, 0
		for i := range alone {
			var err error
			if status, size, err = load.Try(b.Context(), address, w.Next(i)); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := load.Quiet(b.Context(), m.conn); err != nil {
			b.Fatal(err)
		}
		after, allocated := m.used(b)
		usual, beside := m.reads(b, address, nil).Quantile(0.99), m.reads(b, address, &w).Quantile(0.99)
		b.Logf("| %s | %d, %.0f kB | %.1f ms | %.1f MB | %.1f ms | %.1f ms |",
			w.Name, status, float64(size)/1e3, ms(after-cpu)/alone, (allocated-bytes)/alone/1e6, ms(usual), ms(beside))
	}
}

// comments are added at once to a ticket that has five hundred.
func (m *machine) comments(b *testing.B, address string) {
	const there, size, more = 500, 100, 20
	ticket, err := m.Long(b.Context(), there*size, size)
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	var all sync.WaitGroup
	for i := range more {
		all.Go(func() {
			if status, _, err := load.Try(b.Context(), address, m.Comment(ticket, i)); err != nil || status != http.StatusCreated {
				b.Errorf("a comment is answered %d, %v", status, err)
			}
		})
	}
	all.Wait()
	b.Logf("%d comments at once on a ticket with %d: %.0f ms", more, there, ms(time.Since(began)))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// used returns what program and server have used since they began.
func (m *machine) used(b *testing.B) (cpu time.Duration, bytes float64) {
	own, err := load.CPU(m.program)
	if err != nil {
		b.Fatal(err)
	}
	server, err := load.CPU(m.postgre)
	if err != nil {
		b.Fatal(err)
	}
	if bytes, err = m.Allocated(b.Context()); err != nil {
		b.Fatal(err)
	}
	return own + server, bytes
}

// reads has somebody read, one request after the other, while others ask for what is dear.
func (m *machine) reads(b *testing.B, address string, dear *load.Work) load.Result {
	ctx, end := context.WithCancel(b.Context())
	var others sync.WaitGroup
	if dear != nil {
		for i := range atOnce {
			others.Go(func() {
				for ctx.Err() == nil {
					_, _, _ = load.Try(ctx, address, dear.Next(i)) // what the others get is not measured
				}
			})
		}
	}
	r, err := load.Run(b.Context(), address, 1, lasts, m.Read())
	end()
	others.Wait()
	if err != nil {
		b.Fatal(err)
	}
	return r
}
