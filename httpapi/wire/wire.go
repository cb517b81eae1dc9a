// Package wire is the JSON that more than one resource answers: tickets,
// comments, people, their histories, and the types these are written with.
package wire

import (
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections/view"
)

// Person is somebody as others see them.
type Person struct {
	ID       uuid.UUID `json:"id" required:"true"`
	Username string    `json:"username" required:"true"`
}

// Ticket is a ticket as one viewer sees it.
type Ticket struct {
	ID              uuid.UUID       `json:"id" required:"true"`
	Number          int64           `json:"number" required:"true"`
	Title           string          `json:"title" required:"true"`
	Description     string          `json:"description" required:"true"`
	Priority        ticket.Priority `json:"priority" required:"true"`
	Status          ticket.Status   `json:"status" required:"true"`
	CreatedBy       Person          `json:"created_by" required:"true"`
	AssignedTo      *Person         `json:"assigned_to" required:"true"`
	CreatedAt       Time            `json:"created_at" required:"true"`
	UpdatedAt       Time            `json:"updated_at" required:"true"`
	FirstResponseAt *Time           `json:"first_response_at" required:"true"`
	ResolvedAt      *Time           `json:"resolved_at" required:"true"`
	ClosedAt        *Time           `json:"closed_at" required:"true"`
	EscalatedAt     *Time           `json:"escalated_at" required:"true"`
	CommentCount    int             `json:"comment_count" required:"true" description:"Of the comments the caller may see."`
	AttachmentCount int             `json:"attachment_count" required:"true" description:"Of the files that are there, those of comments included, that the caller may see."`
	Version         int             `json:"version" required:"true" description:"The ETag without its quotes."`
}

// Example is a ticket as the document shows it.
func (Ticket) Example() string {
	return `{"id": "0197c2a4-8f00-7000-8000-000000000001", "number": 1, "title": "Printer smokes", "description": "Again.",
		"priority": "high", "status": "open", "created_by": {"id": "0197c2a4-8f00-7000-8000-00000000000a", "username": "ada"},
		"assigned_to": null, "created_at": "2026-01-31T12:00:00.000000Z", "updated_at": "2026-01-31T12:00:00.000000Z",
		"first_response_at": null, "resolved_at": null, "closed_at": null, "escalated_at": null, "comment_count": 0, "attachment_count": 0, "version": 1}`
}

// TicketWithFiles is a ticket together with the files it was opened with.
type TicketWithFiles struct {
	Ticket
	Attachments []Attachment `json:"attachments" required:"true" nullable:"false" description:"The files it was opened with; comments have their own."`
}

// Example keeps the ticket's own from standing for both: there is none.
func (TicketWithFiles) Example() string { return "" }

// TicketWithComments is a ticket together with what was said about it.
type TicketWithComments struct {
	TicketWithFiles
	Comments     []Comment `json:"comments" required:"true" nullable:"false" description:"Oldest first: all, unless they are longer than half a megabyte together."`
	CommentsNext *string   `json:"comments_next,omitempty" description:"Address of the comments for which there was no room, in the list of comments; left out where all are here."`
}

// Example keeps the ticket's own from standing for both: there is none.
func (TicketWithComments) Example() string { return "" }

// Comment is a comment on a ticket, or an internal note.
type Comment struct {
	ID           uuid.UUID `json:"id" required:"true"`
	Ticket       uuid.UUID `json:"ticket" required:"true"`
	TicketNumber int64     `json:"ticket_number" required:"true"`
	Author       Person    `json:"author" required:"true"`
	Text         string    `json:"text" required:"true"`
	Internal     bool      `json:"internal" required:"true"`
	CreatedAt    Time      `json:"created_at" required:"true"`
	EditedAt     *Time     `json:"edited_at" required:"true"`

	Attachments []Attachment `json:"attachments" required:"true" nullable:"false"`
}

// Example is a comment as the document shows it.
func (Comment) Example() string {
	return `{"id": "0197c2a4-8f00-7000-8000-000000000002", "ticket": "0197c2a4-8f00-7000-8000-000000000001", "ticket_number": 1,
		"author": {"id": "0197c2a4-8f00-7000-8000-00000000000a", "username": "ada"}, "text": "It is the one on the third floor.",
		"internal": false, "created_at": "2026-01-31T12:05:00.000000Z", "edited_at": null, "attachments": []}`
}

// User is somebody. What stands after the names is there only for those who
// may see it.
type User struct {
	ID        uuid.UUID    `json:"id" required:"true"`
	Username  string       `json:"username" required:"true"`
	FirstName string       `json:"first_name" required:"true"`
	LastName  string       `json:"last_name" required:"true"`
	Email     *string      `json:"email,omitempty"`
	Role      *domain.Role `json:"role,omitempty"`
	IsActive  *bool        `json:"is_active,omitempty"`
	CreatedAt *Time        `json:"created_at,omitempty"`
	UpdatedAt *Time        `json:"updated_at,omitempty"`
	NameEmail *string      `json:"name_email,omitempty" description:"First Last - mail"`

	Notifications *Notifications `json:"notifications,omitempty" description:"Which emails they want."`
	Bounced       *Bounced       `json:"bounced,omitempty" description:"Why no emails are sent to the address: one came back for good. Left out: they are sent."`
}

// Bounced is that emails to somebody come back.
type Bounced struct {
	At     Time   `json:"at" required:"true"`
	Detail string `json:"detail" required:"true" description:"What the mail server said; it may be empty."`
}

// Example is a user as the document shows it.
func (User) Example() string {
	return `{"id": "0197c2a4-8f00-7000-8000-00000000000a", "username": "ada", "first_name": "Ada", "last_name": "Lovelace",
		"email": "ada@example.com", "role": "user", "is_active": true, "created_at": "2026-01-31T12:00:00.000000Z",
		"updated_at": "2026-01-31T12:00:00.000000Z", "name_email": "Ada Lovelace - ada@example.com"}`
}

// Notifications are which emails somebody wants. Admins get one of every
// escalation all the same.
type Notifications struct {
	Escalated bool `json:"escalated" required:"true" description:"A ticket of theirs escalated."`
	Assigned  bool `json:"assigned" required:"true" description:"A ticket was assigned to them."`
	Commented bool `json:"commented" required:"true" description:"Somebody else commented on a ticket of theirs."`
	Resolved  bool `json:"resolved" required:"true" description:"A ticket of theirs is resolved."`
}

// PersonOf writes a person.
func PersonOf(p view.Person) Person { return Person{ID: p.ID, Username: p.Username} }

// TicketOf writes a ticket.
func TicketOf(t view.Ticket) Ticket {
	out := Ticket{
		ID: t.ID, Number: t.Number, Title: t.Title, Description: t.Description,
		Priority: t.Priority, Status: t.Status, CreatedBy: PersonOf(t.CreatedBy),
		CreatedAt: Time{t.CreatedAt}, UpdatedAt: Time{t.UpdatedAt},
		FirstResponseAt: TimeOf(t.FirstResponseAt), ResolvedAt: TimeOf(t.ResolvedAt),
		ClosedAt: TimeOf(t.ClosedAt), EscalatedAt: TimeOf(t.EscalatedAt),
		CommentCount: t.CommentCount, AttachmentCount: t.AttachmentCount, Version: t.Version,
	}
	if t.AssignedTo != nil {
		assignee := PersonOf(*t.AssignedTo)
		out.AssignedTo = &assignee
	}
	return out
}

// CommentOf writes a comment.
func CommentOf(c view.Comment) Comment {
	return Comment{
		ID: c.ID, Ticket: c.Ticket, TicketNumber: c.TicketNumber, Author: PersonOf(c.Author),
		Text: c.Text, Internal: c.Internal, CreatedAt: Time{c.CreatedAt}, EditedAt: TimeOf(c.EditedAt),
		Attachments: AttachmentsOf(c.Attachments),
	}
}

// UserOf writes u as viewer sees them: all of it to themselves, admins and
// auditors, the names to agents. That others see nobody is for the caller to refuse.
func UserOf(viewer domain.Actor, u view.User) User {
	out := User{ID: u.ID, Username: u.Username, FirstName: u.FirstName, LastName: u.LastName}
	if viewer.ID.UUID != u.ID && !viewer.Oversees() {
		return out
	}
	nameEmail := u.NameEmail()
	out.Email, out.Role, out.IsActive, out.NameEmail = &u.Email, &u.Role, &u.IsActive, &nameEmail
	out.CreatedAt, out.UpdatedAt = &Time{u.CreatedAt}, &Time{u.UpdatedAt}
	notifications := Notifications(u.Notifications)
	out.Notifications = &notifications
	if u.BouncedAt != nil {
		out.Bounced = &Bounced{At: Time{*u.BouncedAt}, Detail: u.Bounce}
	}
	return out
}
