package readmodels

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// reported are the tables that reports are made of, each in the order of its key.
type reported struct {
	facts    []factRow
	measures []measureRow
	counts   []ticketCount
	agents   []agentCount
	waits    []waitCount
}

func (d *models) reported(t testing.TB) reported {
	t.Helper()
	counts := all[ticketCount](t, d, `SELECT * FROM read.ticket_counts ORDER BY unit, since, priority`)
	for i := range counts {
		counts[i].Since = counts[i].Since.UTC()
	}
	agents := all[agentCount](t, d, `SELECT * FROM read.agent_counts ORDER BY unit, since, agent_id NULLS FIRST`)
	for i := range agents {
		agents[i].Since = agents[i].Since.UTC()
	}
	waits := all[waitCount](t, d, `SELECT unit, since, fact, priority, agent_id, total_us::bigint, buckets FROM read.wait_counts`)
	for i := range waits {
		waits[i].Since = waits[i].Since.UTC()
	}
	slices.SortFunc(waits, waitCount.compare)
	return reported{
		waits:    waits,
		facts:    all[factRow](t, d, `SELECT * FROM read.ticket_facts ORDER BY position`),
		measures: all[measureRow](t, d, `SELECT * FROM read.ticket_measures ORDER BY ticket_id`),
		counts:   counts,
		agents:   agents,
	}
}

// factNames is which events are facts, but for the first response.
var factNames = map[string]string{
	"ticket.opened": "opened", "ticket.started": "started", "ticket.resolved": "resolved", "ticket.closed": "closed",
	"ticket.reopened": "reopened", "ticket.returned": "returned", "ticket.escalated": "escalated", "ticket.deleted": "deleted",
	"ticket.prioritised": "prioritised", "ticket.assigned": "assigned", "ticket.unassigned": "unassigned",
	"ticket.restored": "restored",
}

// firstResponse returns the position of a ticket's first response, 0 for none.
func firstResponse(events []eventstore.Envelope) int64 {
	requester := events[0].Event.(ticket.Opened).CreatedBy
	for _, e := range events {
		if c, ok := e.Event.(ticket.CommentAdded); ok && !c.Internal && c.Author != requester {
			return e.Position
		}
	}
	return 0
}

// foldFacts returns the facts of one ticket, each told by the states before and
// after it.
func foldFacts(events []eventstore.Envelope) (rows []factRow) {
	var s ticket.State
	answered := firstResponse(events)
	for _, e := range events {
		row := factRow{
			Position: e.Position, TicketID: e.StreamID, Fact: factNames[e.Type], OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt,
			ActorKind: e.ActorKind, ActorID: nullable(e.ActorID.UUID),
		}
		row.StatusBefore, row.PriorityBefore, row.AssignedToBefore = standing(s)
		s = ticket.Evolve(s, e.Event)
		row.Status, row.Priority, row.AssignedTo = standing(s)
		if e.Position == answered {
			row.Fact = "first_response"
		}
		if row.Fact != "" {
			rows = append(rows, row)
		}
	}
	for i := range rows {
		r := &rows[i]
		switch r.Fact {
		case "first_response":
			r.AgentID = r.ActorID
		case "assigned", "resolved", "reopened", "escalated":
			r.AgentID = r.AssignedTo
		}
		if r.Fact == "first_response" || r.Fact == "resolved" {
			r.WaitUS = ptr(max(r.OccurredAt.Sub(events[0].OccurredAt).Microseconds(), 0))
			r.WaitBucket = ptr(plainBucket(*r.WaitUS))
		}
		for _, before := range rows[:i] { // the last one that brought it where it was
			if r.StatusBefore != nil && moved(before) && moved(*r) {
				r.EnteredPosition, r.EnteredAt = ptr(before.Position), ptr(before.OccurredAt)
			}
		}
	}
	for i := range rows {
		nearestBehind(rows, &rows[i])
	}
	return rows
}

func moved(f factRow) bool {
	return !gocmp.Equal(f.Status, f.StatusBefore) || !gocmp.Equal(f.Priority, f.PriorityBefore)
}

// nearestBehind fills in when a fact happened again, to anybody and to the same
// agent.
func nearestBehind(rows []factRow, r *factRow) {
	for _, later := range rows {
		if cmp.Or(later.OccurredAt.Compare(r.OccurredAt), cmp.Compare(later.Position, r.Position)) <= 0 || later.Fact != r.Fact {
			continue
		}
		if r.NextAt == nil || later.OccurredAt.Before(*r.NextAt) {
			r.NextAt = ptr(later.OccurredAt)
		}
		if gocmp.Equal(later.AgentID, r.AgentID) && agentNumbers[r.Fact] && (r.AgentNextAt == nil || later.OccurredAt.Before(*r.AgentNextAt)) {
			r.AgentNextAt = ptr(later.OccurredAt)
		}
	}
}

// agentNumbers are the facts that the report on agents counts.
var agentNumbers = map[string]bool{"assigned": true, "first_response": true, "resolved": true, "reopened": true, "escalated": true}

func nullable(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func standing(s ticket.State) (*ticket.Status, *ticket.Priority, *uuid.UUID) {
	if !s.Exists {
		return nil, nil, nil
	}
	return &s.Status, &s.Priority, nullable(s.AssignedTo.UUID)
}

func foldMeasures(id uuid.UUID, events []eventstore.Envelope) measureRow {
	opened := events[0].Event.(ticket.Opened)
	row := measureRow{
		TicketID: id, Number: opened.Number, CreatedBy: opened.CreatedBy.UUID, OpenedAt: events[0].OccurredAt,
		ResolvedAt: last(events, "ticket.resolved", "ticket.reopened"),
	}
	var s ticket.State
	for _, e := range events {
		was := s
		s = ticket.Evolve(s, e.Event)
		if s.Status != was.Status || s.Exists != was.Exists {
			if was.Exists {
				*stay(&row, was.Status) += max(e.OccurredAt.Sub(row.StatusSince).Microseconds(), 0)
			}
			row.StatusSince = e.OccurredAt
		}
		if e.Position == firstResponse(events) {
			row.FirstResponseAt = ptr(e.OccurredAt)
		}
		if e.Type == "ticket.resolved" && row.FirstResolvedAt == nil {
			row.FirstResolvedAt = ptr(e.OccurredAt)
		}
		if s.Status != was.Status || s.Exists != was.Exists || s.Priority != was.Priority {
			row.EnteredPosition, row.EnteredAt = e.Position, e.OccurredAt
		}
		if factNames[e.Type] != "" || e.Position == firstResponse(events) {
			row.Position = e.Position
		}
	}
	times := func(kind string) (n int) {
		for _, e := range events {
			if e.Type == kind {
				n++
			}
		}
		return n
	}
	row.Starts, row.Resolutions, row.Closings = times("ticket.started"), times("ticket.resolved"), times("ticket.closed")
	row.Reopenings, row.Escalations, row.Priorities = times("ticket.reopened"), times("ticket.escalated"), times("ticket.prioritised")
	row.Returns = times("ticket.returned")
	row.Deletions, row.Restorations = times("ticket.deleted"), times("ticket.restored")
	if s.Deleted {
		row.DeletedStatus = &s.Status
	}
	row.Assignments, row.Unassignments = times("ticket.assigned"), times("ticket.unassigned")
	row.Status, _, _ = standing(s)
	row.Priority, row.AssignedTo = s.Priority, nullable(s.AssignedTo.UUID)
	return row
}

// plainBucket is [bucketOf] by powers of two.
func plainBucket(us int64) int16 {
	bucket := int16(0)
	for us >= 256 {
		us, bucket = us/2, bucket+128
	}
	return bucket + int16(us)
}

// sum puts facts and measures in order and adds them up by the hour, the day and
// the month.
func (r *reported) sum() {
	slices.SortFunc(r.facts, func(a, b factRow) int { return cmp.Compare(a.Position, b.Position) })
	slices.SortFunc(r.measures, func(a, b measureRow) int { return bytes.Compare(a.TicketID[:], b.TicketID[:]) })
	begin := map[string]func(time.Time) time.Time{
		"hour": func(at time.Time) time.Time { return at.UTC().Truncate(time.Hour) },
		"day":  func(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) },
		"month": func(at time.Time) time.Time {
			return time.Date(at.UTC().Year(), at.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
		},
	}
	for unit, since := range begin {
		if unit != "month" {
			r.countBy(unit, since)
		}
		r.countAgentsBy(unit, since)
		if unit != "hour" {
			r.countWaitsBy(unit, since)
		}
	}
	slices.SortFunc(r.counts, func(a, b ticketCount) int {
		return cmp.Or(cmp.Compare(a.Unit, b.Unit), a.Since.Compare(b.Since), cmp.Compare(a.Priority, b.Priority))
	})
	slices.SortFunc(r.agents, func(a, b agentCount) int {
		return cmp.Or(cmp.Compare(a.Unit, b.Unit), a.Since.Compare(b.Since), cmp.Compare(orNobody(a.AgentID), orNobody(b.AgentID)))
	})
	slices.SortFunc(r.waits, waitCount.compare)
}

func (w waitCount) compare(o waitCount) int {
	key := func(w waitCount) string {
		of := ""
		if w.Priority != nil {
			of = string(*w.Priority)
		}
		return fmt.Sprint(w.Fact, " ", of, " ", orNobody(w.AgentID))
	}
	return cmp.Or(cmp.Compare(w.Unit, o.Unit), w.Since.Compare(o.Since), cmp.Compare(key(w), key(o)))
}

func orNobody(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

// countBy adds facts up by priority.
func (r *reported) countBy(unit string, begin func(time.Time) time.Time) {
	counts := map[string]*ticketCount{}
	since := func(f factRow) time.Time { return begin(f.OccurredAt) }
	count := func(f factRow, p ticket.Priority) *ticketSums {
		key := fmt.Sprint(since(f), p)
		if counts[key] == nil {
			counts[key] = &ticketCount{ticketCountKey: ticketCountKey{unitKey{unit, since(f)}, p}}
		}
		return &counts[key].ticketSums
	}
	nets := func(s *ticketSums) map[ticket.Status]*int64 {
		return map[ticket.Status]*int64{"open": &s.NetOpen, "in-progress": &s.NetInProgress, "escalated": &s.NetEscalated,
			"resolved": &s.NetResolved, "closed": &s.NetClosed}
	}
	for _, f := range r.facts {
		if f.StatusBefore != nil {
			*nets(count(f, *f.PriorityBefore))[*f.StatusBefore]--
		}
		if f.Status != nil {
			s := count(f, *f.Priority)
			*nets(s)[*f.Status]++
			n := map[string]*int64{"opened": &s.Opened, "resolved": &s.Resolved, "reopened": &s.Reopened, "escalated": &s.Escalated, "closed": &s.Closed}[f.Fact]
			if n != nil && f.NextAt == nil {
				*n++
			}
		}
	}
	for _, row := range counts {
		if row.ticketSums != (ticketSums{}) {
			r.counts = append(r.counts, *row)
		}
	}
}

// countAgentsBy adds facts up by agent.
func (r *reported) countAgentsBy(unit string, begin func(time.Time) time.Time) {
	agents := map[string]*agentCount{}
	since := func(f factRow) time.Time { return begin(f.OccurredAt) }
	for _, f := range r.facts {
		if !agentNumbers[f.Fact] || f.AgentNextAt != nil {
			continue
		}
		key := fmt.Sprint(since(f), orNobody(f.AgentID))
		if agents[key] == nil {
			agents[key] = &agentCount{unitKey: unitKey{unit, since(f)}, AgentID: f.AgentID}
		}
		s := &agents[key].agentSums
		*map[string]*int64{"assigned": &s.Assigned, "first_response": &s.FirstResponses, "resolved": &s.Resolved, "reopened": &s.Reopened,
			"escalated": &s.Escalated}[f.Fact]++
	}
	for _, row := range agents {
		r.agents = append(r.agents, *row)
	}
}

// countWaitsBy adds waits up by priority, and those for resolutions by agent.
func (r *reported) countWaitsBy(unit string, begin func(time.Time) time.Time) {
	counts := map[string]*waitCount{}
	add := func(f factRow, k waitCountKey) {
		key := fmt.Sprint(k.Since, k.Fact, k.Priority != nil, *f.Priority, orNobody(k.AgentID))
		if k.Priority == nil {
			key = fmt.Sprint(k.Since, k.Fact, orNobody(k.AgentID))
		}
		c := counts[key]
		if c == nil {
			c = &waitCount{waitCountKey: k}
			counts[key] = c
		}
		c.TotalUS += *f.WaitUS
		c.Buckets = append(c.Buckets, byte(*f.WaitBucket>>8), byte(*f.WaitBucket), 0, 0, 0, 1) // put together below
	}
	for _, f := range r.facts {
		if f.WaitUS == nil || f.NextAt != nil {
			continue
		}
		key := unitKey{unit, begin(f.OccurredAt)}
		add(f, waitCountKey{unitKey: key, Fact: f.Fact, Priority: f.Priority})
		if f.Fact == "resolved" {
			add(f, waitCountKey{unitKey: key, Fact: f.Fact, AgentID: f.AgentID})
		}
	}
	for _, row := range counts {
		waits := map[string]int{}
		for waited := range slices.Chunk(row.Buckets, 6) {
			waits[string(waited[:2])]++
		}
		row.Buckets = nil
		for _, bucket := range slices.Sorted(maps.Keys(waits)) {
			n := waits[bucket]
			row.Buckets = append(append(row.Buckets, bucket...), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		}
		r.waits = append(r.waits, *row)
	}
}
