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
	TicketID        uuid.UUID       `json:"ticket_id"`
	Number          int64           `json:"number"`
	CreatedBy       uuid.UUID       `json:"created_by"`
	OpenedAt        time.Time       `json:"opened_at"`
	Status          *ticket.Status  `json:"status"`
	StatusSince     time.Time       `json:"status_since"`
	Priority        ticket.Priority `json:"priority"`
	AssignedTo      *uuid.UUID      `json:"assigned_to"`
	FirstResponseAt *time.Time      `json:"first_response_at"`
	FirstResolvedAt *time.Time      `json:"first_resolved_at"`
	ResolvedAt      *time.Time      `json:"resolved_at"`
	Starts          int             `json:"starts"`
	Resolutions     int             `json:"resolutions"`
	Closings        int             `json:"closings"`
	Reopenings      int             `json:"reopenings"`
	Escalations     int             `json:"escalations"`
	Priorities      int             `json:"priorities"`
	Assignments     int             `json:"assignments"`
	Unassignments   int             `json:"unassignments"`
	OpenUS          int64           `json:"open_us"`
	InProgressUS    int64           `json:"in_progress_us"`
	EscalatedUS     int64           `json:"escalated_us"`
	ResolvedUS      int64           `json:"resolved_us"`
	ClosedUS        int64           `json:"closed_us"`
	Position        int64           `json:"position"`
}

const measureColumns = `ticket_id, number, created_by, opened_at, status, status_since, priority, assigned_to,
    first_response_at, first_resolved_at, resolved_at, starts, resolutions, closings, reopenings, escalations,
    priorities, assignments, unassignments, open_us, in_progress_us, escalated_us, resolved_us, closed_us, position`

const loadMeasuresSQL = `SELECT ` + measureColumns + ` FROM ticket_measures WHERE ticket_id = ANY ($1)`

const writeMeasuresSQL = `
INSERT INTO ticket_measures (` + measureColumns + `)
SELECT ` + measureColumns + ` FROM json_populate_recordset(NULL::ticket_measures, $1::json)
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
	if err := writeAll(ctx, tx,
		addFacts(m.facts),
		rowsTo(chainFactsSQL, m.superseded),
		rowsTo(writeMeasuresSQL, values(m.changed)),
		rowsTo(countFactsSQL, facts),
		rowsTo(dropFactHoursSQL, facts),
		rowsTo(countMovesSQL, moves),
		rowsTo(dropMoveHoursSQL, moves),
	); err != nil {
		return fmt.Errorf("write facts: %w", err)
	}
	return nil
}

// measuring is a page on its way into the tables.
type measuring struct {
	tickets    map[uuid.UUID]*measureRow
	changed    map[uuid.UUID]*measureRow
	facts      []factRow
	superseded []supersededFact
	counts     map[factHour]int64
	moves      map[moveHour]int64
}

// loadMeasures answers the page with every ticket of it that was opened before.
func loadMeasures(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (*measuring, error) {
	m := &measuring{
		tickets: map[uuid.UUID]*measureRow{}, changed: map[uuid.UUID]*measureRow{},
		counts: map[factHour]int64{}, moves: map[moveHour]int64{},
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
	row := factRow{
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
	t.Position = e.Position
	if t.Status != nil {
		row.Status, row.Priority, row.AssignedTo = t.Status, new(t.Priority), t.AssignedTo
	}
	m.changed[e.StreamID] = t
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
