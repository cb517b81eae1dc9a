package httpapi

import (
	"context"
	"errors"
	"time"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// CommentQuery is the parameters of the list of comments.
type CommentQuery struct {
	Listing
	Ticket string              `query:"ticket" minLength:"1" maxLength:"40" description:"A ticket's id or number."`
	AsOf   Optional[time.Time] `query:"as_of" description:"The comments as they were known at this instant, in the order in which they were recorded."`
}

func (a *API) listComments(ctx context.Context, c *Call, in CommentQuery) (List[Comment], error) {
	page, err := a.page(c, in.Listing)
	if err != nil {
		return List[Comment]{}, err
	}
	if in.AsOf.Set {
		return a.pastComments(ctx, c, in, page)
	}
	slice, err := a.commentsOf(ctx, c, in.Ticket, page)
	if err != nil {
		return List[Comment]{}, err
	}
	return listOf(a, c, slice, commentView)
}

// pastComments returns [API.listComments] for an instant in the past.
func (a *API) pastComments(ctx context.Context, c *Call, in CommentQuery, page projections.Page) (List[Comment], error) {
	var of *projections.TicketRef
	if in.Ticket != "" {
		ref, err := commentedTicket(in.Ticket)
		if err != nil {
			return List[Comment]{}, err
		}
		of = &ref
	}
	slice, err := a.Past.Comments(ctx, c.Actor, in.AsOf.Value, of, page)
	if err != nil {
		return List[Comment]{}, inFuture(err, "as_of")
	}
	out, err := listOf(a, c, slice, commentView)
	a.memento(c, in.AsOf.Value)
	return out, err
}

// commentedTicket reads the filter by ticket.
func commentedTicket(name string) (projections.TicketRef, error) {
	ref, err := parseTicket(name)
	if err != nil {
		return ref, invalid(Violation{Pointer: "?ticket", Code: "format", Detail: "a ticket's id or number is wanted"})
	}
	return ref, nil
}

// commentsOf reads the comments of the ticket named, of all with "". There are
// none on a ticket that the caller can't see.
func (a *API) commentsOf(ctx context.Context, c *Call, name string, page projections.Page) (projections.Slice[view.Comment], error) {
	var of *ticket.ID
	if name != "" {
		ref, err := commentedTicket(name)
		if err != nil {
			return projections.Slice[view.Comment]{}, err
		}
		of = &ref.ID
		if ref.Number != 0 {
			id, err := a.Read.TicketID(ctx, ref)
			if err != nil {
				return noComments(page, err)
			}
			of = &id
		}
	}
	slice, err := a.Read.Comments(ctx, c.Actor, of, page)
	if err != nil {
		return noComments(page, err)
	}
	return slice, nil
}

// noComments returns an empty page in place of [domain.ErrNotFound].
func noComments(page projections.Page, err error) (projections.Slice[view.Comment], error) {
	var none projections.Slice[view.Comment]
	if !errors.Is(err, domain.ErrNotFound) {
		return none, err
	}
	if page.Count {
		none.Count = new(int64)
	}
	return none, nil
}

// CommentAdding is the body that adds a comment.
type CommentAdding struct {
	Ticket   TicketName     `json:"ticket" required:"true" minLength:"1" maxLength:"40" description:"The ticket's id or number."`
	Text     string         `json:"text" required:"true" minLength:"1" maxLength:"20000" trim:"true"`
	Internal Optional[bool] `json:"internal" description:"A note among staff; false when left out."`
}

func (a *API) addComment(ctx context.Context, c *Call, in CommentAdding) (Written[Comment], error) {
	of, err := a.ticketNamed(ctx, string(in.Ticket))
	if err != nil {
		return Written[Comment]{}, unknownTicket(err)
	}
	id := ticket.CommentID{UUID: c.newID()}
	out, err := c.carryOut(ctx, func(r commands.Request) (commands.Outcome, error) {
		return a.Tickets.Do(ctx, r, of, ticket.AddComment{
			By: ticket.By{Actor: c.Actor}, CommentID: id, Text: in.Text, Internal: in.Internal.Value, Now: a.now(),
		})
	})
	if err != nil {
		return Written[Comment]{}, unknownTicket(err)
	}
	c.header.Set("Location", "/api/comments/"+id.String()+"/")
	return a.writtenComment(ctx, c, id, out), nil
}

// unknownTicket is the one answer for a ticket in a body that does not exist
// and one that the caller can't see.
func unknownTicket(err error) error {
	if errors.Is(err, domain.ErrNotFound) {
		return domain.ErrUnknown.On("ticket")
	}
	return err
}

// writtenComment returns a comment just written. The write has happened:
// nothing that goes wrong from here on makes it a failure.
func (a *API) writtenComment(ctx context.Context, c *Call, id ticket.CommentID, out commands.Outcome) Written[Comment] {
	if !c.behind {
		comment, err := a.Read.Comment(ctx, c.Actor, id)
		if err == nil {
			view := commentView(comment)
			return Written[Comment]{Value: &view}
		}
		a.unread(ctx, c, err)
	}
	receipt := receiptOf(out)
	receipt.ID = id.UUID // the version and position are its ticket's
	return Written[Comment]{Receipt: receipt}
}

func (a *API) getComment(ctx context.Context, c *Call, in CommentPath) (Comment, error) {
	comment, err := a.commentAt(ctx, c, in)
	return commentView(comment), err
}

// commentAt reads the comment that the path names, if the caller may see it.
func (a *API) commentAt(ctx context.Context, c *Call, path CommentPath) (view.Comment, error) {
	id, err := parseUUID(path.Comment)
	if err != nil {
		return view.Comment{}, err
	}
	return a.Read.Comment(ctx, c.Actor, ticket.CommentID{UUID: id})
}
