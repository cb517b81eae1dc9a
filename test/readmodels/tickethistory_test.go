package readmodels

import (
	"slices"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// foldIntervals returns the intervals of a ticket, each from a fold of its own.
func foldIntervals(id uuid.UUID, events []eventstore.Envelope) (rows []intervalRow) {
	none := []string{"ticket.described", "ticket.comment_added", "ticket.comment_edited", "ticket.comment_removed", "ticket.attachment_added", "ticket.attachment_removed"}
	for i, e := range events {
		if slices.Contains(none, e.Type) {
			continue
		}
		if len(rows) > 0 && rows[len(rows)-1].KnownTo == nil {
			rows[len(rows)-1].ValidTo, rows[len(rows)-1].KnownTo = ptr(e.OccurredAt), ptr(e.RecordedAt)
		}
		if e.Type == "ticket.deleted" {
			continue
		}
		var s ticket.State
		var titleBy uuid.NullUUID
		for _, before := range events[:i+1] {
			s = ticket.Evolve(s, before.Event)
			if before.Type == "ticket.opened" || before.Type == "ticket.retitled" {
				titleBy = before.PersonID
			}
		}
		rows = append(rows, intervalRow{
			TicketID: id, Version: e.Version, Position: e.Position, Number: s.Number, Title: s.Title, TitleBy: titleBy,
			Priority: s.Priority, Status: s.Status, CreatedBy: s.CreatedBy.UUID,
			AssignedTo: uuid.NullUUID{UUID: s.AssignedTo.UUID, Valid: !s.AssignedTo.IsZero()}, CreatedAt: events[0].OccurredAt,
			ValidFrom: e.OccurredAt, KnownFrom: e.RecordedAt, Change: e.Type, CausedBy: e.EventID,
		})
	}
	return rows
}
