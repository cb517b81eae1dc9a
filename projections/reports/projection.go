package reports

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
)

// Follower keeps what reports count: read.ticket_facts, read.ticket_measures
// and the sums of facts and their waits by the hour, the day and the month.
func Follower() follow.Follower {
	return follow.Follower{
		Name:    projections.TicketFacts,
		Lookups: []string{"ticket_facts_ticket"},
		Tables:  []string{"agent_counts", "ticket_counts", "ticket_facts", "ticket_measures", "wait_counts"},
		Types: eventstore.Types(ticket.Opened{}, ticket.Prioritised{}, ticket.Assigned{}, ticket.Unassigned{}, ticket.Started{},
			ticket.Resolved{}, ticket.Closed{}, ticket.Reopened{}, ticket.Returned{}, ticket.Escalated{}, ticket.CommentAdded{}, ticket.Deleted{},
			ticket.Restored{}),
		Apply: applyTicketReports,
	}
}

func applyTicketReports(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
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
	tickets, agents := m.ticketCounts(), m.agentCounts()
	waits, err := m.waitCounts(ctx, tx)
	if err != nil {
		return err
	}
	return projections.WriteAll(ctx, tx,
		factTable.Insert("add facts", m.facts),
		projections.RowsTo("chain facts", chainFactsSQL, m.superseded),
		measureTable.Upsert("write measures", m.changed),
		projections.RowsTo("add to the counts of tickets", addTicketCountsSQL, tickets),
		projections.RowsTo("drop empty counts of tickets", dropTicketCountsSQL, tickets),
		projections.RowsTo("add to the counts of agents", addAgentCountsSQL, agents),
		projections.RowsTo("drop empty counts of agents", dropAgentCountsSQL, agents),
		projections.RowsTo("write the counts of waits", writeWaitCountsSQL, waits),
		projections.RowsTo("drop empty counts of waits", dropWaitCountsSQL, waits),
	)
}

// measuring is a page on its way into the tables.
type measuring struct {
	from       int64 // position of its first event
	tickets    map[uuid.UUID]*measureRow
	changed    []*measureRow // of them, in the order of their first facts
	facts      []*factRow
	superseded []supersededFact
	counting
}

// loadMeasures returns the page with every ticket of it that was opened before.
func loadMeasures(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (*measuring, error) {
	m := &measuring{
		from:    events[0].Position,
		tickets: map[uuid.UUID]*measureRow{},
		counting: counting{byPriority: map[priorityHour]*ticketSums{}, byAgent: map[agentHour]*agentSums{},
			waits: map[waitOf]*waitSums{}},
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
	loaded, err := measureTable.Load(ctx, tx, known)
	if err != nil {
		return nil, err
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
		StatusBefore: t.Status, ActorKind: e.ActorKind,
	}
	if e.ActorID.Valid {
		row.ActorID = &e.ActorID.UUID
	}
	if t.Status != nil {
		row.PriorityBefore, row.AssignedToBefore = new(t.Priority), t.AssignedTo
	}
	enteredPosition, enteredAt := t.EnteredPosition, t.EnteredAt
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
	if row.moves() {
		if row.StatusBefore != nil {
			row.EnteredPosition, row.EnteredAt = &enteredPosition, &enteredAt
		}
		t.EnteredPosition, t.EnteredAt = e.Position, e.OccurredAt
	}
	row.measure(t)
	m.facts = append(m.facts, row)
	m.move(row)
	return nil
}
