package projections

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// ticketRow is a row of read.tickets.
type ticketRow struct {
	ID               uuid.UUID
	Number           int64
	Title            string
	Description      string
	Priority         ticket.Priority
	PriorityRank     int
	Status           ticket.Status
	CreatedBy        uuid.UUID
	OpenedBy         uuid.UUID
	AssignedTo       *uuid.UUID
	CreatedAt        time.Time
	UpdatedAt        time.Time
	FirstResponseAt  *time.Time
	ResolvedAt       *time.Time
	ClosedAt         *time.Time
	EscalatedAt      *time.Time
	PublicComments   int
	InternalComments int
	Version          int
	Position         int64
}

const ticketColumns = `id, number, title, description, priority, priority_rank, status, created_by, opened_by,
    assigned_to, created_at, updated_at, first_response_at, resolved_at, closed_at, escalated_at,
    public_comments, internal_comments, version, position`

const loadTicketsSQL = `SELECT ` + ticketColumns + ` FROM tickets WHERE id = ANY ($1)`

const writeTicketsSQL = `
INSERT INTO tickets (` + ticketColumns + `)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::uuid[],
    $9::uuid[], $10::uuid[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[],
    $16::timestamptz[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[])
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

// writeTickets is writeTicketsSQL with the columns of rows, in the order of
// ticketColumns.
func writeTickets(rows []*ticketRow) rowWrite {
	return rowWrite{what: "write tickets", sql: writeTicketsSQL, n: len(rows), args: []any{
		column(rows, func(t *ticketRow) uuid.UUID { return t.ID }),
		column(rows, func(t *ticketRow) int64 { return t.Number }),
		column(rows, func(t *ticketRow) string { return t.Title }),
		column(rows, func(t *ticketRow) string { return t.Description }),
		column(rows, func(t *ticketRow) string { return string(t.Priority) }),
		column(rows, func(t *ticketRow) int { return t.PriorityRank }),
		column(rows, func(t *ticketRow) string { return string(t.Status) }),
		column(rows, func(t *ticketRow) uuid.UUID { return t.CreatedBy }),
		column(rows, func(t *ticketRow) uuid.UUID { return t.OpenedBy }),
		column(rows, func(t *ticketRow) *uuid.UUID { return t.AssignedTo }),
		column(rows, func(t *ticketRow) time.Time { return t.CreatedAt }),
		column(rows, func(t *ticketRow) time.Time { return t.UpdatedAt }),
		column(rows, func(t *ticketRow) *time.Time { return t.FirstResponseAt }),
		column(rows, func(t *ticketRow) *time.Time { return t.ResolvedAt }),
		column(rows, func(t *ticketRow) *time.Time { return t.ClosedAt }),
		column(rows, func(t *ticketRow) *time.Time { return t.EscalatedAt }),
		column(rows, func(t *ticketRow) int { return t.PublicComments }),
		column(rows, func(t *ticketRow) int { return t.InternalComments }),
		column(rows, func(t *ticketRow) int { return t.Version }),
		column(rows, func(t *ticketRow) int64 { return t.Position }),
	}}
}

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
	var rows []*ticketRow
	var gone []uuid.UUID
	for id, f := range folds {
		if f.deleted {
			gone = append(gone, id)
		} else {
			rows = append(rows, &f.ticketRow)
		}
	}
	// As they were opened: neighbours then go into the same pages of the indexes.
	slices.SortFunc(rows, func(a, b *ticketRow) int { return cmp.Compare(a.Number, b.Number) })
	return writeAll(ctx, tx, writeTickets(rows), idsTo("delete tickets", deleteTicketsSQL, gone))
}

// loadTicketFolds returns a fold for every ticket of the page, with the row it
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
