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

// factRow is a row of read.ticket_facts.
type factRow struct {
	Position   int64     `json:"position"`
	TicketID   uuid.UUID `json:"ticket_id"`
	Fact       string    `json:"fact"`
	OccurredAt time.Time `json:"occurred_at"`
	RecordedAt time.Time `json:"recorded_at"`
}

const addFactsSQL = `
INSERT INTO ticket_facts (position, ticket_id, fact, occurred_at, recorded_at)
SELECT position, ticket_id, fact, occurred_at, recorded_at
FROM json_populate_recordset(NULL::ticket_facts, $1::json)`

// ticketFacts keeps read.ticket_facts.
func ticketFacts() eventstore.Follower {
	return eventstore.Follower{
		Name:   "ticket_facts",
		Tables: []string{"ticket_facts"},
		Types:  eventstore.Types(ticket.Opened{}, ticket.Resolved{}, ticket.Escalated{}),
		Apply:  applyTicketFacts,
	}
}

func applyTicketFacts(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	var rows []factRow
	for _, e := range events {
		row := factRow{Position: e.Position, TicketID: e.StreamID, OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt}
		switch e.Event.(type) {
		case ticket.Opened:
			row.Fact = "opened"
		case ticket.Resolved:
			row.Fact = "resolved"
		case ticket.Escalated:
			row.Fact = "escalated"
		}
		rows = append(rows, row)
	}
	if err := eventstore.WriteRows(ctx, tx, addFactsSQL, rows); err != nil {
		return fmt.Errorf("add facts: %w", err)
	}
	return nil
}
