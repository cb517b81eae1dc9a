package comments

import (
	"context"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/wire"
)

// CommentRedaction is the body that redacts a comment.
type CommentRedaction struct {
	CommentPath
	wire.Redaction
}

// Example is the body, or the answer, as the document shows it.
func (CommentRedaction) Example() string {
	return `{"reason": "It names a salary."}`
}

func (r Resource) redact(ctx context.Context, c *httpapi.Call, in CommentRedaction) (wire.Comment, error) {
	span, err := in.Span()
	if err != nil {
		return wire.Comment{}, err
	}
	id, of, err := r.redacted(ctx, c.Actor, in.CommentPath)
	if err != nil {
		return wire.Comment{}, err
	}
	out, err := c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) {
		return r.App.Tickets.Do(ctx, q, of, ticket.RedactText{
			By: ticket.By{Actor: c.Actor}, Subject: ticket.Subject{Field: ticket.FieldComment, CommentID: id}, Span: span, Reason: in.Reason,
		})
	})
	if err != nil {
		return wire.Comment{}, err
	}
	return written(ctx, c, id, out)
}

// redacted returns the comment that the path names, and its ticket: for an admin one
// that was removed, or whose ticket was deleted, too.
func (r Resource) redacted(ctx context.Context, viewer domain.Actor, path CommentPath) (ticket.CommentID, ticket.ID, error) {
	id, err := bind.ParseUUID(path.Comment)
	if err != nil {
		return ticket.CommentID{}, ticket.ID{}, err
	}
	comment := ticket.CommentID{UUID: id}
	if viewer.Admin() {
		of, err := r.Past.TicketOf(ctx, comment)
		return comment, of, err
	}
	seen, err := r.Read.Comment(ctx, viewer, comment)
	return comment, ticket.ID{UUID: seen.Ticket}, err
}
