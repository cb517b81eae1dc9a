package ticket

import (
	"time"

	"helpdesk/domain"
)

// Command is what can be asked of a ticket. Every command names its actor; ids
// and times arrive inside it, so that deciding is repeatable.
type Command interface{ ActedBy() domain.Actor }

// By is the actor part of every command.
type By struct{ Actor domain.Actor }

// ActedBy returns who gives the command.
func (b By) ActedBy() domain.Actor { return b.Actor }

type (
	// OpenTicket opens a ticket for CreatedBy, who is the actor themselves when
	// zero. Only staff may name somebody else.
	OpenTicket struct {
		By
		Number      int64
		Title       string
		Description string
		Priority    Priority // "" is low
		Exempt      bool     // it is not to escalate by itself, which an import may ask for
		CreatedBy   domain.UserID
	}
	// EditTicket changes what is not nil, in one append: all of it or nothing.
	EditTicket struct {
		By
		Title       *string
		Description *string
		Priority    *Priority
		Status      *Status
		AssignedTo  *Assignee
	}
	// ChangeStatus is each of the verbs start, resolve, close, reopen, escalate. Who
	// starts work on an unassigned ticket takes it.
	ChangeStatus struct {
		By
		To     Status
		Reason string // optional, at most ReasonMax characters
	}
	// EscalateOverdue escalates a ticket that waited too long. It is decided late,
	// so it names what it was set for, and does nothing to a ticket that has
	// moved on since: another opening, another priority, a status that no longer
	// waits, or escalated once already.
	EscalateOverdue struct {
		By
		Opening  int      // see [State]
		Priority Priority // when the waiting time was reckoned
		Waiting  []Status // statuses in which a ticket waits
		Reason   string
		Silent   bool // nobody is to be told
	}
	// AssignTicket gives the ticket to somebody, or to nobody: one in progress then
	// returns to open.
	AssignTicket struct {
		By
		To Assignee
	}
	// TakeBack unassigns a ticket that is active and still of somebody who does not
	// work on tickets any more. It is the service's own to give.
	TakeBack struct {
		By
		From domain.UserID
	}
	// AddComment adds a comment; one that is Internal is an internal note. A public
	// one of the requester reopens the ticket where its status is one of Reopens,
	// and is refused where it is closed and that is none of them.
	AddComment struct {
		By
		CommentID CommentID
		Text      string
		Internal  bool
		Reopens   []Status
		Now       time.Time
	}
	// EditComment gives a comment a new text.
	EditComment struct {
		By
		CommentID CommentID
		Text      string
		Now       time.Time
	}
	// RemoveComment takes a comment out of every read.
	RemoveComment struct {
		By
		CommentID CommentID
		Now       time.Time
	}
	// DeleteTicket takes the ticket out of every read.
	DeleteTicket struct{ By }
)

// Assignee is somebody to assign a ticket to; the zero Assignee is nobody.
type Assignee struct {
	ID          domain.UserID
	ActiveStaff bool // an active agent or admin: looked up, because a ticket knows no people
}

// Longest texts, in characters (API.md "Tickets" and "Comments").
const (
	TitleMax       = 200
	DescriptionMax = 20_000
	CommentMax     = 20_000
	ReasonMax      = 1_000
)

// UserEditWindow is how long a user may edit or remove their own comment
// (API.md, table of permissions).
const UserEditWindow = 15 * time.Minute

// Refusals of this aggregate alone.
var (
	ErrTransition = &domain.Error{Kind: domain.KindRejected, Code: "transition_not_allowed", Message: "this change of status is not allowed"}
	ErrAssignee   = &domain.Error{Kind: domain.KindRejected, Code: "assignee_not_active_staff", Message: "tickets go to active agents and admins only", Field: "assigned_to"}
	ErrUnassigned = &domain.Error{Kind: domain.KindRejected, Code: "ticket_unassigned", Message: "a ticket in progress has an assignee: assign it to somebody", Field: "assigned_to"}
	ErrClosed     = &domain.Error{Kind: domain.KindRejected, Code: "ticket_closed", Message: "the ticket is closed: reopen it, then comment", Field: "ticket"}
	ErrSpan       = &domain.Error{Kind: domain.KindInvalid, Code: "out_of_range", Message: "from and to are not within the text", Field: "to"}
	ErrDuplicate  = &domain.Error{Kind: domain.KindConflict, Code: "already_exists", Message: "a ticket with this id exists already"}
)
