package projections

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

// ByRank orders a search by how well a ticket matches, the best first. It is
// for a filter with Search alone.
const ByRank TicketOrder = "rank"

// foundTicket is a ticketView with how well it matches.
type foundTicket struct {
	ticketView
	Rank float32
}

// search narrows a list to the tickets that match the filter's Search, in the
// words the viewer may read, and answers what to list from and the rank. Most
// tickets have no notes among staff, and no words beside the public ones.
func (w *where) search(viewer domain.Actor, from string, f TicketFilter) (joined, rank string) {
	query := fmt.Sprintf("websearch_to_tsquery('english', %s)", w.arg(f.Search))
	words := "s.public_words"
	if ticket.SeesInternal(viewer) {
		w.add("(s.all_words @@ " + query + " OR (s.all_words IS NULL AND s.public_words @@ " + query + "))")
		words = "coalesce(s.all_words, s.public_words)"
	} else {
		w.add("s.public_words @@ " + query)
	}
	return from + " JOIN " + wordsTable(f) + " AS s ON s.ticket_id = t.id", fmt.Sprintf("ts_rank(%s, %s)", words, query)
}

// wordsTable answers the table with the words of all tickets that a filter may let
// through: the small one of those that want work, when it asks for no others.
func wordsTable(f TicketFilter) string {
	if len(f.Statuses) == 0 || slices.ContainsFunc(f.Statuses, func(s ticket.Status) bool { return !s.Active() }) {
		return "read.ticket_search"
	}
	return "read.active_search"
}

// found answers a page of a search in the order of ranks. A ticket whose texts
// change moves within the list; all others keep their place.
func (r *Reader) found(ctx context.Context, viewer domain.Actor, f TicketFilter, p Page) (Slice[Ticket], error) {
	l := list[foundTicket]{
		cast: "real", id: "t.id", desc: true,
		shape: strings.Replace(shapeTicketsSQL, "t.position,", "t.position, t.rank,", 1),
		at: func(v foundTicket) (string, uuid.UUID) {
			return strconv.FormatFloat(float64(v.Rank), 'g', -1, 32), v.ID
		},
	}
	tickets, _ := l.where.ticketsOf(viewer)
	l.from, l.key = l.where.search(viewer, tickets, f)
	l.columns = "t.*, " + l.key + " AS rank"
	l.where.tickets(f)
	views, err := l.page(ctx, r.pool, p)
	if err != nil {
		return Slice[Ticket]{}, err
	}
	return shown(views, func(v foundTicket) Ticket { return v.show(viewer) }), nil
}
