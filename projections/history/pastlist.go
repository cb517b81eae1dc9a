package history

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// pastRow is what a list of the past is put in order by. What else is shown of a
// ticket comes from its events.
type pastRow struct {
	ID           uuid.UUID
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Number       int64
	PriorityRank int
}

// Pieces of the lists of the past: t is the ticket, h the interval of it that an
// instant falls into.
// Where a list is in order of priorities, p is what gave the ticket its priority then.
const (
	// As in the index of read.ticket_history.
	rankThen  = `(CASE h.priority WHEN 'low' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END)`
	rankGiven = `(CASE p.priority WHEN 'low' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END)`

	isActive    = `status IN ('open', 'in-progress', 'escalated')`
	prioritised = `change IN ('ticket.opened', 'ticket.prioritised')`

	everyTicket = `(SELECT ticket_id AS id, number, created_at, created_by, known_from FROM read.ticket_history WHERE version = 1) AS t`

	joinUpdate = ` CROSS JOIN LATERAL (SELECT occurred_at AS updated_at FROM events
    WHERE stream_id = h.ticket_id AND recorded_at <= $at$publicly ORDER BY version DESC LIMIT 1) AS u`
)

// clockSkew bounds how much earlier than it happened something is recorded, which
// only clocks that disagree can bring about.
const clockSkew = 24 * time.Hour

// Tickets returns a page of the tickets that there were at an instant, as they
// were then, narrowed and put in order by what they were then; a filter with
// Search is not for it. Without an order they come newest first. It refuses like
// [Past.Ticket], and with an error of kind Unavailable when the projections do not
// reach the instant in time.
//
// To narrow or order by update looks at the events of every ticket that the other
// filters leave.
func (p *Past) Tickets(ctx context.Context, viewer domain.Actor, at time.Time, f projections.TicketFilter, page projections.Page) (projections.Slice[view.Ticket], error) {
	if _, err := p.caughtUp(ctx, at); err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	rows, err := pastList(viewer, at, f).Page(ctx, p.pool, page)
	if err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	ids := make([]uuid.UUID, len(rows.Items))
	for i, row := range rows.Items {
		ids[i] = row.ID
	}
	stands, err := p.standsAt(ctx, viewer, ids, at)
	if err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	names, err := p.names(ctx, stands...)
	if err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	items := make([]view.Ticket, len(stands))
	for i, s := range stands {
		items[i] = s.Named(viewer, names)
	}
	return projections.Slice[view.Ticket]{Items: items, Next: rows.Next, Previous: rows.Previous, Count: rows.Count}, nil
}

// standsAt returns tickets as they stood at an instant, as the viewer is shown them,
// in the order of ids and without the texts of their comments. One that was not there is
// the zero stand.
func (p *Past) standsAt(ctx context.Context, viewer domain.Actor, ids []uuid.UUID, at time.Time) ([]stand, error) {
	events, err := p.log.Outline(ctx, ids...)
	if err != nil {
		return nil, err
	}
	// Those of each ticket together, so that it is told where its texts are.
	slices.SortStableFunc(events, func(a, b eventstore.Envelope) int { return bytes.Compare(a.StreamID[:], b.StreamID[:]) })
	of := func(id uuid.UUID) (from, to int) {
		from, _ = slices.BinarySearchFunc(events, id, func(e eventstore.Envelope, id uuid.UUID) int { return bytes.Compare(e.StreamID[:], id[:]) })
		for to = from; to < len(events) && events[to].StreamID == id; to++ {
		}
		return from, to
	}
	moment := Moment{Instant: at}
	var wanted []int
	for _, id := range ids {
		from, to := of(id)
		for _, place := range places(viewer, events[from:to], moment.end(events[from:to]), ticket.Texts()...) {
			wanted = append(wanted, from+place)
		}
	}
	if events, err = p.log.InFull(ctx, events, wanted); err != nil {
		return nil, err
	}
	stands := make([]stand, len(ids))
	for i, id := range ids {
		from, to := of(id)
		stands[i], _ = standAt(viewer, view.Standing(viewer, events[from:to]), moment)
	}
	return stands, nil
}

// caughtUp waits until the projections have all that was recorded at an instant
// or before, and returns the position of the last of it.
func (p *Past) caughtUp(ctx context.Context, at time.Time) (position int64, err error) {
	if position, err = p.Settled(ctx, at); err != nil {
		return 0, err
	}
	waiting, cancel := context.WithTimeout(ctx, pastWait)
	defer cancel()
	return position, p.fresh.Wait(waiting, position, projections.TicketHistory, projections.TicketList, projections.UserList)
}

// pastWait is how long a list of the past waits for the projections.
const pastWait = 2 * time.Second

// pastList returns the query of [Past.Tickets].
func pastList(viewer domain.Actor, at time.Time, f projections.TicketFilter) projections.List[pastRow] {
	if f.OrderBy == "" {
		f.OrderBy, f.Descending = projections.ByCreated, true
	}
	f.Viewer = viewer
	l := projections.List[pastRow]{
		Desc: f.Descending, Varies: true,
		At: func(r pastRow) (string, uuid.UUID) {
			return f.Key(view.TicketRow{
				CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Number: r.Number, PriorityRank: r.PriorityRank,
			}), r.ID
		},
	}
	var w where
	first := beginning(f)
	l.From, l.ID = w.ticketsThen(viewer, at, first, f.Statuses)
	updated := "h.created_at" // which is not looked at
	if f.OrderBy == projections.ByUpdated || f.UpdatedAfter != nil || f.UpdatedBefore != nil {
		publicly := ""
		if !ticket.SeesInternal(viewer) {
			publicly = " AND data ->> 'internal' IS DISTINCT FROM 'true'" // as in note_events
		}
		l.From += strings.NewReplacer("$at", w.Arg(at), "$publicly", publicly).Replace(joinUpdate)
		updated = "u.updated_at"
	}
	_, l.Cast = f.Column()
	switch f.OrderBy {
	case projections.ByCreated:
		l.Key = first + ".created_at"
	case projections.ByNumber:
		l.Key = first + ".number"
	case projections.ByUpdated:
		l.Key = updated
	case projections.ByPriority:
		l.Key, l.Cast = rankThen, "integer"
		if first == "p" {
			l.Key = rankGiven
		}
	}
	l.Columns = l.ID + " AS id, h.created_at, " + updated + " AS updated_at, h.number, " + rankThen + " AS priority_rank"
	w.pastTickets(viewer, first, f)
	l.Where = w.Where
	return l
}

// beginning returns where a list of the past begins: with the intervals (h) for what
// has an index of them, with what gave tickets their priorities (p) for that order,
// else with the tickets (t). The planner cannot know how few of those that once were
// are at an instant, so it is told.
func beginning(f projections.TicketFilter) string {
	done := func(s ticket.Status) bool { return !s.Active() }
	switch {
	case f.CreatedBy != nil || f.Title != "":
		return "t"
	case f.OrderBy == projections.ByPriority && (len(f.Statuses) == 0 || slices.ContainsFunc(f.Statuses, done)):
		return "p"
	case len(f.Statuses) > 0 || f.Unassigned || f.AssignedTo != nil:
		return "h"
	}
	return "t"
}

// where is the conditions of a query on the past of tickets.
type where struct{ projections.Where }

// ticketsThen adds the conditions of tickets whose past the viewer may see and
// which were there at an instant. It returns what to list from, beginning with first,
// and where their ids are.
func (w *where) ticketsThen(viewer domain.Actor, at time.Time, first string, statuses []ticket.Status) (from, id string) {
	tickets := everyTicket
	if !audits(viewer) {
		tickets = w.TicketsOf(viewer)
	} else if first == "t" {
		w.Add("t.known_from <= ?", at)
	}
	if first != "p" {
		w.Add(first+".created_at <= ?", at.Add(clockSkew)) // where to begin in the order of the index
	}
	w.Add("h.known_from <= ? AND coalesce(h.known_to, 'infinity') > ?", at, at)
	switch first {
	case "t":
		return tickets + " JOIN read.ticket_history AS h ON h.ticket_id = t.id", "t.id"
	case "p":
		from, id = w.priorities(at)+" JOIN read.ticket_history AS h ON h.ticket_id = p.ticket_id", "p.ticket_id"
	default:
		from, id = w.intervals(at, statuses), "h.ticket_id"
	}
	if !audits(viewer) {
		from += " JOIN " + tickets + " ON t.id = " + id
	}
	return from, id
}

// priorities returns what gave each ticket its priority at an instant: the last of
// them that was known. None is after it, but of an equality the planner would expect
// hardly any row, and put all of them in order.
func (w *where) priorities(at time.Time) (from string) {
	w.Add("p.known_from <= ?", at)
	w.Add("p.version >= (SELECT max(version) FROM read.ticket_history WHERE ticket_id = p.ticket_id AND "+prioritised+" AND known_from <= ?)", at)
	return "(SELECT * FROM read.ticket_history WHERE " + prioritised + ") AS p"
}

// intervals returns the intervals with these statuses, all without any: those of
// active tickets together, for at an instant they are few, and a branch for each other
// status, which has an index of its own.
func (w *where) intervals(at time.Time, statuses []ticket.Status) (from string) {
	if len(statuses) == 0 {
		return "read.ticket_history AS h"
	}
	var branches []string
	var active []ticket.Status
	for _, status := range slices.Compact(slices.Sorted(slices.Values(statuses))) {
		if status.Active() {
			active = append(active, status)
			continue
		}
		is := "'" + string(status) + "'" // of an argument the planner cannot know which index has it
		if status != ticket.StatusResolved && status != ticket.StatusClosed {
			is = w.Arg(status)
		}
		branches = append(branches, "SELECT * FROM read.ticket_history WHERE status = "+is)
	}
	if active != nil {
		then := projections.UnderWay("read.ticket_history", "known_from", "known_to", w.Arg(at)+"::timestamptz", isActive)
		branches = append(branches, "SELECT * FROM ("+then+") AS active WHERE status = ANY ("+w.Arg(active)+")")
	}
	return "(" + strings.Join(branches, " UNION ALL ") + ") AS h"
}

// pastTickets adds the conditions of a filter, by what tickets were then. first is
// where the list begins.
func (w *where) pastTickets(viewer domain.Actor, first string, f projections.TicketFilter) {
	if len(f.Statuses) > 0 && first != "h" {
		w.Add("h.status = ANY (?)", f.Statuses)
	}
	if len(f.Priorities) > 0 {
		w.Add("h.priority = ANY (?)", f.Priorities)
	}
	if f.Unassigned {
		w.Add("h.assigned_to IS NULL")
	}
	if f.AssignedTo != nil {
		w.Add("h.assigned_to = ?", *f.AssignedTo)
	}
	if f.CreatedBy != nil {
		w.Add("t.created_by = ?", *f.CreatedBy)
	}
	if f.Title != "" { // once among all titles there ever were, which are indexed
		pattern := projections.Containing(f.Title)
		w.Add(`t.id IN (SELECT ticket_id FROM read.ticket_history
    WHERE change IN ('ticket.opened', 'ticket.retitled', 'ticket.text_redacted', 'ticket.restored') AND title ILIKE ?) AND h.title ILIKE ?`, pattern, pattern)
		if !ticket.SeesWithdrawn(viewer) { // else they could guess at what they are not shown
			w.Add("h.title = t.title")
		}
	}
	created := "h.created_at"
	if first == "t" {
		created = "t.created_at"
	}
	w.Within(created, f.CreatedAfter, f.CreatedBefore)
	w.Within("u.updated_at", f.UpdatedAfter, f.UpdatedBefore)
}
