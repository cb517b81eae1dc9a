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

// ticketRow is a row of read.tickets.
type ticketRow struct {
	ID               uuid.UUID       `json:"id"`
	Number           int64           `json:"number"`
	Title            string          `json:"title"`
	Description      string          `json:"description"`
	Priority         ticket.Priority `json:"priority"`
	PriorityRank     int             `json:"priority_rank"`
	Status           ticket.Status   `json:"status"`
	CreatedBy        uuid.UUID       `json:"created_by"`
	OpenedBy         uuid.UUID       `json:"opened_by"`
	AssignedTo       *uuid.UUID      `json:"assigned_to"`
	CreatedAt        time.Time       `json:"created_at"`
	UpdatedAt        time.Time       `json:"updated_at"`
	FirstResponseAt  *time.Time      `json:"first_response_at"`
	ResolvedAt       *time.Time      `json:"resolved_at"`
	ClosedAt         *time.Time      `json:"closed_at"`
	EscalatedAt      *time.Time      `json:"escalated_at"`
	PublicComments   int             `json:"public_comments"`
	InternalComments int             `json:"internal_comments"`
	Version          int             `json:"version"`
	Position         int64           `json:"position"`
}

const ticketColumns = `id, number, title, description, priority, priority_rank, status, created_by, opened_by,
    assigned_to, created_at, updated_at, first_response_at, resolved_at, closed_at, escalated_at,
    public_comments, internal_comments, version, position`

const loadTicketsSQL = `SELECT ` + ticketColumns + ` FROM tickets WHERE id = ANY ($1)`

const writeTicketsSQL = `
INSERT INTO tickets (` + ticketColumns + `)
SELECT ` + ticketColumns + ` FROM json_populate_recordset(NULL::tickets, $1::json)
ON CONFLICT (id) DO UPDATE SET
    title = excluded.title,
    description = excluded.description,
    priority = excluded.priority,
    priority_rank = excluded.priority_rank,
    status = excluded.status,
    assigned_to = excluded.assigned_to,
    updated_at = excluded.updated_at,
    first_response_at = excluded.first_response_at,
    resolved_at = excluded.resolved_at,
    closed_at = excluded.closed_at,
    escalated_at = excluded.escalated_at,
    public_comments = excluded.public_comments,
    internal_comments = excluded.internal_comments,
    version = excluded.version,
    position = excluded.position`

const deleteTicketsSQL = `DELETE FROM tickets WHERE id = ANY ($1)`

// ticketList keeps read.tickets.
func ticketList() eventstore.Follower {
	return withTexts(eventstore.Follower{
		Name:   "ticket_list",
		Tables: []string{"tickets"},
		Types: eventstore.Types(ticket.Opened{}, ticket.Retitled{}, ticket.Described{}, ticket.Prioritised{},
			ticket.Assigned{}, ticket.Unassigned{}, ticket.Started{}, ticket.Resolved{}, ticket.Closed{},
			ticket.Reopened{}, ticket.Escalated{}, ticket.CommentAdded{}, ticket.CommentEdited{},
			ticket.CommentRemoved{}, ticket.Deleted{}),
		Apply: applyTicketList,
	}, deleteTicketsSQL)
}

// ticketFold is a ticket on its way through a page.
type ticketFold struct {
	ticketRow
	deleted bool
}

func applyTicketList(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	folds, err := loadTicketFolds(ctx, tx, events)
	if err != nil {
		return err
	}
	for _, e := range events {
		folds[e.StreamID].apply(e)
	}
	var rows []ticketRow
	var gone []uuid.UUID
	for id, f := range folds {
		if f.deleted {
			gone = append(gone, id)
		} else {
			rows = append(rows, f.ticketRow)
		}
	}
	if err := eventstore.WriteRows(ctx, tx, writeTicketsSQL, rows); err != nil {
		return fmt.Errorf("write tickets: %w", err)
	}
	if len(gone) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, deleteTicketsSQL, gone); err != nil {
		return fmt.Errorf("delete tickets: %w", err)
	}
	return nil
}

// loadTicketFolds answers a fold for every ticket of the page, with the row it
// has already unless it is opened in this very page.
func loadTicketFolds(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (map[uuid.UUID]*ticketFold, error) {
	folds := map[uuid.UUID]*ticketFold{}
	var known []uuid.UUID
	for _, e := range events {
		if folds[e.StreamID] != nil {
			continue
		}
		folds[e.StreamID] = &ticketFold{}
		if e.Version > 1 {
			known = append(known, e.StreamID)
		}
	}
	if len(known) == 0 {
		return folds, nil
	}
	rows, _ := tx.Query(ctx, loadTicketsSQL, known) // CollectRows answers its error
	loaded, err := pgx.CollectRows(rows, pgx.RowToStructByName[ticketRow])
	if err != nil {
		return nil, fmt.Errorf("load tickets: %w", err)
	}
	for _, r := range loaded {
		folds[r.ID].ticketRow = r
	}
	return folds, nil
}

// apply folds one event.
func (f *ticketFold) apply(e eventstore.Envelope) {
	at := e.OccurredAt
	switch d := e.Event.(type) {
	case ticket.Opened:
		f.ticketRow = ticketRow{
			ID: e.StreamID, Number: d.Number, Title: d.Title, Description: d.Description,
			CreatedBy: d.CreatedBy.UUID, OpenedBy: d.OpenedBy.UUID, CreatedAt: at,
		}
		f.prioritise(d.Priority)
	case ticket.Retitled:
		f.Title = d.Title
	case ticket.Described:
		f.Description = d.Description
	case ticket.Prioritised:
		f.prioritise(d.Priority)
	case ticket.Assigned:
		f.AssignedTo = &d.AssignedTo.UUID
	case ticket.Unassigned:
		f.AssignedTo = nil
	case ticket.Deleted:
		f.deleted = true
	case ticket.CommentAdded:
		f.addComment(d, at)
	case ticket.CommentRemoved:
		f.count(d.Internal, -1)
	}
	if to, ok := ticket.StatusAfter(e.Event); ok {
		f.become(to, e)
	}
	f.UpdatedAt, f.Version, f.Position = at, e.Version, e.Position
}

func (f *ticketFold) prioritise(p ticket.Priority) {
	f.Priority, f.PriorityRank = p, p.Rank()
}

func (f *ticketFold) become(to ticket.Status, e eventstore.Envelope) {
	f.Status = to
	at := e.OccurredAt
	switch e.Event.(type) {
	case ticket.Resolved:
		f.ResolvedAt = &at
	case ticket.Closed:
		f.ClosedAt = &at
	case ticket.Escalated:
		f.EscalatedAt = &at
	case ticket.Reopened:
		f.ResolvedAt, f.ClosedAt = nil, nil
	}
}

func (f *ticketFold) addComment(d ticket.CommentAdded, at time.Time) {
	f.count(d.Internal, 1)
	if !d.Internal && d.Author.UUID != f.CreatedBy && f.FirstResponseAt == nil {
		f.FirstResponseAt = &at
	}
}

func (f *ticketFold) count(internal bool, by int) {
	if internal {
		f.InternalComments += by
	} else {
		f.PublicComments += by
	}
}
