package projections

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections/view"
)

// ticketView is a row of read.tickets with the names of its people.
type ticketView struct {
	view.TicketRow
	CreatedByName  string
	AssignedToName string
}

// shapeTicketsSQL completes chosen rows of read.tickets.
const shapeTicketsSQL = `
SELECT t.id, t.number, t.title, t.description, t.priority, t.priority_rank, t.status, t.created_by, t.opened_by,
    t.assigned_to, t.created_at, t.updated_at, t.first_response_at, t.resolved_at, t.closed_at, t.escalated_at,
    t.public_comments, t.internal_comments, t.version, t.position,
    coalesce(c.username, '') AS created_by_name, coalesce(a.username, '') AS assigned_to_name
FROM chosen AS t
LEFT JOIN read.users AS c ON c.id = t.created_by
LEFT JOIN read.users AS a ON a.id = t.assigned_to
ORDER BY t.place`

func (v ticketView) show(viewer domain.Actor) view.Ticket {
	return v.Show(viewer, v.CreatedByName, v.AssignedToName)
}

// visibleTickets adds the condition that the ticket of alias t is visible to
// the viewer: the SQL of [ticket.State.VisibleTo].
func (w *where) visibleTickets(viewer domain.Actor) {
	switch {
	case viewer.SeesAll():
	case viewer.Role == domain.RoleUser:
		w.add("t.created_by = ?", viewer.ID)
	case viewer.Role == domain.RoleAgent && viewer.Visibility == domain.VisibleQueue:
		w.add("(t.assigned_to = ? OR t.created_by = ? OR t.opened_by = ? OR t.assigned_to IS NULL)", viewer.ID, viewer.ID, viewer.ID)
	case viewer.Role == domain.RoleAgent:
		w.add("(t.assigned_to = ? OR t.created_by = ? OR t.opened_by = ?)", viewer.ID, viewer.ID, viewer.ID)
	default:
		w.add("false")
	}
}

// Ticket returns the ticket as the viewer sees it, [domain.ErrNotFound] when
// they don't.
func (r *Reader) Ticket(ctx context.Context, viewer domain.Actor, ref TicketRef) (view.Ticket, error) {
	var w where
	w.ref(ref)
	w.visibleTickets(viewer)
	sql := "WITH chosen AS (SELECT *, 1 AS place FROM read.tickets AS t" + w.String() + ") " + shapeTicketsSQL
	v, err := one[ticketView](ctx, r.pool, "ticket", sql, w.args...)
	return v.show(viewer), err
}

// TicketsByID returns those of the tickets with these ids that the viewer sees.
func (r *Reader) TicketsByID(ctx context.Context, viewer domain.Actor, ids []uuid.UUID) (map[uuid.UUID]view.Ticket, error) {
	var w where
	w.add("t.id = ANY (?)", ids)
	w.visibleTickets(viewer)
	sql := "WITH chosen AS (SELECT *, 1 AS place FROM read.tickets AS t" + w.String() + ") " + shapeTicketsSQL
	rows, _ := r.pool.Query(ctx, sql, w.args...) // CollectRows answers its error
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

// reasons is [where.visibleTickets] for a list: it answers the reasons for which a
// ticket is in it, if there are several. For an agent who does not see all these
// exclude each other, and each has an index by which it finds the few that are
// theirs; one condition with OR would have Postgres walk all tickets of a status in
// search of them.
func (w *where) reasons(viewer domain.Actor) (reasons []string) {
	if viewer.Role != domain.RoleAgent || viewer.SeesAll() {
		w.visibleTickets(viewer)
		return nil
	}
	me, others := w.arg(viewer.ID), " AND t.assigned_to IS DISTINCT FROM $me"
	reasons = []string{"t.assigned_to = $me"}
	if viewer.Visibility == domain.VisibleQueue {
		reasons, others = append(reasons, "t.assigned_to IS NULL"), " AND t.assigned_to <> $me"
	}
	reasons = append(reasons, "t.created_by = $me"+others, "t.opened_by = $me AND t.created_by <> $me"+others)
	for i, reason := range reasons {
		reasons[i] = strings.ReplaceAll(reason, "$me", me)
	}
	return reasons
}

// presentTickets is every ticket as it is now.
const presentTickets = "read.tickets AS t"

// ticketsOf returns the tickets the viewer sees, as a table of alias t.
func (w *where) ticketsOf(viewer domain.Actor) (from string) {
	if reasons := w.reasons(viewer); reasons != nil {
		return either("SELECT * FROM "+presentTickets, reasons, "")
	}
	return presentTickets
}

// from returns the rows of a table that fulfil the conditions, and one of reasons
// where there are any: then as a table of alias t with these columns, and with rest
// after each reason.
func (w where) from(from string, reasons []string, columns, rest string) string {
	if reasons == nil {
		return from + w.String()
	}
	return either("SELECT "+columns+" FROM "+from, reasons, w.and()+rest)
}

// either returns, as a table of alias t, what a query answers for one of reasons
// that exclude each other. rest is what follows the reason: more conditions, an
// order, a limit, which Postgres does not move into the branches by itself.
func either(query string, reasons []string, rest string) string {
	branches := make([]string, len(reasons))
	for i, reason := range reasons {
		branches[i] = "(" + query + " WHERE " + reason + rest + ")"
	}
	return "(" + strings.Join(branches, " UNION ALL ") + ") AS t"
}

func (w *where) ref(ref TicketRef) {
	if ref.ID.UUID != uuid.Nil {
		w.add("t.id = ?", ref.ID)
	} else {
		w.add("t.number = ?", ref.Number)
	}
}

// TicketID returns the id of the ticket a reference names, whoever may see it.
// An id is its own answer; a number nobody has is [domain.ErrNotFound].
func (r *Reader) TicketID(ctx context.Context, ref TicketRef) (ticket.ID, error) {
	if ref.ID.UUID != uuid.Nil {
		return ref.ID, nil
	}
	row, err := one[struct{ ID uuid.UUID }](ctx, r.pool, "ticket number",
		`SELECT id FROM read.tickets WHERE number = $1`, ref.Number)
	return ticket.ID{UUID: row.ID}, err
}

// ticketOrders says what each order compares, and how a cursor's key is read.
var ticketOrders = map[TicketOrder]struct {
	column, cast string
	key          func(ticketView) string
}{
	ByCreated:  {"t.created_at", "timestamptz", func(v ticketView) string { return timeKey(v.CreatedAt) }},
	ByUpdated:  {"t.updated_at", "timestamptz", func(v ticketView) string { return timeKey(v.UpdatedAt) }},
	ByPriority: {"t.priority_rank", "smallint", func(v ticketView) string { return strconv.Itoa(v.PriorityRank) }},
	ByNumber:   {"t.number", "bigint", func(v ticketView) string { return strconv.FormatInt(v.Number, 10) }},
}

func timeKey(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Tickets returns a page of the tickets the viewer sees, narrowed by the
// filter. Without an order they come newest first.
func (r *Reader) Tickets(ctx context.Context, viewer domain.Actor, f TicketFilter, p Page) (Slice[view.Ticket], error) {
	if f.OrderBy == ByRank {
		return r.found(ctx, viewer, f, p)
	}
	if f.OrderBy == "" {
		f.OrderBy, f.Descending = ByCreated, true
	}
	order := ticketOrders[f.OrderBy]
	l := list[ticketView]{
		key: order.column, cast: order.cast, id: "t.id", desc: f.Descending,
		shape: shapeTicketsSQL,
		at:    func(v ticketView) (string, uuid.UUID) { return order.key(v), v.ID },
	}
	l.from, l.columns, l.reasons = presentTickets, "t.*", l.where.reasons(viewer)
	if f.Search != "" {
		l.from, _ = l.where.search(viewer, l.from, f)
	}
	l.where.tickets(f)
	views, err := l.page(ctx, r.pool, p)
	if err != nil {
		return Slice[view.Ticket]{}, err
	}
	return shown(views, func(v ticketView) view.Ticket { return v.show(viewer) }), nil
}

// tickets adds the conditions of a filter.
func (w *where) tickets(f TicketFilter) {
	if len(f.Statuses) > 0 {
		w.add("t.status = ANY (?)", f.Statuses)
	}
	if len(f.Priorities) > 0 {
		w.add("t.priority_rank = ANY (?)", ranks(f.Priorities))
	}
	if f.Unassigned {
		w.add("t.assigned_to IS NULL")
	}
	if f.AssignedTo != nil {
		w.add("t.assigned_to = ?", *f.AssignedTo)
	}
	if f.CreatedBy != nil {
		w.add("t.created_by = ?", *f.CreatedBy)
	}
	if f.Title != "" {
		w.add("t.title ILIKE ?", containing(f.Title))
	}
	w.within("t.created_at", f.CreatedAfter, f.CreatedBefore)
	w.within("t.updated_at", f.UpdatedAfter, f.UpdatedBefore)
}

// within adds the bounds of an instant, where they are given: from, and before.
func (w *where) within(column string, from, before *time.Time) {
	if from != nil {
		w.add(column+" >= ?", *from)
	}
	if before != nil {
		w.add(column+" < ?", *before)
	}
}

func ranks(priorities []ticket.Priority) []int {
	ranks := make([]int, len(priorities))
	for i, p := range priorities {
		ranks[i] = p.Rank()
	}
	return ranks
}

// shown turns a slice of rows into what is shown of them.
func shown[R, T any](s Slice[R], show func(R) T) Slice[T] {
	items := make([]T, len(s.Items))
	for i, row := range s.Items {
		items[i] = show(row)
	}
	return Slice[T]{Items: items, Next: s.Next, Previous: s.Previous, Count: s.Count}
}
