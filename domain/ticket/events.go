package ticket

import (
	"encoding/json"
	"time"

	"helpdesk/domain"
)

// The events of a ticket. Their JSON is stored for good: a change of shape is
// a new schema version with an upcaster, never an edit of these.
type (
	// Opened starts the stream.
	Opened struct {
		Number      int64         `json:"number"`
		Title       string        `json:"title"`
		Description string        `json:"description"`
		Priority    Priority      `json:"priority"`
		CreatedBy   domain.UserID `json:"created_by"` // the requester
		OpenedBy    domain.UserID `json:"opened_by"`  // who typed it in; zero for an import
	}
	// Retitled gives a new title.
	Retitled struct {
		Title string `json:"title"`
	}
	// Described gives a new description.
	Described struct {
		Description string `json:"description"`
	}
	// Prioritised gives a new priority.
	Prioritised struct {
		Priority Priority `json:"priority"`
	}
	// Assigned makes somebody the assignee, in place of whoever was.
	Assigned struct {
		AssignedTo domain.UserID `json:"assigned_to"`
	}
	// Unassigned leaves the ticket without an assignee.
	Unassigned struct{}
	// Started means an agent has begun: open or escalated to in-progress.
	Started struct {
		Reason string `json:"reason,omitempty"`
	}
	// Resolved means the desk holds it answered.
	Resolved struct {
		Reason string `json:"reason,omitempty"`
	}
	// Closed ends the ticket.
	Closed struct {
		Reason string `json:"reason,omitempty"`
	}
	// Reopened takes a resolved or closed ticket back to open.
	Reopened struct {
		Reason string `json:"reason,omitempty"`
		// CommentID is the requester's comment that did it, the event before this
		// one; zero: somebody asked for it.
		CommentID CommentID `json:"comment_id,omitzero"`
	}
	// Returned takes a ticket in progress that lost its assignee back to open: it
	// comes of the event before it.
	Returned struct{}
	// Escalated means it waited too long, or somebody said so.
	Escalated struct {
		Reason string `json:"reason,omitempty"`
		Silent bool   `json:"silent,omitempty"` // nobody is told: it was overdue when it was imported
	}
	// Exempted means that it does not escalate by itself until it is open anew.
	Exempted struct{}
	// CommentAdded adds a public comment or an internal note.
	CommentAdded struct {
		CommentID CommentID     `json:"comment_id"`
		Author    domain.UserID `json:"author"`
		Text      string        `json:"text"`
		Internal  bool          `json:"internal"`
		// AddedAt is the deciding process's clock; a user's fifteen minutes to
		// edit count from it.
		AddedAt time.Time `json:"added_at"`
	}
	// CommentEdited gives a comment a new text.
	CommentEdited struct {
		CommentID CommentID `json:"comment_id"`
		Text      string    `json:"text"`
		Internal  bool      `json:"internal,omitempty"` // as when it was added; left out by older programs
	}
	// CommentRemoved takes a comment out of every read.
	CommentRemoved struct {
		CommentID CommentID `json:"comment_id"`
		Internal  bool      `json:"internal"` // as when it was added: readers that count need not remember
	}
	// Deleted takes the ticket out of every read; its events stay. See [Restored].
	Deleted struct{}
)

// EventType returns the stored name of the event.
func (Opened) EventType() string         { return "ticket.opened" }
func (Retitled) EventType() string       { return "ticket.retitled" }
func (Described) EventType() string      { return "ticket.described" }
func (Prioritised) EventType() string    { return "ticket.prioritised" }
func (Assigned) EventType() string       { return "ticket.assigned" }
func (Unassigned) EventType() string     { return "ticket.unassigned" }
func (Started) EventType() string        { return "ticket.started" }
func (Resolved) EventType() string       { return "ticket.resolved" }
func (Closed) EventType() string         { return "ticket.closed" }
func (Reopened) EventType() string       { return "ticket.reopened" }
func (Returned) EventType() string       { return "ticket.returned" }
func (Escalated) EventType() string      { return "ticket.escalated" }
func (Exempted) EventType() string       { return "ticket.exempted" }
func (CommentAdded) EventType() string   { return "ticket.comment_added" }
func (CommentEdited) EventType() string  { return "ticket.comment_edited" }
func (CommentRemoved) EventType() string { return "ticket.comment_removed" }
func (Deleted) EventType() string        { return "ticket.deleted" }

// Consequence reports whether a comment reopened the ticket; see [domain.Consequent].
func (e Reopened) Consequence() bool { return e.CommentID != CommentID{} }

// Consequence reports true; see [domain.Consequent].
func (Returned) Consequence() bool { return true }

// Events describes the events of a ticket, as they are stored. Lines are added here,
// never removed: what was once written stays readable.
func Events() []domain.EventType {
	return []domain.EventType{
		domain.PersonalEventOf(func(e *Opened) domain.Texts {
			return domain.TextsOf(e.CreatedBy).Redactable("title", &e.Title).Redactable("description", &e.Description)
		}),
		domain.PersonalEventOf(func(e *Retitled) domain.Texts {
			return domain.Texts{}.Redactable("title", &e.Title)
		}),
		domain.PersonalEventOf(func(e *Described) domain.Texts {
			return domain.Texts{}.Redactable("description", &e.Description)
		}),
		domain.EventOf[Prioritised](),
		domain.EventOf[Assigned](),
		domain.EventOf[Unassigned](),
		domain.PersonalEventOf(func(e *Started) domain.Texts {
			return domain.Texts{}.In("reason", &e.Reason)
		}),
		domain.PersonalEventOf(func(e *Resolved) domain.Texts {
			return domain.Texts{}.In("reason", &e.Reason)
		}),
		domain.PersonalEventOf(func(e *Closed) domain.Texts {
			return domain.Texts{}.In("reason", &e.Reason)
		}),
		domain.PersonalEventOf(func(e *Reopened) domain.Texts {
			return domain.Texts{}.In("reason", &e.Reason)
		}, asItWas),
		domain.EventOf[Returned](),
		domain.PersonalEventOf(func(e *Escalated) domain.Texts {
			return domain.Texts{}.In("reason", &e.Reason)
		}, asItWas),
		domain.EventOf[Exempted](),
		domain.PersonalEventOf(func(e *CommentAdded) domain.Texts {
			return domain.TextsOf(e.Author).Redactable("text", &e.Text)
		}),
		domain.PersonalEventOf(func(e *CommentEdited) domain.Texts {
			return domain.Texts{}.Redactable("text", &e.Text)
		}),
		domain.EventOf[CommentRemoved](),
		domain.PersonalEventOf(func(e *TextRedacted) domain.Texts {
			return domain.Texts{}.Redactable("text", &e.Text).In("reason", &e.Reason)
		}),
		domain.EventOf[Deleted](),
		domain.EventOf[Restored](),
		domain.PersonalEventOf(func(e *AttachmentAdded) domain.Texts {
			return domain.TextsOf(e.AddedBy).In("filename", &e.Filename)
		}),
		domain.EventOf[AttachmentRemoved](),
	}
}

// asItWas reads an event from when it had fewer members, all of which may be missing.
func asItWas(data json.RawMessage) (json.RawMessage, error) { return data, nil }
