// Package tickets is the page of a ticket: conversation, forms, facts, history with
// its slider through the past, and who else has it open.
package tickets

import (
	"context"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// Reader reads what a viewer may see, and returns [domain.ErrNotFound] for what
// they may not; see [projections.Reader].
type Reader interface {
	Ticket(ctx context.Context, viewer domain.Actor, ref ticket.Ref) (view.Ticket, error)
	Thread(ctx context.Context, viewer domain.Actor, of ticket.ID, at *projections.Cursor) (projections.Slice[view.Comment], error)
	Comment(ctx context.Context, viewer domain.Actor, id ticket.CommentID) (view.Comment, error)
	Attachments(ctx context.Context, viewer domain.Actor, of ticket.ID) ([]view.Attachment, error)
	User(ctx context.Context, id user.ID) (view.User, error)
	Users(ctx context.Context, f people.Filter, p projections.Page) (projections.Slice[view.User], error)
}

// History reads what happened to a ticket; see [history.Reader].
type History interface {
	Ticket(ctx context.Context, viewer domain.Actor, id ticket.ID, p projections.Page) (projections.Slice[history.Entry], error)
}

// Past reads tickets as they were; see [history.Past].
type Past interface {
	Ticket(ctx context.Context, viewer domain.Actor, ref ticket.Ref, at history.Moment) (history.PastTicket, error)
	Comments(ctx context.Context, viewer domain.Actor, at time.Time, of *ticket.Ref, p projections.Page) (projections.Slice[view.Comment], error)
}

// Schedule finds when tickets escalate; see [saga.Schedule].
type Schedule interface {
	Due(ctx context.Context, tickets []uuid.UUID) (map[uuid.UUID]time.Time, error)
}

// Viewers knows who has which ticket open; see [workspace.Viewers].
type Viewers interface {
	Arrive(ctx context.Context, ticket uuid.UUID, who domain.UserID) (others []string, err error)
	Leave(ctx context.Context, ticket uuid.UUID, who domain.UserID) error
}

// Section is the pages of this package. All fields but the last are needed.
type Section struct {
	App      *commands.App
	Read     Reader
	History  History
	Past     Past
	Schedule Schedule
	Viewers  Viewers
	// ReplyReopens are the statuses in which a reply of the requester reopens the
	// ticket, whatever they ask for.
	ReplyReopens []ticket.Status
}

// Pages returns the pages and forms of the section.
func (s *Section) Pages() []web.Page {
	return []web.Page{
		web.Get("tickets/:ticket", web.SignedIn, s.showTicket).Dear(),
		web.Post("tickets/:ticket/comment", web.SignedIn, s.comment).TakesFiles(),
		web.Post("tickets/:ticket/comments/:comment", web.SignedIn, s.changeComment),
		web.Post("tickets/:ticket/files", web.SignedIn, removingFiles(s)),
		web.Post("tickets/:ticket/edit", web.SignedIn, s.editTicket),
		web.Post("tickets/:ticket/status", web.SignedIn, s.changeStatus),
		web.Post("tickets/:ticket/assign", web.SignedIn, s.assign),
		web.Post("tickets/:ticket/redact", web.SignedIn, s.redact),
		web.Post("tickets/:ticket/delete", web.SignedIn, s.deleteTicket),
		web.Post("tickets/:ticket/restore", web.SignedIn, s.restore),
		web.Post("tickets/:ticket/here", web.SignedIn, s.stay),
	}
}
