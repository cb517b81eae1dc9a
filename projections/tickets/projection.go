package tickets

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

var ticketTable = projections.NewTable[view.TicketRow]("tickets")

const deleteTicketsSQL = `DELETE FROM tickets WHERE id = ANY ($1)`

// Follower keeps read.tickets.
func Follower() follow.Follower {
	return projections.WithTexts(follow.Follower{
		Name:   projections.TicketList,
		Tables: []string{"tickets"},
		Types:  eventstore.TypesOf(ticket.Events()),
		Apply:  applyTicketList,
		Inline: true,
	}, deleteTicketsSQL)
}

func applyTicketList(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	folds, err := loadTicketRows(ctx, tx, events)
	if err != nil {
		return err
	}
	for _, e := range events {
		folds[e.StreamID].Apply(e)
	}
	var rows []*view.TicketRow
	var gone []uuid.UUID
	for id, f := range folds {
		if f.Deleted {
			gone = append(gone, id)
		} else {
			rows = append(rows, f)
		}
	}
	// As they were opened: neighbours then go into the same pages of the indexes.
	slices.SortFunc(rows, func(a, b *view.TicketRow) int { return cmp.Compare(a.Number, b.Number) })
	return projections.WriteAll(ctx, tx, ticketTable.Upsert("write tickets", rows), projections.IDsTo("delete tickets", deleteTicketsSQL, gone))
}

// loadTicketRows returns a fold for every ticket of the page, with the row it
// has already unless it is opened in this very page.
func loadTicketRows(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (map[uuid.UUID]*view.TicketRow, error) {
	folds := map[uuid.UUID]*view.TicketRow{}
	var known []uuid.UUID
	for _, e := range events {
		if folds[e.StreamID] != nil {
			continue
		}
		folds[e.StreamID] = &view.TicketRow{}
		if e.Version > 1 {
			known = append(known, e.StreamID)
		}
	}
	if len(known) == 0 {
		return folds, nil
	}
	loaded, err := ticketTable.Load(ctx, tx, known)
	if err != nil {
		return nil, err
	}
	for _, r := range loaded {
		folds[r.ID] = r
	}
	return folds, nil
}
