package projections

import (
	"bytes"
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// reported are the tables that reports are made of, each in the order of its key.
type reported struct {
	facts    []factRow
	measures []measureRow
	hours    []hourlyFact
	moves    []hourlyMove
}

func (d *desk) reported(t testing.TB) reported {
	t.Helper()
	return reported{
		facts:    all[factRow](t, d, `SELECT `+factColumns+` FROM read.ticket_facts ORDER BY position`),
		measures: all[measureRow](t, d, `SELECT `+measureColumns+` FROM read.ticket_measures ORDER BY ticket_id`),
		hours:    utc(all[hourlyFact](t, d, `SELECT * FROM read.hourly_facts ORDER BY fact, hour`), func(h *hourlyFact) *time.Time { return &h.Hour }),
		moves:    utc(all[hourlyMove](t, d, `SELECT * FROM read.hourly_moves ORDER BY status, priority, hour`), func(h *hourlyMove) *time.Time { return &h.Hour }),
	}
}

func utc[R any](rows []R, at func(*R) *time.Time) []R {
	for i := range rows {
		*at(&rows[i]) = at(&rows[i]).UTC()
	}
	return rows
}

// factNames is which events are facts, but for the first response.
var factNames = map[string]string{
	"ticket.opened": "opened", "ticket.started": "started", "ticket.resolved": "resolved", "ticket.closed": "closed",
	"ticket.reopened": "reopened", "ticket.escalated": "escalated", "ticket.deleted": "deleted",
	"ticket.prioritised": "prioritised", "ticket.assigned": "assigned", "ticket.unassigned": "unassigned",
}

// firstResponse answers the position of a ticket's first response, 0 for none.
func firstResponse(events []eventstore.Envelope) int64 {
	requester := events[0].Event.(ticket.Opened).CreatedBy
	for _, e := range events {
		if c, ok := e.Event.(ticket.CommentAdded); ok && !c.Internal && c.Author != requester {
			return e.Position
		}
	}
	return 0
}

// foldFacts answers the facts of one ticket, each told by the states before and
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
	for i, r := range rows {
		for _, later := range rows { // the nearest one of those behind it
			behind := cmp.Or(later.OccurredAt.Compare(r.OccurredAt), cmp.Compare(later.Position, r.Position)) > 0
			if behind && later.Fact == r.Fact && (rows[i].NextAt == nil || later.OccurredAt.Before(*rows[i].NextAt)) {
				rows[i].NextAt = ptr(later.OccurredAt)
			}
		}
	}
	return rows
}

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
				*row.stay(was.Status) += max(e.OccurredAt.Sub(row.StatusSince).Microseconds(), 0)
			}
			row.StatusSince = e.OccurredAt
		}
		if e.Position == firstResponse(events) {
			row.FirstResponseAt = ptr(e.OccurredAt)
		}
		if e.Type == "ticket.resolved" && row.FirstResolvedAt == nil {
			row.FirstResolvedAt = ptr(e.OccurredAt)
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
	row.Assignments, row.Unassignments = times("ticket.assigned"), times("ticket.unassigned")
	row.Status, _, _ = standing(s)
	row.Priority, row.AssignedTo = s.Priority, nullable(s.AssignedTo.UUID)
	return row
}

// sum puts facts and measures in order and adds them up by the hour.
func (r *reported) sum() {
	slices.SortFunc(r.facts, func(a, b factRow) int { return cmp.Compare(a.Position, b.Position) })
	slices.SortFunc(r.measures, func(a, b measureRow) int { return bytes.Compare(a.TicketID[:], b.TicketID[:]) })
	counts, moves := map[factHour]int64{}, map[moveHour]int64{}
	for _, f := range r.facts {
		hour := time.Unix(f.OccurredAt.Unix()-f.OccurredAt.Unix()%3600, 0).UTC()
		if f.NextAt == nil {
			counts[factHour{f.Fact, hour}]++
		}
		if f.StatusBefore != nil {
			moves[moveHour{*f.StatusBefore, *f.PriorityBefore, hour}]--
		}
		if f.Status != nil {
			moves[moveHour{*f.Status, *f.Priority, hour}]++
		}
	}
	for key, n := range counts {
		r.hours = append(r.hours, hourlyFact{key, n})
	}
	for key, n := range moves {
		if n != 0 {
			r.moves = append(r.moves, hourlyMove{key, n})
		}
	}
	slices.SortFunc(r.hours, func(a, b hourlyFact) int {
		return cmp.Or(cmp.Compare(a.Fact, b.Fact), a.Hour.Compare(b.Hour))
	})
	slices.SortFunc(r.moves, func(a, b hourlyMove) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Priority, b.Priority), a.Hour.Compare(b.Hour))
	})
}
