package projections

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections/view"
)

// TicketFilter narrows a list of tickets; a zero member does not narrow.
type TicketFilter struct {
	Statuses      []ticket.Status
	Priorities    []ticket.Priority
	AssignedTo    *domain.UserID
	Unassigned    bool
	CreatedBy     *domain.UserID
	Title         string // part of the title, without regard to case
	Search        string // words in title, description and the comments the viewer may read; see [terms.Query]
	CreatedAfter  *time.Time
	CreatedBefore *time.Time
	UpdatedAfter  *time.Time
	UpdatedBefore *time.Time
	OrderBy       TicketOrder
	Descending    bool
	// CompareMost is how many tickets that have the words of Search may be compared
	// to put the best first: where they are more, and the viewer sees more than twice
	// as many, the list is refused with [ErrTooCommon]. 0 is any number.
	CompareMost int
	// Except is a ticket that is left out.
	Except uuid.UUID
	// Viewer is whose list it is: for who sees no internal notes a ticket was last updated
	// without them. Readers set it.
	Viewer domain.Actor
	// Formerly has words be found as an older version of the program stored them, too.
	// Readers set it.
	Formerly bool
}

// TicketOrder is what a list of tickets is ordered by.
type TicketOrder string

// The orders of API.md.
const (
	ByCreated  TicketOrder = "created_at"
	ByUpdated  TicketOrder = "updated_at"
	ByPriority TicketOrder = "priority"
	ByNumber   TicketOrder = "number"
)

// ByRank orders a search by how well a ticket matches, the best first. It is
// for a filter with Search alone.
const ByRank TicketOrder = "rank"

// Column returns the column of read.tickets, as t, that the order compares, and
// the type that a cursor's key is read back as.
func (f TicketFilter) Column() (column, cast string) {
	order := ticketOrders[f.OrderBy]
	if f.OrderBy == ByUpdated {
		return f.Updated(), order.cast
	}
	return order.column, order.cast
}

// Updated returns the column of read.tickets, as t, that says when a ticket was last
// updated.
func (f TicketFilter) Updated() string {
	if ticket.SeesInternal(f.Viewer) {
		return "t.updated_at"
	}
	return "coalesce(t.public_updated_at, t.updated_at)"
}

// Key returns what the order compares of a ticket, as a cursor has it.
func (f TicketFilter) Key(t view.TicketRow) string {
	if f.OrderBy == ByUpdated {
		return TimeKey(t.UpdatedFor(f.Viewer))
	}
	return ticketOrders[f.OrderBy].key(t)
}

// ticketOrders is what each order compares, and how a cursor's key is read.
var ticketOrders = map[TicketOrder]struct {
	column, cast string
	key          func(view.TicketRow) string
}{
	ByCreated:  {"t.created_at", "timestamptz", func(v view.TicketRow) string { return TimeKey(v.CreatedAt) }},
	ByUpdated:  {cast: "timestamptz"}, // the rest depends on who looks
	ByPriority: {"t.priority_rank", "smallint", func(v view.TicketRow) string { return strconv.Itoa(v.PriorityRank) }},
	ByNumber:   {"t.number", "bigint", func(v view.TicketRow) string { return strconv.FormatInt(v.Number, 10) }},
}

// TimeKey returns an instant as a cursor has it.
func TimeKey(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
