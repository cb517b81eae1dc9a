// Package streams measures what event streams that wait cost those who write.
package streams

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"helpdesk/test/load"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// How many streams there are: of so many people each as many as they may have.
const (
	people  = 50
	streams = 20
)

// BenchmarkIdleStreams compares a create of one client with a thousand event streams of
// requesters open, none of whom sees the tickets, with one without: the median, before
// and after.
func BenchmarkIdleStreams(b *testing.B) {
	h := program.Open(b)
	address := strings.TrimPrefix(h.URL, "http://")
	d, err := load.Open(b.Context(), address, load.SignUp(b, h), 0, 32)
	if err != nil {
		b.Fatal(err)
	}
	create := d.Works()[0]
	median := func() time.Duration {
		r, err := load.Run(b.Context(), address, 1, 2*time.Second, create)
		if err != nil {
			b.Fatal(err)
		}
		return r.Quantile(0.5)
	}
	var listeners []*program.Person
	for i := range people {
		listeners = append(listeners, h.SignUp(b, fmt.Sprint("listener", i)))
	}
	var without, with time.Duration
	for b.Loop() {
		without += median() / 2
		ctx, end := context.WithCancel(b.Context())
		listen(b, ctx, listeners)
		with += median()
		end()
		without += median() / 2
	}
	b.ReportMetric(float64(with)/float64(without), "with/without")
	b.ReportMetric(float64(without.Microseconds())/float64(b.N)/1000, "ms-without")
}

// listen opens all streams until ctx ends.
func listen(b *testing.B, ctx context.Context, listeners []*program.Person) {
	var group errgroup.Group
	group.SetLimit(16)
	for range streams {
		for _, who := range listeners {
			group.Go(func() error {
				answer, err := who.Begin(ctx, http.MethodGet, "/api/events/stream/", nil)
				if err != nil {
					return err
				}
				context.AfterFunc(ctx, func() { answer.Body.Close() })
				if answer.StatusCode != http.StatusOK {
					return fmt.Errorf("a stream is answered %s", answer.Status)
				}
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}
