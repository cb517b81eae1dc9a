package tickets

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
type Reader struct {
	pool    *pgxpool.Pool
	numbers numbers
}

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

// ticketColumns are those of a ticketView, of tickets of alias t. A name is looked
// up by its key: a join would have Postgres read everybody for a page.
var ticketColumns = ticketTable.Columns("t") + `,
    coalesce((SELECT username FROM read.users WHERE id = t.created_by), '') AS created_by_name,
    coalesce((SELECT username FROM read.users WHERE id = t.assigned_to), '') AS assigned_to_name`

// ticketsSQL reads tickets of alias t.
var ticketsSQL = "SELECT " + ticketColumns + " FROM " + projections.PresentTickets

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
	v, err := projections.One[ticketView](ctx, r.pool, "ticket", ticketsSQL+w.String(), w.Args...)
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
	rows, _ := r.pool.Query(ctx, ticketsSQL+w.String(), w.Args...) // CollectRows returns its error
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

// ActiveOf returns the tickets that somebody is the assignee of and that are active.
func (r *Reader) ActiveOf(ctx context.Context, assignee domain.UserID) ([]ticket.ID, error) {
	if err := projections.Fresh(ctx, projections.TicketList); err != nil {
		return nil, err
	}
	var w where
	w.Add("t.assigned_to = ?", assignee)
	w.Add("t.status = ANY (?)", slices.DeleteFunc(ticket.Statuses(), func(s ticket.Status) bool { return !s.Active() }))
	rows, _ := r.pool.Query(ctx, "SELECT t.id FROM "+projections.PresentTickets+w.String()+" ORDER BY t.number", w.Args...) // CollectRows returns its error
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("find the active tickets of an assignee: %w", err))
	}
	found := make([]ticket.ID, len(ids))
	for i, id := range ids {
		found[i] = ticket.ID{UUID: id}
	}
	return found, nil
}

func (w *where) ref(ref ticket.Ref) {
	if ref.ID.UUID != uuid.Nil {
		w.Add("t.id = ?", ref.ID)
	} else {
		w.Add("t.number = ?", ref.Number)
	}
}

// Tickets returns a page of the tickets the viewer sees, narrowed by the
// filter. Without an order they come newest first.
func (r *Reader) Tickets(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	reads := []string{projections.TicketList, projections.UserList}
	if f.Search != "" {
		reads = append(reads, projections.TicketWords)
	}
	if err := projections.Fresh(ctx, reads...); err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	f.Formerly, f.Viewer = projections.Outdated(ctx, projections.TicketWords), viewer
	if f.OrderBy == projections.ByRank {
		return r.leading(ctx, viewer, f, p)
	}
	if f.OrderBy == "" {
		f.OrderBy, f.Descending = projections.ByCreated, true
	}
	if sieve, others, ok := sieveOf(viewer, f); ok && !p.Count {
		return r.sifted(ctx, viewer, f, others, sieve, p)
	}
	return r.page(ctx, viewer, list(viewer, f), p)
}

// list returns the query of a list in an order other than of ranks.
func list(viewer domain.Actor, f projections.TicketFilter) projections.List[ticketView] {
	l := projections.List[ticketView]{
		ID: "t.id", Desc: f.Descending, Columns: ticketColumns, Varies: varies(viewer, f),
		At:    func(v ticketView) (string, uuid.UUID) { return f.Key(v.TicketRow), v.ID },
		Bytes: func(v ticketView) int { return len(v.Title) + len(v.Description) },
	}
	l.Key, l.Cast = f.Column()
	var w where
	w.Once = !l.Varies
	l.From, l.Reasons = projections.PresentTickets, w.Reasons(viewer)
	if f.Search != "" {
		l.From = w.search(viewer, l.From, f)
	}
	w.tickets(f)
	l.Where = w.Where
	return l
}

func (r *Reader) page(ctx context.Context, viewer domain.Actor, l projections.List[ticketView], p projections.Page) (projections.Slice[view.Ticket], error) {
	views, err := l.Page(ctx, r.pool, p)
	if err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	return projections.Map(views, func(v ticketView) view.Ticket { return v.show(viewer) }), nil
}

// varies reports whether the best plan of a list depends on the values of its
// filter. Parts of titles and words are common or rare; whose tickets are wanted, or
// of which days, finds them by an index in one order, and says how many there are
// for the others.
func varies(viewer domain.Actor, f projections.TicketFilter) bool {
	owned := !viewer.SeesAll() || f.AssignedTo != nil || f.CreatedBy != nil
	created := f.CreatedAfter != nil || f.CreatedBefore != nil
	updated := f.UpdatedAfter != nil || f.UpdatedBefore != nil
	return f.Title != "" || f.Search != "" ||
		((owned || created) && f.OrderBy != projections.ByCreated) || (updated && f.OrderBy != projections.ByUpdated)
}

// tickets adds the conditions of a filter.
func (w *where) tickets(f projections.TicketFilter) {
	if len(f.Statuses) > 0 {
		w.Add("t.status IN (" + oneOf(ticket.Statuses(), f.Statuses, func(s ticket.Status) string { return "'" + string(s) + "'" }) + ")")
	}
	if len(f.Priorities) > 0 {
		w.Add("t.priority_rank IN (" + oneOf(priorities, f.Priorities, func(p ticket.Priority) string { return strconv.Itoa(p.Rank()) }) + ")")
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
		w.Add("lower(t.title) LIKE lower(?)", projections.Containing(f.Title))
	}
	if f.Except != uuid.Nil {
		w.Add("t.id <> ?", f.Except)
	}
	w.Within("t.created_at", f.CreatedAfter, f.CreatedBefore)
	w.Within(f.Updated(), f.UpdatedAfter, f.UpdatedBefore)
}

var priorities = []ticket.Priority{ticket.Low, ticket.Medium, ticket.High}

// oneOf returns, as SQL, those of all values that are wanted. There are so few that
// they are part of the statement rather than arguments: it is then planned once, and
// for them.
func oneOf[V comparable](all, wanted []V, sql func(V) string) string {
	list := []string{"NULL"} // for a list needs something
	for _, v := range all {
		if slices.Contains(wanted, v) {
			list = append(list, sql(v))
		}
	}
	return strings.Join(list[min(1, len(list)-1):], ", ")
}
