package readmodels

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections/reports"
	"helpdesk/test/kit"
)

// At noon of the first of March five tickets of ann's:
//
//	1  high     opened 1st 10:00, assigned to eve, answered 10:30, resolved 12:00, reopened 2nd 09:00, resolved by max 2nd 11:00
//	2  low      opened 1st 11:00, resolved 12:00, reopened 13:00, resolved 14:00: once on that day
//	3  medium   opened 1st 23:30, escalated 2nd 00:30, deleted 2nd 10:00
//	4  low      imported: recorded now, opened 1st 08:00, closed 1st 09:00
//	5  low      opened 2nd 12:00, made high 13:00
type march struct {
	*models
	ids [6]uuid.UUID
}

func day(d, hour, minute int) time.Time { return time.Date(2026, 3, d, hour, minute, 0, 0, time.UTC) }

func newMarch(t *testing.T) march {
	t.Helper()
	m := march{models: newModels(t)}
	m.register(t)
	fresh := m.follow(t, 7)
	ann, eve, max := everybody["ann"].ID, everybody["eve"].ID, everybody["max"].ID
	versions := map[int]int{}
	does := func(n, d, hour, minute int, events ...domain.Event) {
		if m.ids[n] == uuid.Nil {
			m.ids[n] = kit.NewID()
		}
		m.append(t, m.ids[n], versions[n], day(d, hour, minute), events...)
		versions[n] += len(events)
	}
	open := func(n int, p ticket.Priority) ticket.Opened {
		return ticket.Opened{Number: int64(n), Title: "t", Priority: p, CreatedBy: ann, OpenedBy: ann}
	}
	answer := ticket.CommentAdded{CommentID: ticket.CommentID{UUID: kit.NewID()}, Author: eve, Text: "so"}
	does(1, 1, 10, 0, open(1, ticket.High))
	does(1, 1, 10, 10, ticket.Assigned{AssignedTo: eve})
	does(1, 1, 10, 30, answer)
	does(2, 1, 11, 0, open(2, ticket.Low))
	does(1, 1, 12, 0, ticket.Resolved{})
	does(2, 1, 12, 0, ticket.Resolved{})
	does(2, 1, 13, 0, ticket.Reopened{})
	does(2, 1, 14, 0, ticket.Resolved{})
	does(3, 1, 23, 30, open(3, ticket.Medium))
	does(3, 2, 0, 30, ticket.Escalated{})
	does(1, 2, 9, 0, ticket.Reopened{})
	does(3, 2, 10, 0, ticket.Deleted{})
	does(1, 2, 10, 0, ticket.Assigned{AssignedTo: max})
	does(1, 2, 11, 0, ticket.Resolved{})
	does(5, 2, 12, 0, open(5, ticket.Low))
	does(5, 2, 13, 0, ticket.Prioritised{Priority: ticket.High})
	does(4, 1, 8, 0, open(4, ticket.Low)) // later than the rest, and before it
	does(4, 1, 9, 0, ticket.Closed{})
	m.project(t, fresh)
	m.checkTables(t)
	return m
}

func days(from, to int) (spans []reports.Span) {
	for d := from; d <= to; d++ {
		spans = append(spans, reports.Span{Since: day(d, 0, 0), Upto: day(d+1, 0, 0)})
	}
	return spans
}

func TestReportsWorkedOutByHand(t *testing.T) {
	t.Parallel()
	m := newMarch(t)
	ctx := kit.Context(t)
	both := reports.Span{Since: day(1, 0, 0), Upto: day(3, 0, 0)}
	head := m.log(t)[len(m.log(t))-1].Position

	counts, err := m.Counts(ctx, days(1, 3), reports.Explain{})
	if err != nil {
		t.Fatal(err)
	}
	want := []reports.Counts{
		{Span: 0, Priority: ticket.Low, Opened: 2, Resolved: 1, Reopened: 1, Closed: 1},
		{Span: 0, Priority: ticket.Medium, Opened: 1, Backlog: 1},
		{Span: 0, Priority: ticket.High, Opened: 1, Resolved: 1},
		{Span: 1, Priority: ticket.Low, Opened: 1},
		{Span: 1, Priority: ticket.Medium, Escalated: 1},
		{Span: 1, Priority: ticket.High, Resolved: 1, Reopened: 1, Backlog: 1},
		{Span: 2, Priority: ticket.Low},
		{Span: 2, Priority: ticket.Medium},
		{Span: 2, Priority: ticket.High, Backlog: 1},
	}
	if diff := gocmp.Diff(want, counts.Rows); diff != "" {
		t.Errorf("by day (-want +got):\n%s", diff)
	}
	if counts.AsOfPosition != head {
		t.Errorf("as of position %d, want %d", counts.AsOfPosition, head)
	}

	counts, err = m.Counts(ctx, []reports.Span{{Since: day(1, 12, 30), Upto: day(2, 0, 45)}}, reports.Explain{}) // the edges are within hours
	if err != nil {
		t.Fatal(err)
	}
	want = []reports.Counts{
		{Priority: ticket.Low, Resolved: 1, Reopened: 1},
		{Priority: ticket.Medium, Opened: 1, Escalated: 1, Backlog: 1},
		{Priority: ticket.High},
	}
	if diff := gocmp.Diff(want, counts.Rows); diff != "" {
		t.Errorf("within hours (-want +got):\n%s", diff)
	}

	statuses, err := m.StatusDistribution(ctx, day(2, 0, 45), reports.Explain{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := some(statuses.Rows), "medium escalated 1, low resolved 1, high resolved 1, low closed 1"; got != want {
		t.Errorf("statuses: got %s, want %s", got, want)
	}
	statuses, err = m.StatusDistribution(ctx, day(9, 0, 0), reports.Explain{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := some(statuses.Rows), "high open 1, low resolved 1, high resolved 1, low closed 1"; got != want {
		t.Errorf("statuses at the end: got %s, want %s", got, want)
	}

	agents, err := m.Agents(ctx, both, reports.Explain{})
	if err != nil {
		t.Fatal(err)
	}
	eve, max := everybody["eve"].ID.UUID, everybody["max"].ID.UUID
	wantAgents := []reports.AgentCounts{
		{AgentID: &eve, Username: ptr("eve"), Assigned: 1, Resolved: 1, Reopened: 1, FirstResponses: 0},
		{AgentID: &max, Username: ptr("max"), Assigned: 1, Resolved: 1, WaitTimes: reports.WaitTimes{AverageSeconds: ptr(25 * 3600.0), MedianSeconds: ptr(25 * 3600.0), P90Seconds: ptr(25 * 3600.0)}},
		{Resolved: 1, Reopened: 1, FirstResponses: 1, Escalated: 1, WaitTimes: reports.WaitTimes{AverageSeconds: ptr(3 * 3600.0), MedianSeconds: ptr(3 * 3600.0), P90Seconds: ptr(3 * 3600.0)}},
	}
	if diff := gocmp.Diff(wantAgents, agents.Rows); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}

	times, err := m.ResponseTimes(ctx, both, reports.Explain{})
	if err != nil {
		t.Fatal(err)
	}
	all := times.Rows[4] // resolution, of all priorities: 25 and 3 hours
	if all.Measure != "resolution" || all.Priority != nil || all.Tickets != 2 || *all.AverageSeconds != 14*3600 ||
		*all.MedianSeconds != 14*3600 || *all.P90Seconds != 3*3600+0.9*22*3600 {
		t.Errorf("resolutions: got %+v", all)
	}
	if first := times.Rows[3]; *first.Priority != ticket.High || first.Tickets != 1 || *first.MedianSeconds != 1800 {
		t.Errorf("first responses of high priority: got %+v", first)
	}
	if none := times.Rows[1]; *none.Priority != ticket.Low || none.Tickets != 0 || none.AverageSeconds != nil {
		t.Errorf("first responses of low priority: got %+v", none)
	}
}

func some(rows []reports.StatusCount) string {
	var all []string
	for _, r := range rows {
		if r.Tickets != 0 {
			all = append(all, fmt.Sprintf("%s %s %d", r.Priority, r.Status, r.Tickets))
		}
	}
	return strings.Join(all, ", ")
}

// TestEvidenceAddsUpToTheNumbers opens every number of a report, in pieces.
func TestEvidenceAddsUpToTheNumbers(t *testing.T) {
	t.Parallel()
	m := newMarch(t)
	ctx := kit.Context(t)
	spans := days(1, 3)
	var counted []reports.Counts
	got := map[string]int64{}
	e := reports.Explain{Wanted: true, Limit: 10}
	for pages := 1; ; pages++ {
		out, err := m.Counts(ctx, spans, e)
		if err != nil {
			t.Fatal(err)
		}
		counted = out.Rows
		for _, b := range out.Behind {
			for i, s := range spans {
				within := !b.OccurredAt.Before(s.Since) && b.OccurredAt.Before(s.Upto)
				if b.Number == "backlog" {
					within = b.OccurredAt.Before(s.Upto) && (b.LeftAt == nil || !b.LeftAt.Before(s.Upto))
				}
				if within {
					got[fmt.Sprint(b.Number, i, *b.Priority)]++
				}
			}
		}
		if out.Next == 0 {
			if pages < 2 {
				t.Errorf("everything came in %d page", pages)
			}
			break
		}
		e.After = out.Next
	}
	for _, c := range counted {
		for number, n := range map[string]int64{"opened": c.Opened, "resolved": c.Resolved, "reopened": c.Reopened,
			"escalated": c.Escalated, "closed": c.Closed, "backlog": c.Backlog} {
			if key := fmt.Sprint(number, c.Span, c.Priority); got[key] != n {
				t.Errorf("%s: %d events behind %d", key, got[key], n)
			}
		}
	}

	statuses, err := m.StatusDistribution(ctx, day(2, 0, 45), reports.Explain{Wanted: true, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var numbers []int64
	for _, b := range statuses.Behind {
		numbers = append(numbers, b.TicketNumber)
	}
	slices.Sort(numbers)
	if want := []int64{1, 2, 3, 4}; !slices.Equal(numbers, want) {
		t.Errorf("tickets behind the statuses: got %v, want %v", numbers, want)
	}
	agents, err := m.Agents(ctx, reports.Span{Since: day(1, 0, 0), Upto: day(3, 0, 0)}, reports.Explain{Wanted: true, Limit: 100})
	if err != nil || len(agents.Behind) == 0 {
		t.Errorf("behind the agents: %v, %v", agents.Behind, err)
	}
	times, err := m.ResponseTimes(ctx, reports.Span{Since: day(1, 0, 0), Upto: day(3, 0, 0)}, reports.Explain{Wanted: true, Limit: 100})
	if err != nil || len(times.Behind) != 3 {
		t.Errorf("behind the response times: got %v, %v, want three events", times.Behind, err)
	}
	for _, known := range []time.Time{{}, m.log(t)[14].RecordedAt} {
		q := reports.Query{To: day(2, 23, 0), Days: 2, KnownAt: known, Explain: reports.Explain{Wanted: true, Limit: 100}}
		report, err := m.Report(ctx, q)
		if err != nil || report.Opened+report.Resolved+report.Escalated != int64(len(report.Behind)) || report.Opened == 0 {
			t.Errorf("behind the report, known at %v: got %+v, %v", known, report, err)
		}
	}
}

func TestTheEventsBehindOneNumberAreThoseOfItBehindAll(t *testing.T) {
	t.Parallel()
	m := newMarch(t)
	ctx, span := kit.Context(t), reports.Span{Since: day(1, 0, 0), Upto: day(3, 0, 0)}
	for name, of := range map[string]func(reports.Explain) ([]reports.Evidence, error){
		"counts": func(e reports.Explain) ([]reports.Evidence, error) {
			out, err := m.Counts(ctx, []reports.Span{span}, e)
			return out.Behind, err
		},
		"agents": func(e reports.Explain) ([]reports.Evidence, error) {
			out, err := m.Agents(ctx, span, e)
			return out.Behind, err
		},
		"response times": func(e reports.Explain) ([]reports.Evidence, error) {
			out, err := m.ResponseTimes(ctx, span, e)
			return out.Behind, err
		},
		"report": func(e reports.Explain) ([]reports.Evidence, error) {
			out, err := m.Report(ctx, reports.Query{To: day(2, 23, 0), Days: 2, Explain: e})
			return out.Behind, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := of(reports.Explain{Wanted: true, Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			by := map[string][]reports.Evidence{"nothing of the kind": nil}
			for _, b := range all {
				by[b.Number] = append(by[b.Number], b)
			}
			if len(by) < 3 {
				t.Errorf("too few numbers to tell: %v", by)
			}
			for number, want := range by {
				got, err := of(reports.Explain{Wanted: true, Number: number, Limit: 100})
				if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
					t.Errorf("%s, %s: %v (-of all +alone):\n%s", name, number, err, diff)
				}
			}
		})
	}
}
