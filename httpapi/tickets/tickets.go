package tickets

import (
	"context"
	"net/url"
	"time"

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
	comments, err := r.Read.Thread(ctx, c.Actor, ticket.ID{UUID: t.ID}, nil)
	if err != nil {
		return out, err
	}
	return withComments(c, t, comments.Items, comments.Next, nil)
}

// withComments returns a ticket with the first of its comments, of now or of an instant,
// and where the others are.
func withComments(c *httpapi.Call, t view.Ticket, comments []view.Comment, next *projections.Cursor, asOf *time.Time) (wire.TicketWithComments, error) {
	out := wire.TicketWithComments{Ticket: wire.TicketOf(t), Comments: make([]wire.Comment, len(comments))}
	for i, comment := range comments {
		out.Comments[i] = wire.CommentOf(comment)
	}
	query := url.Values{"ticket": {t.ID.String()}}
	if asOf != nil {
		query.Set("as_of", asOf.UTC().Format(time.RFC3339Nano))
	}
	var err error
	out.CommentsNext, err = httpapi.Elsewhere{Route: "listComments", Path: "/api/comments/", Query: query}.LinkTo(c, next)
	return out, err
}
