package projections

import (
	"time"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

// TicketFilter narrows a list of tickets; a zero member does not narrow.
type TicketFilter struct {
	Statuses      []ticket.Status
	Priorities    []ticket.Priority
	AssignedTo    *domain.UserID
	Unassigned    bool
	CreatedBy     *domain.UserID
	Title         string // part of the title, without regard to case
	Search        string // words in title, description and the comments the viewer may read; as people type them into a web search
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

// TicketRef names a ticket by its id or, when that is zero, by its number.
type TicketRef = ticket.Ref

// UserFilter narrows a list of users; a zero member does not narrow.
type UserFilter struct {
	Search string // part of username, names or address, without regard to case
	// NamesOnly leaves the address out of the search: who must not see one must
	// not find people by it.
	NamesOnly bool
	Role      domain.Role
	Active    *bool
}

// ReportQuery says which span of time a report covers.
type ReportQuery struct {
	To      time.Time // end of the window, inclusive; zero: now
	Days    int       // length of the window in days of 24 hours
	KnownAt time.Time // leave out what was recorded later; zero: leave out nothing
	Explain Explain
}

// Report counts tickets with an event inside (From, To].
type Report struct {
	Opened       int64
	Resolved     int64
	Escalated    int64
	From         time.Time
	To           time.Time
	AsOfPosition int64 // position of the log the counts are complete up to

	Behind []Evidence `db:"-"` // the events behind the counts, where they were asked for
	Next   int64      `db:"-"` // position after which there are more of them; 0: there are not
}
