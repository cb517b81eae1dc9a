// Package throughput measures how many requests a second the true program serves on
// an embedded Postgres of its own, with clients on the same machine:
//
//	go test ./test/throughput -run '^$' -bench . -benchtime 2000x
//
// What another program or another machine makes of the same is the floor to hold the
// figures against: alone they say little.
package throughput

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync/atomic"
	"testing"

	"helpdesk/test/program"
)

func TestMain(m *testing.M) { program.Main(m) }

// connections is how many clients ask at once for each processor.
const connections = 16

// client is somebody who is signed in to a program.
type client struct {
	http.Client
	url string
}

// serve starts the program with a requester who is signed in, and so many tickets of
// theirs.
func serve(b *testing.B, tickets int) *client {
	b.Helper()
	p := program.Serve(b, "HELPDESK_RATE_LIMIT=0", "HELPDESK_LOG_LEVEL=error", "HELPDESK_DATA_DIR="+program.DataDir(b))
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	c := &client{url: p.URL, Client: http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
	c.ask(b, http.StatusCreated, http.MethodPost, "/api/register/", `{"username": "ada", "email": "ada@example.com", "password": "engine-no-42"}`)
	c.ask(b, http.StatusOK, http.MethodPost, "/api/login/", `{"username": "ada", "password": "engine-no-42"}`)
	for i := range tickets {
		c.open(b, i)
	}
	return c
}

// ask sends a request and reads its answer to the end.
func (c *client) ask(b *testing.B, want int, method, path, body string) {
	r, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := c.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != want {
		b.Errorf("%s %s: got %s, %v, want %d", method, path, answer.Status, err, want)
	}
}

func (c *client) open(b *testing.B, n int) {
	c.ask(b, http.StatusCreated, http.MethodPost, "/api/tickets/",
		fmt.Sprintf(`{"title": "Printer %d", "description": "It smokes.", "priority": "low"}`, n))
}

// measure does it b.N times, from several clients at once, and reports how many a
// second there were.
func measure(b *testing.B, do func(n int)) {
	var n atomic.Int64
	b.SetParallelism(connections)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			do(int(n.Add(1)))
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

func BenchmarkCreate(b *testing.B) {
	c := serve(b, 10)
	measure(b, func(n int) { c.open(b, n) })
}

func BenchmarkFirstPage(b *testing.B) {
	c := serve(b, 200)
	measure(b, func(int) { c.ask(b, http.StatusOK, http.MethodGet, "/api/tickets/", "") })
}
