// Package scale measures the true program on a database of any size, such as
// "helpdesk demo --tickets 1000000" makes: pages of the site and reports of the
// API, as a client on the same machine waits for them.
//
//	SCALE_URL=http://127.0.0.1:8000 SCALE_PASSWORD=… SCALE_PEOPLE="user agent admin auditor" \
//		go test ./test/scale -run '^$' -bench . -benchtime 100x
//
// SCALE_PEOPLE are the usernames of one of each role, in this order. The program
// must let them ask as often (HELPDESK_RATE_LIMIT). Without SCALE_URL nothing is
// measured.
package scale

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// visitor is somebody who is signed in to the site of the program.
type visitor struct {
	*http.Client
	url string
}

func signIn(b *testing.B, role int) visitor {
	b.Helper()
	d := visitor{url: os.Getenv("SCALE_URL")}
	people := strings.Fields(os.Getenv("SCALE_PEOPLE"))
	if d.url == "" {
		b.Skip("SCALE_URL names no program to measure")
	}
	if len(people) != 4 {
		b.Fatal("SCALE_PEOPLE: want the usernames of a user, an agent, an admin and an auditor")
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	d.Client = &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
	form := url.Values{"username": {people[role]}, "password": {os.Getenv("SCALE_PASSWORD")}}
	r, err := http.NewRequest(http.MethodPost, d.url+"/admin/sign-in/", strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", d.url)
	answer, err := d.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if at := answer.Request.URL.Path; at != "/admin/tickets/" {
		b.Fatalf("signing in as %s leads to %s: %s", people[role], at, answer.Status)
	}
	return d
}

// deleted is the size of a ticket that is no more, as one of thousands.
const deleted = -1

// get returns how long a path took, and how many bytes it is.
func (d visitor) get(b *testing.B, path string) (took time.Duration, size int64) {
	b.Helper()
	began := time.Now()
	answer, err := d.Get(d.url + path)
	if err != nil {
		b.Error(err)
		return 0, 0
	}
	defer answer.Body.Close()
	size, err = io.Copy(io.Discard, answer.Body)
	took = time.Since(began)
	if answer.StatusCode == http.StatusNotFound && strings.HasPrefix(path, "/admin/tickets/") {
		return took, deleted
	}
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Errorf("%s: %s, %v", path, answer.Status, err)
	}
	return took, size
}

// measure gets what path answers, b.N times.
func (d visitor) measure(b *testing.B, path func(*rand.Rand) string) {
	random := rand.New(rand.NewPCG(1, 2))
	all := make([]time.Duration, 0, b.N)
	var most int64
	d.get(b, path(random)) // what is prepared once is prepared
	for b.Loop() {
		took, size := d.get(b, path(random))
		for tries := 1; size == deleted; tries++ {
			if tries == 5 {
				b.Fatalf("%s: there are no such tickets", path(random))
			}
			took, size = d.get(b, path(random))
		}
		all = append(all, took)
		most = max(most, size)
	}
	report(b, all)
	b.ReportMetric(float64(most)/1000, "kB")
}

// report returns how long most took.
func report(b *testing.B, all []time.Duration) {
	slices.Sort(all)
	at := func(quantile float64) float64 {
		return float64(all[int(quantile*float64(len(all)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(0, "ns/op") // the quantiles say it
	b.ReportMetric(at(0.50), "p50-ms")
	b.ReportMetric(at(0.95), "p95-ms")
	b.ReportMetric(at(0.99), "p99-ms")
}

func always(path string) func(*rand.Rand) string { return func(*rand.Rand) string { return path } }

// aTicket puts the number of a ticket into a path.
func aTicket(path string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return fmt.Sprintf(path, 1+r.IntN(20_000)) }
}

// aPast puts an instant of the last year into a path.
func aPast(path string) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		at := time.Now().UTC().Add(-time.Duration(r.IntN(300*24)) * time.Hour)
		return path + at.Format("20060102T150405.000000Z")
	}
}

// aDay puts one of the last six days into a path, at its end.
func aDay(path string) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		return path + time.Now().UTC().AddDate(0, 0, -1-r.IntN(6)).Format(time.DateOnly)
	}
}

type page struct {
	name string
	path func(*rand.Rand) string
}

var (
	queue = []page{
		{"queue", always("/admin/tickets/")},
		{"queue, open high", always("/admin/tickets/?status=open&priority=high")},
		{"queue, resolved", always("/admin/tickets/?status=resolved")},
		{"queue, mine", always("/admin/tickets/?assignee=me")},
		{"queue, nobody's", always("/admin/tickets/?assignee=none")},
		{"queue, nobody's of all, oldest", always("/admin/tickets/?status=all&assignee=none&order=oldest")},
		{"queue, last changed", always("/admin/tickets/?order=changed")},
		{"queue, by priority", always("/admin/tickets/?order=priority")},
		{"queue, all by priority", always("/admin/tickets/?status=all&order=priority")},
		{"queue, search", always("/admin/tickets/?q=printer")},
		{"queue, search by priority", always("/admin/tickets/?q=printer&order=priority")},
		{"queue, search of all", always("/admin/tickets/?status=all&q=printer")},
		{"queue, search of closed", always("/admin/tickets/?status=closed&q=printer+room")},
		{"queue, search for what none has", always("/admin/tickets/?status=all&q=zebra")},
		{"queue, best matches", always("/admin/tickets/?q=printer&order=best")},
		{"queue, best matches of many", always("/admin/tickets/?q=please&order=best")},
		{"queue, best matches of all", always("/admin/tickets/?status=all&q=printer&order=best")},
		{"queue, best matches of all for few", always("/admin/tickets/?status=all&q=printer+fjord+17&order=best")},
		{"new ticket", always("/admin/tickets/new/")},
		{"account", always("/admin/account/")},
		{"tokens", always("/admin/tokens/")},
	}
	tickets = []page{
		{"ticket", aTicket("/admin/tickets/%d/")},
		{"ticket, its past", aTicket("/admin/tickets/%d/?version=1")},
	}
	overseen = []page{
		{"reports", always("/admin/reports/")},
		{"reports, 30 days", always("/admin/reports/?days=30")},
		{"reports, a year", always("/admin/reports/?days=365")},
		{"reports, past week", aPast("/admin/reports/?as_of=")},
		{"day by day", always("/admin/reports/trend/")},
		{"waits", always("/admin/reports/times/")},
		{"agents", always("/admin/reports/agents/")},
		{"day by day, 30 days", always("/admin/reports/trend/?days=30")},
		{"waits, 30 days", always("/admin/reports/times/?days=30")},
		{"agents, 30 days", always("/admin/reports/agents/?days=30")},
		{"day by day, a year", always("/admin/reports/trend/?days=365")},
		{"waits, a year", always("/admin/reports/times/?days=365")},
		{"agents, a year", always("/admin/reports/agents/?days=365")},
		{"tickets behind", always("/admin/reports/drill-down/?of=window&number=opened")},
		{"tickets behind a backlog", aDay("/admin/reports/drill-down/?of=day&number=backlog&day=")},
		{"people", always("/admin/people/")},
		{"people, search", always("/admin/people/?q=wolf")},
		{"person", always("/admin/people/zoe.wolf/")},
		{"system", always("/admin/system/")},
		{"escalation", always("/admin/system/escalations/")},
		{"emails", always("/admin/system/emails/")},
		{"failed", always("/admin/system/failed/")},
		{"models", always("/admin/system/projections/")},
		{"log", always("/admin/audit/")},
		{"log of one", always("/admin/audit/?of=%237")},
		{"proof", always("/admin/audit/proof/")},
	}
)

// BenchmarkPages measures the pages of the site: the bar is 30 ms for 95 of 100 at
// 1,000,000 tickets.
func BenchmarkPages(b *testing.B) {
	for role, name := range []string{"user", "agent", "admin", "auditor"} {
		pages := queue
		if name == "admin" || name == "auditor" { // who see every ticket
			pages = slices.Concat(queue, tickets, overseen)
		}
		b.Run(name, func(b *testing.B) {
			d := signIn(b, role)
			for _, p := range pages {
				if name == "auditor" && (strings.Contains(p.name, "mine") || p.name == "new ticket") {
					continue // they work on none and open none
				}
				b.Run(p.name, func(b *testing.B) { d.measure(b, p.path) })
			}
		})
	}
}

// BenchmarkReports measures the reports of the API: the bar is 5 ms for 95 of 100
// seven-day reports at 1,000,000 tickets and 10,000,000 events, and 1.5 times what
// one takes at 10,000 tickets.
func BenchmarkReports(b *testing.B) {
	d := signIn(b, 2)
	api := func(path string) func(*rand.Rand) string {
		return func(r *rand.Rand) string {
			at := time.Now().UTC().Add(-time.Duration(r.IntN(300*24)) * time.Hour)
			return path + "as_of=" + at.Format(time.RFC3339)
		}
	}
	week := time.Now().UTC().Add(-7 * 24 * time.Hour).Format(time.DateOnly)
	today := time.Now().UTC().Format(time.DateOnly)
	for _, p := range []page{
		{"report", always("/api/report/")},
		{"report as of", api("/api/report/?")},
		{"daily", always("/api/reports/daily/?from=" + week + "&to=" + today)},
		{"status distribution", always("/api/reports/status-distribution/")},
		{"priorities", always("/api/reports/priorities/")},
		{"agents", always("/api/reports/agents/")},
		{"response times", always("/api/reports/response-times/")},
	} {
		b.Run(p.name, func(b *testing.B) { d.measure(b, p.path) })
	}
}

// BenchmarkReads lists 25 tickets over the API, 200 times a second: to be run
// beside what reads must not suffer from, and without it.
func BenchmarkReads(b *testing.B) {
	d := signIn(b, 2)
	const every = 5 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	took := make(chan time.Duration, b.N)
	for b.Loop() {
		<-tick.C
		go func() {
			one, _ := d.get(b, "/api/tickets/?page_size=25")
			took <- one
		}()
	}
	all := make([]time.Duration, 0, b.N)
	for range b.N {
		all = append(all, <-took)
	}
	report(b, all)
}
