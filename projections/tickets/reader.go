package tickets

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Reader reads tickets as they are now, for a viewer, and shows only what they may
// see. It is safe for concurrent use.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns the reader over a pool.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// where is the conditions of a query on tickets.
type where struct{ projections.Where }

// ticketView is a row of read.tickets with the names of its people.
type ticketView struct {
	view.TicketRow
	CreatedByName  string
	AssignedToName string
}

// shapeTicketsSQL completes chosen rows of read.tickets.
var shapeTicketsSQL = shapeTickets("")

// shapeTickets returns what completes chosen rows of read.tickets, and has more of
// the chosen columns than those of the table.
func shapeTickets(more string) string {
	return `
SELECT ` + ticketTable.Columns("t") + more + `, coalesce(c.username, '') AS created_by_name, coalesce(a.username, '') AS assigned_to_name
FROM chosen AS t
LEFT JOIN read.users AS c ON c.id = t.created_by
LEFT JOIN read.users AS a ON a.id = t.assigned_to
ORDER BY t.place`
}

// show returns the ticket as the viewer sees it.
func (v ticketView) show(viewer domain.Actor) view.Ticket {
	return v.Show(viewer, v.CreatedByName, v.AssignedToName)
}

// Ticket returns the ticket as the viewer sees it, [domain.ErrNotFound] when
// they don't.
func (r *Reader) Ticket(ctx context.Context, viewer domain.Actor, ref ticket.Ref) (view.Ticket, error) {
	if err := projections.Fresh(ctx, projections.TicketList, projections.UserList); err != nil {
		return view.Ticket{}, err
	}
	var w where
	w.ref(ref)
	w.VisibleTickets(viewer)
	sql := "WITH chosen AS (SELECT *, 1 AS place FROM read.tickets AS t" + w.String() + ") " + shapeTicketsSQL
	v, err := projections.One[ticketView](ctx, r.pool, "ticket", sql, w.Args...)
	return v.show(viewer), err
}

// TicketsByID returns those of the tickets with these ids that the viewer sees.
func (r *Reader) TicketsByID(ctx context.Context, viewer domain.Actor, ids []uuid.UUID) (map[uuid.UUID]view.Ticket, error) {
	if err := projections.Fresh(ctx, projections.TicketList, projections.UserList); err != nil {
		return nil, err
	}
	var w where
	w.Add("t.id = ANY (?)", ids)
	w.VisibleTickets(viewer)
	sql := "WITH chosen AS (SELECT *, 1 AS place FROM read.tickets AS t" + w.String() + ") " + shapeTicketsSQL
	rows, _ := r.pool.Query(ctx, sql, w.Args...) // CollectRows returns its error
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[ticketView])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("read tickets by their ids: %w", err))
	}
	tickets := make(map[uuid.UUID]view.Ticket, len(found))
	for _, v := range found {
		tickets[v.ID] = v.show(viewer)
	}
	return tickets, nil
}

func (w *where) ref(ref ticket.Ref) {
	if ref.ID.UUID != uuid.Nil {
		w.Add("t.id = ?", ref.ID)
	} else {
		w.Add("t.number = ?", ref.Number)
	}
}

// TicketID returns the id of the ticket a reference names, whoever may see it.
// An id is returned as it is; a number nobody has is [domain.ErrNotFound].
func (r *Reader) TicketID(ctx context.Context, ref ticket.Ref) (ticket.ID, error) {
	if ref.ID.UUID != uuid.Nil {
		return ref.ID, nil
	}
	if err := projections.Fresh(ctx, projections.TicketList); err != nil {
		return ticket.ID{}, err
	}
	row, err := projections.One[struct{ ID uuid.UUID }](ctx, r.pool, "ticket number",
		`SELECT id FROM read.tickets WHERE number = $1`, ref.Number)
	return ticket.ID{UUID: row.ID}, err
}

// Tickets returns a page of the tickets the viewer sees, narrowed by the
// filter. Without an order they come newest first.
func (r *Reader) Tickets(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	reads := []string{projections.TicketList, projections.UserList}
	if f.Search != "" {
		reads = append(reads, projections.TextSearch)
	}
	if err := projections.Fresh(ctx, reads...); err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	if f.OrderBy == projections.ByRank {
		return r.found(ctx, viewer, f, p)
	}
	if f.OrderBy == "" {
		f.OrderBy, f.Descending = projections.ByCreated, true
	}
	l := projections.List[ticketView]{
		ID: "t.id", Desc: f.Descending,
		Shape: shapeTicketsSQL,
		At:    func(v ticketView) (string, uuid.UUID) { return f.OrderBy.Key(v.TicketRow), v.ID },
	}
	l.Key, l.Cast = f.OrderBy.Column()
	var w where
	l.From, l.Columns, l.Reasons = projections.PresentTickets, "t.*", w.Reasons(viewer)
	if f.Search != "" {
		l.From, _ = w.search(viewer, l.From, f)
	}
	w.tickets(f)
	l.Where = w.Where
	views, err := l.Page(ctx, r.pool, p)
	if err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	return projections.Map(views, func(v ticketView) view.Ticket { return v.show(viewer) }), nil
}

// tickets adds the conditions of a filter.
func (w *where) tickets(f projections.TicketFilter) {
	if len(f.Statuses) > 0 {
		w.Add("t.status = ANY (?)", f.Statuses)
	}
	if len(f.Priorities) > 0 {
		w.Add("t.priority_rank = ANY (?)", ranks(f.Priorities))
	}
	if f.Unassigned {
		w.Add("t.assigned_to IS NULL")
	}
	if f.AssignedTo != nil {
		w.Add("t.assigned_to = ?", *f.AssignedTo)
	}
	if f.CreatedBy != nil {
		w.Add("t.created_by = ?", *f.CreatedBy)
	}
	if f.Title != "" {
		w.Add("t.title ILIKE ?", projections.Containing(f.Title))
	}
	w.Within("t.created_at", f.CreatedAfter, f.CreatedBefore)
	w.Within("t.updated_at", f.UpdatedAfter, f.UpdatedBefore)
}

func ranks(priorities []ticket.Priority) []int {
	ranks := make([]int, len(priorities))
	for i, p := range priorities {
		ranks[i] = p.Rank()
	}
	return ranks
}
