package tickets

import (
	"context"

	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

func (r Resource) list(ctx context.Context, c *httpapi.Call, in TicketQuery) (httpapi.List[wire.Ticket], error) {
	filter, err := r.filter(ctx, c.Actor, in)
	if err != nil {
		return httpapi.List[wire.Ticket]{}, err
	}
	page, err := c.Page(in.Listing)
	if err != nil {
		return httpapi.List[wire.Ticket]{}, err
	}
	slice, err := r.page(ctx, c, in, filter, page)
	if err != nil {
		return httpapi.List[wire.Ticket]{}, err
	}
	out, err := httpapi.ListOf(c, slice, wire.TicketOf)
	if err == nil && in.AsOf.Set {
		c.Memento(in.AsOf.Value)
	}
	return out, err
}

// page reads a page of the list of now, or of the instant asked for.
func (r Resource) page(ctx context.Context, c *httpapi.Call, in TicketQuery, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	if !in.AsOf.Set {
		return r.Read.Tickets(ctx, c.Actor, f, p)
	}
	slice, err := r.Past.Tickets(ctx, c.Actor, in.AsOf.Value, f, p)
	return slice, httpapi.InFuture(err, "as_of")
}

func (r Resource) one(ctx context.Context, c *httpapi.Call, in TicketReading) (wire.TicketWithComments, error) {
	if in.AsOf.Set || in.Version.Set {
		return r.past(ctx, c, in)
	}
	var out wire.TicketWithComments
	ref, err := ticket.ParseRef(string(in.Ticket))
	if err != nil {
		return out, err
	}
	t, err := r.Read.Ticket(ctx, c.Actor, ref)
	if err != nil {
		return out, err
	}
	if err := c.Tag(t.Version); err != nil {
		return out, err
	}
	// The comments have a projection of their own, which may be behind. Under the
	// ticket's ETag they may be newer than its version, for then a client that
	// asks again gets both anew; were they older, it never would.
	c.AtLeast(t.Position)
	id := ticket.ID{UUID: t.ID}
	comments, err := r.Read.AllComments(ctx, c.Actor, id)
	if err != nil {
		return out, err
	}
	var files []view.Attachment
	if t.HadFiles {
		if files, err = r.Read.Attachments(ctx, c.Actor, id); err != nil {
			return out, err
		}
	}
	out.Ticket, out.Attachments, out.Comments = wire.TicketOf(t), own(files), make([]wire.Comment, len(comments))
	for i, comment := range comments {
		comment.Attachments = view.AttachmentsAt(files, &comment.ID)
		out.Comments[i] = wire.CommentOf(comment)
	}
	return out, nil
}
