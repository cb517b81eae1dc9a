package projections

import (
	"time"

	"github.com/google/uuid"

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
	EnteredPosition int64
	EnteredAt       time.Time
}

const measureColumns = `ticket_id, number, created_by, opened_at, status, status_since, priority, assigned_to,
    first_response_at, first_resolved_at, resolved_at, starts, resolutions, closings, reopenings, escalations,
    priorities, assignments, unassignments, open_us, in_progress_us, escalated_us, resolved_us, closed_us,
    position, entered_position, entered_at`

const loadMeasuresSQL = `SELECT ` + measureColumns + ` FROM ticket_measures WHERE ticket_id = ANY ($1)`

const writeMeasuresSQL = `
INSERT INTO ticket_measures (` + measureColumns + `)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::timestamptz[], $5::text[], $6::timestamptz[], $7::text[],
    $8::uuid[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::bigint[], $13::bigint[], $14::bigint[],
    $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[],
    $23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[], $27::timestamptz[])
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
    position = excluded.position,
    entered_position = excluded.entered_position,
    entered_at = excluded.entered_at`

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
		column(rows, func(t *measureRow) int64 { return t.EnteredPosition }),
		column(rows, func(t *measureRow) time.Time { return t.EnteredAt }),
	}}
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

// stay returns how long the ticket was in a status.
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

// times returns how often a fact has happened to the ticket so far.
func (t *measureRow) times(fact string) int {
	switch fact {
	case factStarted:
		return t.Starts
	case factResolved:
		return t.Resolutions
	case factClosed:
		return t.Closings
	case factReopened:
		return t.Reopenings
	case factEscalated:
		return t.Escalations
	case factPrioritised:
		return t.Priorities
	case factAssigned:
		return t.Assignments
	case factUnassigned:
		return t.Unassignments
	}
	return 1 // opened, deleted, first response
}
