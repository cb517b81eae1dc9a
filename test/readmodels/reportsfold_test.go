package readmodels

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/projections/reports"
	"helpdesk/test/kit"
)

// TestReportsOfManyCommands holds the reports of spans at random against counts
// over a fold of the log, with times within hours and at their edges.
func TestReportsOfManyCommands(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 50)
	c := newCrowd(d, 23)
	for range 1500 {
		c.act(t)
	}
	d.project(t, fresh)
	facts, _ := fold(d.log(t))
	for range 40 {
		spans := c.spans(facts.facts)
		checkHappened(t, d, facts.facts, spans)
		checkStatuses(t, d, facts.facts, spans[0].Upto)
		checkAgents(t, d, facts.facts, spans[0])
		checkWaits(t, d, facts.facts, spans[0])
	}
}

// spans returns up to four spans that follow each other. Most of their edges are
// the times of facts, or close to them, or whole hours.
func (c *crowd) spans(facts []factRow) (spans []reports.Span) {
	var edges []time.Time
	for range 2 + c.IntN(4) {
		at := pick(c.Rand, facts...).OccurredAt
		switch c.IntN(4) {
		case 0:
			at = at.Truncate(time.Hour)
		case 1:
			at = at.Add(time.Duration(c.IntN(7)-3) * time.Microsecond)
		case 2:
			at = at.AddDate(0, 0, c.IntN(9)-4)
		}
		edges = append(edges, at)
	}
	slices.SortFunc(edges, time.Time.Compare)
	for i := range edges[1:] {
		spans = append(spans, reports.Span{Since: edges[i], Upto: edges[i+1]})
	}
	return spans
}

func holds(s reports.Span, at time.Time) bool { return !at.Before(s.Since) && at.Before(s.Upto) }

// lastOfEach returns, of each ticket and whatever else by says, the last fact of a
// span.
func lastOfEach(facts []factRow, s reports.Span, by func(factRow) string) (all []factRow) {
	newest := map[string]factRow{}
	for _, f := range facts {
		if !holds(s, f.OccurredAt) {
			continue
		}
		key := fmt.Sprint(f.Fact, f.TicketID, by(f))
		was, met := newest[key]
		if !met || cmp.Or(f.OccurredAt.Compare(was.OccurredAt), cmp.Compare(f.Position, was.Position)) > 0 {
			newest[key] = f
		}
	}
	for _, f := range newest {
		all = append(all, f)
	}
	return all
}

func whoever(factRow) string           { return "" }
func agentOf(f factRow) string         { return orNobody(f.AgentID) }
func before(at time.Time) reports.Span { return reports.Span{Upto: at} }
func seconds(us *int64) float64        { return float64(*us) / 1e6 }

// standings returns how many tickets were in each status and priority by an
// instant.
func standings(facts []factRow, at time.Time) map[reports.StatusCount]int64 {
	n := map[reports.StatusCount]int64{}
	for _, f := range facts {
		if !holds(before(at), f.OccurredAt) {
			continue
		}
		if f.StatusBefore != nil {
			n[reports.StatusCount{Status: *f.StatusBefore, Priority: *f.PriorityBefore}]--
		}
		if f.Status != nil {
			n[reports.StatusCount{Status: *f.Status, Priority: *f.Priority}]++
		}
	}
	return n
}

func checkHappened(t *testing.T, d *models, facts []factRow, spans []reports.Span) {
	t.Helper()
	var want []reports.Counts
	for i, s := range spans {
		last := lastOfEach(facts, s, whoever)
		for _, p := range []ticket.Priority{ticket.Low, ticket.Medium, ticket.High} {
			row := reports.Counts{Span: i, Priority: p}
			for _, f := range last {
				n := map[string]*int64{"opened": &row.Opened, "resolved": &row.Resolved, "reopened": &row.Reopened,
					"escalated": &row.Escalated, "closed": &row.Closed}[f.Fact]
				if n != nil && *f.Priority == p {
					*n++
				}
			}
			for in, n := range standings(facts, s.Upto) {
				if in.Priority == p && active(&in.Status) {
					row.Backlog += n
				}
			}
			want = append(want, row)
		}
	}
	got, err := d.Counts(kit.Context(t), spans, reports.Explain{Wanted: true, Limit: 10_000})
	if diff := gocmp.Diff(want, got.Rows); err != nil || diff != "" {
		t.Errorf("counts of %v: %v (-fold of the log +report):\n%s", spans, err, diff)
	}
	checkBehindCounts(t, d, spans, got)
	for _, s := range spans {
		checkStays(t, inOrder(facts), s.Upto, got.Behind, "backlog", active)
	}
}

// inOrder returns the facts of tickets whose events have times in their order.
func inOrder(facts []factRow) (all []factRow) {
	newest, disordered := map[uuid.UUID]time.Time{}, map[uuid.UUID]bool{}
	for _, f := range facts {
		disordered[f.TicketID] = disordered[f.TicketID] || f.OccurredAt.Before(newest[f.TicketID])
		newest[f.TicketID] = f.OccurredAt
	}
	for _, f := range facts {
		if !disordered[f.TicketID] {
			all = append(all, f)
		}
	}
	return all
}

// checkStays holds the stays behind a number at an instant against a count of the
// tickets in the statuses that it is of, of those tickets that facts are of.
func checkStays(t *testing.T, facts []factRow, at time.Time, behind []reports.Evidence, number string, counts func(*ticket.Status) bool) {
	t.Helper()
	of := map[uuid.UUID]bool{}
	for _, f := range facts {
		of[f.TicketID] = true
	}
	got := map[reports.StatusCount]int64{}
	for _, e := range behind {
		if of[e.TicketID] && e.Number == number && e.OccurredAt.Before(at) && (e.LeftAt == nil || !e.LeftAt.Before(at)) {
			got[reports.StatusCount{Status: *e.Status, Priority: *e.Priority}]++
		}
	}
	want := standings(facts, at)
	for in, n := range want {
		if !counts(&in.Status) || n == 0 {
			delete(want, in)
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s: behind those at %v (-fold of the log +report):\n%s", number, at, diff)
	}
}

// checkBehindCounts holds the events behind counts against them.
func checkBehindCounts(t *testing.T, d *models, spans []reports.Span, got reports.Reported[reports.Counts]) {
	t.Helper()
	behind := map[string]int64{}
	for _, e := range got.Behind {
		for i, s := range spans {
			if e.Number != "backlog" && holds(s, e.OccurredAt) {
				behind[fmt.Sprint(e.Number, i, *e.Priority)]++
			}
		}
	}
	for _, c := range got.Rows {
		for number, n := range map[string]int64{"opened": c.Opened, "resolved": c.Resolved, "reopened": c.Reopened, "escalated": c.Escalated, "closed": c.Closed} {
			if key := fmt.Sprint(number, c.Span, c.Priority); behind[key] != n {
				t.Errorf("%s of %v: %d events behind %d", key, spans, behind[key], n)
			}
		}
	}
}

func checkStatuses(t *testing.T, d *models, facts []factRow, upto time.Time) {
	t.Helper()
	want := standings(facts, upto)
	got, err := d.StatusDistribution(kit.Context(t), upto, reports.Explain{Wanted: true, Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	checkStays(t, inOrder(facts), upto, got.Behind, "tickets", func(*ticket.Status) bool { return true })
	for _, row := range got.Rows {
		if n := want[reports.StatusCount{Status: row.Status, Priority: row.Priority}]; n != row.Tickets {
			t.Errorf("%s %s at %v: got %d, want %d", row.Priority, row.Status, upto, row.Tickets, n)
		}
	}
}

func checkAgents(t *testing.T, d *models, facts []factRow, s reports.Span) {
	t.Helper()
	rows, waits := map[string]*reports.AgentCounts{}, map[string][]float64{}
	for _, f := range lastOfEach(facts, s, agentOf) {
		if !agentNumbers[f.Fact] {
			continue
		}
		who := agentOf(f)
		if rows[who] == nil {
			rows[who] = &reports.AgentCounts{AgentID: f.AgentID}
		}
		*map[string]*int64{"assigned": &rows[who].Assigned, "first_response": &rows[who].FirstResponses, "resolved": &rows[who].Resolved,
			"reopened": &rows[who].Reopened, "escalated": &rows[who].Escalated}[f.Fact]++
	}
	for _, f := range lastOfEach(facts, s, whoever) {
		if f.Fact == "resolved" {
			waits[agentOf(f)] = append(waits[agentOf(f)], seconds(f.WaitUS))
		}
	}
	got, err := d.Agents(kit.Context(t), s, reports.Explain{})
	if err != nil || len(got.Rows) != len(rows) {
		t.Errorf("agents of %v: got %d, want %d, %v", s, len(got.Rows), len(rows), err)
	}
	for _, row := range got.Rows {
		want := rows[orNobody(row.AgentID)]
		if want == nil {
			t.Errorf("agents of %v: unexpected %+v", s, row)
			continue
		}
		want.WaitTimes = quantiles(waits[orNobody(row.AgentID)])
		if diff := gocmp.Diff(*want, row, nearly, cmpopts.IgnoreFields(reports.AgentCounts{}, "Username")); diff != "" {
			t.Errorf("an agent of %v (-fold of the log +report):\n%s", s, diff)
		}
	}
}

func checkWaits(t *testing.T, d *models, facts []factRow, s reports.Span) {
	t.Helper()
	type group struct {
		measure  string
		priority ticket.Priority
	}
	waits := map[group][]float64{}
	for _, f := range lastOfEach(facts, s, whoever) {
		measure := map[string]string{"first_response": "first_response", "resolved": "resolution"}[f.Fact]
		if measure != "" {
			for _, p := range []ticket.Priority{"", *f.Priority} {
				waits[group{measure, p}] = append(waits[group{measure, p}], seconds(f.WaitUS))
			}
		}
	}
	got, err := d.ResponseTimes(kit.Context(t), s, reports.Explain{})
	if err != nil || len(got.Rows) != 8 {
		t.Fatalf("response times of %v: %v, %v", s, got.Rows, err)
	}
	for _, row := range got.Rows {
		of := group{measure: row.Measure}
		if row.Priority != nil {
			of.priority = *row.Priority
		}
		want := reports.ResponseTimes{Measure: row.Measure, Priority: row.Priority, Tickets: int64(len(waits[of])), WaitTimes: quantiles(waits[of])}
		if diff := gocmp.Diff(want, row, nearly); diff != "" {
			t.Errorf("response times of %v (-fold of the log +report):\n%s", s, diff)
		}
	}
}

var nearly = cmpopts.EquateApprox(1e-9, 0)

// quantiles works waits out the plainest way.
func quantiles(waits []float64) (w reports.WaitTimes) {
	if len(waits) == 0 {
		return w
	}
	slices.Sort(waits)
	var sum float64
	for _, s := range waits {
		sum += s
	}
	at := func(part float64) *float64 {
		place := part * float64(len(waits)-1)
		low, high := waits[int(math.Floor(place))], waits[int(math.Ceil(place))]
		return ptr(low + (place-math.Floor(place))*(high-low))
	}
	return reports.WaitTimes{AverageSeconds: ptr(sum / float64(len(waits))), MedianSeconds: at(0.5), P90Seconds: at(0.9)}
}
