package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// measureRow is a row of read.ticket_measures.
type measureRow struct {
	TicketID        uuid.UUID
	Number          int64
	CreatedBy       uuid.UUID
	OpenedAt        time.Time
	Status          *ticket.Status
	StatusSince     time.Time
	Priority        ticket.Priority
	AssignedTo      *uuid.UUID
	FirstResponseAt *time.Time
	FirstResolvedAt *time.Time
	ResolvedAt      *time.Time
	Starts          int
	Resolutions     int
	Closings        int
	Reopenings      int
	Escalations     int
	Priorities      int
	Assignments     int
	Unassignments   int
	OpenUS          int64
	InProgressUS    int64
	EscalatedUS     int64
	ResolvedUS      int64
	ClosedUS        int64
	Position        int64
}

const measureColumns = `ticket_id, number, created_by, opened_at, status, status_since, priority, assigned_to,
    first_response_at, first_resolved_at, resolved_at, starts, resolutions, closings, reopenings, escalations,
    priorities, assignments, unassignments, open_us, in_progress_us, escalated_us, resolved_us, closed_us, position`

const loadMeasuresSQL = `SELECT ` + measureColumns + ` FROM ticket_measures WHERE ticket_id = ANY ($1)`

const writeMeasuresSQL = `
INSERT INTO ticket_measures (` + measureColumns + `)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::timestamptz[], $5::text[], $6::timestamptz[], $7::text[],
    $8::uuid[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::bigint[], $13::bigint[], $14::bigint[],
    $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[],
    $23::bigint[], $24::bigint[], $25::bigint[])
ON CONFLICT (ticket_id) DO UPDATE SET
    status = excluded.status,
    status_since = excluded.status_since,
    priority = excluded.priority,
    assigned_to = excluded.assigned_to,
    first_response_at = excluded.first_response_at,
    first_resolved_at = excluded.first_resolved_at,
    resolved_at = excluded.resolved_at,
    starts = excluded.starts,
    resolutions = excluded.resolutions,
    closings = excluded.closings,
    reopenings = excluded.reopenings,
    escalations = excluded.escalations,
    priorities = excluded.priorities,
    assignments = excluded.assignments,
    unassignments = excluded.unassignments,
    open_us = excluded.open_us,
    in_progress_us = excluded.in_progress_us,
    escalated_us = excluded.escalated_us,
    resolved_us = excluded.resolved_us,
    closed_us = excluded.closed_us,
    position = excluded.position`

// writeMeasures is writeMeasuresSQL with the columns of rows, in the order of
// measureColumns.
func writeMeasures(rows []*measureRow) rowWrite {
	return rowWrite{what: "write measures", sql: writeMeasuresSQL, n: len(rows), args: []any{
		column(rows, func(t *measureRow) uuid.UUID { return t.TicketID }),
		column(rows, func(t *measureRow) int64 { return t.Number }),
		column(rows, func(t *measureRow) uuid.UUID { return t.CreatedBy }),
		column(rows, func(t *measureRow) time.Time { return t.OpenedAt }),
		column(rows, func(t *measureRow) *string { return (*string)(t.Status) }),
		column(rows, func(t *measureRow) time.Time { return t.StatusSince }),
		column(rows, func(t *measureRow) string { return string(t.Priority) }),
		column(rows, func(t *measureRow) *uuid.UUID { return t.AssignedTo }),
		column(rows, func(t *measureRow) *time.Time { return t.FirstResponseAt }),
		column(rows, func(t *measureRow) *time.Time { return t.FirstResolvedAt }),
		column(rows, func(t *measureRow) *time.Time { return t.ResolvedAt }),
		column(rows, func(t *measureRow) int { return t.Starts }),
		column(rows, func(t *measureRow) int { return t.Resolutions }),
		column(rows, func(t *measureRow) int { return t.Closings }),
		column(rows, func(t *measureRow) int { return t.Reopenings }),
		column(rows, func(t *measureRow) int { return t.Escalations }),
		column(rows, func(t *measureRow) int { return t.Priorities }),
		column(rows, func(t *measureRow) int { return t.Assignments }),
		column(rows, func(t *measureRow) int { return t.Unassignments }),
		column(rows, func(t *measureRow) int64 { return t.OpenUS }),
		column(rows, func(t *measureRow) int64 { return t.InProgressUS }),
		column(rows, func(t *measureRow) int64 { return t.EscalatedUS }),
		column(rows, func(t *measureRow) int64 { return t.ResolvedUS }),
		column(rows, func(t *measureRow) int64 { return t.ClosedUS }),
		column(rows, func(t *measureRow) int64 { return t.Position }),
	}}
}

// ticketMeasures keeps what reports count: read.ticket_facts, read.ticket_measures
// and the sums of both by the hour.
func ticketMeasures() eventstore.Follower {
	return eventstore.Follower{
		Name:    "ticket_measures",
		Lookups: []string{"ticket_facts_ticket"},
		Tables:  []string{"hourly_facts", "hourly_moves", "ticket_facts", "ticket_measures"},
		Types: eventstore.Types(ticket.Opened{}, ticket.Prioritised{}, ticket.Assigned{}, ticket.Unassigned{}, ticket.Started{},
			ticket.Resolved{}, ticket.Closed{}, ticket.Reopened{}, ticket.Escalated{}, ticket.CommentAdded{}, ticket.Deleted{}),
		Apply: applyTicketMeasures,
	}
}

func applyTicketMeasures(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	m, err := loadMeasures(ctx, tx, events)
	if err != nil {
		return err
	}
	for _, e := range events {
		if err := m.apply(e); err != nil {
			return err
		}
	}
	if err := m.chain(ctx, tx); err != nil {
		return err
	}
	facts, moves := m.hourlyFacts(), m.hourlyMoves()
	return writeAll(ctx, tx,
		addFacts(m.facts),
		rowsTo("chain facts", chainFactsSQL, m.superseded),
		writeMeasures(m.changed),
		rowsTo("count facts", countFactsSQL, facts),
		rowsTo("drop hours of facts", dropFactHoursSQL, facts),
		rowsTo("count moves", countMovesSQL, moves),
		rowsTo("drop hours of moves", dropMoveHoursSQL, moves),
	)
}

// measuring is a page on its way into the tables.
type measuring struct {
	from       int64 // position of its first event
	tickets    map[uuid.UUID]*measureRow
	changed    []*measureRow // of them, in the order of their first facts
	facts      []*factRow
	superseded []supersededFact
	counts     map[factHour]int64
	moves      map[moveHour]int64
}

// loadMeasures answers the page with every ticket of it that was opened before.
func loadMeasures(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (*measuring, error) {
	m := &measuring{
		from:    events[0].Position,
		tickets: map[uuid.UUID]*measureRow{},
		counts:  map[factHour]int64{}, moves: map[moveHour]int64{},
	}
	met := map[uuid.UUID]bool{}
	var known []uuid.UUID
	for _, e := range events {
		if !met[e.StreamID] && e.Version > 1 {
			known = append(known, e.StreamID)
		}
		met[e.StreamID] = true
	}
	if len(known) == 0 {
		return m, nil
	}
	rows, _ := tx.Query(ctx, loadMeasuresSQL, known) // CollectRows answers its error
	loaded, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByName[measureRow])
	if err != nil {
		return nil, fmt.Errorf("load measures: %w", err)
	}
	for _, t := range loaded {
		m.tickets[t.TicketID] = t
	}
	return m, nil
}

// apply folds one event.
func (m *measuring) apply(e eventstore.Envelope) error {
	if d, ok := e.Event.(ticket.Opened); ok {
		m.tickets[e.StreamID] = &measureRow{
			TicketID: e.StreamID, Number: d.Number, CreatedBy: d.CreatedBy.UUID,
			OpenedAt: e.OccurredAt, StatusSince: e.OccurredAt, Priority: d.Priority,
		}
	}
	t := m.tickets[e.StreamID]
	if t == nil {
		return fmt.Errorf("position %d: ticket %s was never opened", e.Position, e.StreamID)
	}
	row := &factRow{
		Position: e.Position, TicketID: e.StreamID, OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt,
		StatusBefore: t.Status, AssignedToBefore: t.AssignedTo, ActorKind: e.ActorKind,
	}
	if e.ActorID.Valid {
		row.ActorID = &e.ActorID.UUID
	}
	if t.Status != nil {
		row.PriorityBefore = new(t.Priority)
	}
	row.Fact = t.apply(e)
	if row.Fact == "" {
		return nil
	}
	if t.Position < m.from {
		m.changed = append(m.changed, t)
	}
	t.Position = e.Position
	if t.Status != nil {
		row.Status, row.Priority, row.AssignedTo = t.Status, new(t.Priority), t.AssignedTo
	}
	m.facts = append(m.facts, row)
	m.move(row)
	return nil
}

// apply folds one event and answers what it is as a fact; "": none.
func (t *measureRow) apply(e eventstore.Envelope) string {
	at := e.OccurredAt
	switch d := e.Event.(type) {
	case ticket.CommentAdded:
		if d.Internal || d.Author.UUID == t.CreatedBy || t.FirstResponseAt != nil {
			return ""
		}
		t.FirstResponseAt = &at
		return factFirstResponse
	case ticket.Prioritised:
		t.Priority = d.Priority
		t.Priorities++
		return factPrioritised
	case ticket.Assigned:
		t.AssignedTo = &d.AssignedTo.UUID
		t.Assignments++
		return factAssigned
	case ticket.Unassigned:
		t.AssignedTo = nil
		t.Unassignments++
		return factUnassigned
	case ticket.Deleted:
		t.leave(at)
		t.Status = nil
		return factDeleted
	}
	to, ok := ticket.StatusAfter(e.Event)
	if !ok {
		return ""
	}
	t.leave(at)
	t.Status = &to
	return t.become(e)
}

// leave ends the stay in the present status. Events whose times are out of
// their order have been nowhere for less than no time.
func (t *measureRow) leave(at time.Time) {
	if t.Status != nil {
		*t.stay(*t.Status) += max(at.Sub(t.StatusSince).Microseconds(), 0)
	}
	t.StatusSince = at
}

// stay answers how long the ticket was in a status.
func (t *measureRow) stay(s ticket.Status) *int64 {
	switch s {
	case ticket.StatusOpen:
		return &t.OpenUS
	case ticket.StatusInProgress:
		return &t.InProgressUS
	case ticket.StatusEscalated:
		return &t.EscalatedUS
	case ticket.StatusResolved:
		return &t.ResolvedUS
	default:
		return &t.ClosedUS
	}
}

// become counts a change of status and answers what it is as a fact.
func (t *measureRow) become(e eventstore.Envelope) string {
	at := e.OccurredAt
	switch e.Event.(type) {
	case ticket.Started:
		t.Starts++
		return factStarted
	case ticket.Resolved:
		t.Resolutions++
		t.ResolvedAt = &at
		if t.FirstResolvedAt == nil {
			t.FirstResolvedAt = &at
		}
		return factResolved
	case ticket.Closed:
		t.Closings++
		return factClosed
	case ticket.Reopened:
		t.Reopenings++
		t.ResolvedAt = nil
		return factReopened
	case ticket.Escalated:
		t.Escalations++
		return factEscalated
	default:
		return factOpened
	}
}
