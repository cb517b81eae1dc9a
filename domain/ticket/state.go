// Package ticket is the ticket aggregate: what can be asked of a ticket, by
// whom, and which events that gives. Read it as events.go, state.go,
// commands.go, decide.go; access.go is API.md's table of permissions.
package ticket

import (
	"iter"
	"maps"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// ID identifies a ticket; it is the id of the ticket's stream.
type ID struct{ uuid.UUID }

// CommentID identifies a comment within the whole desk.
type CommentID struct{ uuid.UUID }

// Priority is how urgent a ticket is.
type Priority string

// The priorities, lowest first.
const (
	Low    Priority = "low"
	Medium Priority = "medium"
	High   Priority = "high"
)

// Rank orders priorities: low 1, medium 2, high 3; 0 for anything else.
func (p Priority) Rank() int {
	switch p {
	case Low:
		return 1
	case Medium:
		return 2
	case High:
		return 3
	}
	return 0
}

// Status is where a ticket is in its life.
type Status string

// The statuses.
const (
	StatusOpen       Status = "open"
	StatusInProgress Status = "in-progress"
	StatusResolved   Status = "resolved"
	StatusClosed     Status = "closed"
	StatusEscalated  Status = "escalated"
)

// Valid reports whether s is one of the statuses.
func (s Status) Valid() bool {
	_, ok := transitions[s]
	return ok
}

// Active reports whether a ticket of this status is active: one that is neither
// resolved nor closed.
func (s Status) Active() bool {
	return s == StatusOpen || s == StatusInProgress || s == StatusEscalated
}

// transitions is the table of API.md: from → the statuses it may go to.
var transitions = map[Status][]Status{
	StatusOpen:       {StatusInProgress, StatusResolved, StatusClosed, StatusEscalated},
	StatusInProgress: {StatusResolved, StatusClosed, StatusEscalated},
	StatusEscalated:  {StatusInProgress, StatusResolved, StatusClosed},
	StatusResolved:   {StatusClosed, StatusOpen},
	StatusClosed:     {StatusOpen},
}

// Comment is what the rules need to know of a comment.
type Comment struct {
	Author   domain.UserID
	Text     string
	Internal bool
	AddedAt  time.Time
}

// State is a ticket as its events tell it. The zero State is a ticket that was
// never opened.
type State struct {
	Exists      bool // opened and not deleted
	Deleted     bool
	Number      int64
	Title       string
	Description string
	Priority    Priority
	Status      Status
	CreatedBy   domain.UserID
	OpenedBy    domain.UserID
	AssignedTo  domain.UserID // zero: nobody
	Opening     int           // how often it came to be open: 1, one more with each reopening and return
	Size        int           // of its history, in bytes; see [Limits]
	Escalated   bool          // whether it escalated, or was exempted from that, since it was last opened
	Comments    map[CommentID]Comment
	Removed     map[CommentID]Comment // that are not there any more
	Redacted    map[Subject]bool      // texts that were redacted, and not given anew since
	Attachments map[AttachmentID]Attachment
}

// Evolve returns the state after e, and leaves s as it was. It refuses nothing: what
// is stored happened. Events of other aggregates change nothing.
func Evolve(s State, e domain.Event) State { return s.after(e, false) }

// Advance is [Evolve] for who has no use for s any more: its comments and files become
// those of the state after e, and are not copied.
func Advance(s State, e domain.Event) State { return s.after(e, true) }

// Fold returns the state after events. However many comments there are, it copies none
// of the states between.
func Fold(events iter.Seq[domain.Event]) (s State) {
	for e := range events {
		s = s.after(e, true)
	}
	return s
}

// after returns the state after e. Where nobody else has s its maps are changed in
// their place.
func (s State) after(e domain.Event, own bool) State {
	s.Size += sizeOf(e)
	switch e := e.(type) {
	case Opened:
		return State{
			Size: s.Size, Exists: true, Number: e.Number, Title: e.Title, Description: e.Description,
			Priority: e.Priority, Status: StatusOpen, CreatedBy: e.CreatedBy, OpenedBy: e.OpenedBy,
			Opening: 1,
		}
	case Retitled:
		s.Title = e.Title
	case Described:
		s.Description = e.Description
	case Prioritised:
		s.Priority = e.Priority
	case Assigned:
		s.AssignedTo = e.AssignedTo
	case Unassigned:
		s.AssignedTo = domain.UserID{}
	case Exempted:
		s.Escalated = true
	case Deleted:
		s.Exists, s.Deleted = false, true
	case Restored:
		s.Exists, s.Deleted = true, false
	case CommentAdded, CommentEdited:
		s.Comments = evolveComments(s.Comments, e, own)
	case CommentRemoved:
		s.Removed = writable(s.Removed, own)
		s.Removed[e.CommentID] = s.Comments[e.CommentID]
		s.Comments = evolveComments(s.Comments, e, own)
	case AttachmentAdded, AttachmentRemoved:
		s.Attachments = evolveAttachments(s.Attachments, e, own)
	case TextRedacted:
		return s.afterRedaction(e, own)
	default:
		if to, ok := StatusAfter(e); ok {
			s = s.become(to)
		}
	}
	return s.rewritten(e, own)
}

// writable returns a map to be written: itself where nobody else has it, else a copy.
func writable[K comparable, V any](m map[K]V, own bool) map[K]V {
	switch {
	case m == nil:
		return map[K]V{}
	case own:
		return m
	}
	return maps.Clone(m)
}

func (s State) become(to Status) State {
	s.Status = to
	switch to {
	case StatusOpen:
		s.Opening++
		s.Escalated = false
	case StatusEscalated:
		s.Escalated = true
	}
	return s
}

// StatusAfter returns the status a status event leads to; ok is false for any
// other event.
func StatusAfter(e domain.Event) (to Status, ok bool) {
	switch e.(type) {
	case Opened, Reopened, Returned:
		return StatusOpen, true
	case Started:
		return StatusInProgress, true
	case Resolved:
		return StatusResolved, true
	case Closed:
		return StatusClosed, true
	case Escalated:
		return StatusEscalated, true
	}
	return "", false
}

func evolveComments(comments map[CommentID]Comment, e domain.Event, own bool) map[CommentID]Comment {
	next := writable(comments, own)
	switch e := e.(type) {
	case CommentAdded:
		next[e.CommentID] = Comment{Author: e.Author, Text: e.Text, Internal: e.Internal, AddedAt: e.AddedAt}
	case CommentEdited:
		c := next[e.CommentID]
		c.Text = e.Text
		next[e.CommentID] = c
	case CommentRemoved:
		delete(next, e.CommentID)
	}
	return next
}
