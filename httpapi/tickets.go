package httpapi

import (
	"context"
	"errors"
	"log/slog"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

func (a *API) listTickets(ctx context.Context, c *Call, in TicketQuery) (List[Ticket], error) {
	filter, err := a.ticketFilter(ctx, c.Actor, in)
	if err != nil {
		return List[Ticket]{}, err
	}
	page, err := a.page(c, in.Listing)
	if err != nil {
		return List[Ticket]{}, err
	}
	slice, err := a.ticketsRead(ctx, c, in, filter, page)
	if err != nil {
		return List[Ticket]{}, err
	}
	out, err := listOf(a, c, slice, ticketView)
	if err == nil && in.AsOf.Set {
		a.memento(c, in.AsOf.Value)
	}
	return out, err
}

// ticketsRead reads a page of the list of now, or of the instant asked for.
func (a *API) ticketsRead(ctx context.Context, c *Call, in TicketQuery, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	if !in.AsOf.Set {
		return a.Read.Tickets(ctx, c.Actor, f, p)
	}
	slice, err := a.Past.Tickets(ctx, c.Actor, in.AsOf.Value, f, p)
	return slice, inFuture(err, "as_of")
}

func (a *API) getTicket(ctx context.Context, c *Call, in TicketReading) (TicketWithComments, error) {
	if in.AsOf.Set || in.Version.Set {
		return a.pastTicket(ctx, c, in)
	}
	var out TicketWithComments
	ref, err := parseTicket(in.Ticket)
	if err != nil {
		return out, err
	}
	t, err := a.Read.Ticket(ctx, c.Actor, ref)
	if err != nil {
		return out, err
	}
	if err := c.tag(t.Version); err != nil {
		return out, err
	}
	// The comments have a projector of their own, which may be behind. Under the
	// ticket's ETag they may be newer than its version, for then a client that
	// asks again gets both anew; were they older, it never would.
	if err := c.wait(ctx, t.Position); err != nil {
		c.header.Del("ETag")
	}
	comments, err := a.Read.AllComments(ctx, c.Actor, ticket.ID{UUID: t.ID})
	if err != nil {
		return out, err
	}
	out.Ticket, out.Comments = ticketView(t), make([]Comment, len(comments))
	for i, comment := range comments {
		out.Comments[i] = commentView(comment)
	}
	return out, nil
}

// TicketOpening is the body that opens a ticket.
type TicketOpening struct {
	Title       string                    `json:"title" required:"true" minLength:"1" maxLength:"200" trim:"true" description:"One line."`
	Description string                    `json:"description" required:"true" minLength:"1" maxLength:"20000" trim:"true"`
	Priority    Optional[ticket.Priority] `json:"priority" description:"low when left out."`
	CreatedBy   Optional[string]          `json:"created_by" minLength:"1" maxLength:"150" description:"The requester, by id or username; the caller when left out. Staff may name others."`
}

func (a *API) openTicket(ctx context.Context, c *Call, in TicketOpening) (Written[Ticket], error) {
	command := ticket.OpenTicket{
		By: ticket.By{Actor: c.Actor}, Title: in.Title, Description: in.Description, Priority: in.Priority.Value,
	}
	if in.CreatedBy.Set {
		requester, known, err := a.person(ctx, in.CreatedBy.Value)
		if err != nil {
			return Written[Ticket]{}, err
		}
		command.CreatedBy = requester.ID
		if !known {
			return Written[Ticket]{}, refusedRequester(command)
		}
	}
	id := ticket.ID{UUID: c.newID()}
	out, err := c.carryOut(ctx, func(r commands.Request) (commands.Outcome, error) {
		return a.Tickets.Open(ctx, r, id, command)
	})
	if err != nil {
		return Written[Ticket]{}, err
	}
	c.header.Set("Location", "/api/tickets/"+out.StreamID.String()+"/")
	return a.writtenTicket(ctx, c, out), nil
}

// refusedRequester is the refusal of a ticket for somebody who does not exist:
// what the rules say against it for anybody, else that the name is unknown.
func refusedRequester(c ticket.OpenTicket) error {
	if _, err := ticket.Decide(ticket.State{}, c); err != nil {
		return err
	}
	return domain.ErrUnknown.On("created_by")
}

// changeTicket carries out a command on the ticket that the path names.
func (a *API) changeTicket(ctx context.Context, c *Call, path TicketPath, command ticket.Command) (Written[Ticket], error) {
	out, err := a.commandTicket(ctx, c, path, command)
	if err != nil {
		return Written[Ticket]{}, err
	}
	return a.writtenTicket(ctx, c, out), nil
}

func (a *API) commandTicket(ctx context.Context, c *Call, path TicketPath, command ticket.Command) (commands.Outcome, error) {
	id, err := a.ticketNamed(ctx, path.Ticket)
	if err != nil {
		return commands.Outcome{}, err
	}
	return c.carryOut(ctx, func(r commands.Request) (commands.Outcome, error) {
		return a.Tickets.Do(ctx, r, id, command)
	})
}

// writtenTicket returns a ticket just written to. The write has happened:
// nothing that goes wrong from here on makes it a failure.
func (a *API) writtenTicket(ctx context.Context, c *Call, out commands.Outcome) Written[Ticket] {
	if !c.behind {
		t, err := a.ticketAfter(ctx, c, out)
		if err == nil {
			_ = c.tag(t.Version) // refuses reads only
			view := ticketView(t)
			return Written[Ticket]{Value: &view}
		}
		a.unread(ctx, c, err)
	}
	_ = c.tag(out.Version)
	return Written[Ticket]{Receipt: receiptOf(out)}
}

// ticketAfter reads what the caller wrote. They may have given the ticket out
// of their own sight; they still get to see what they made of it, but nothing
// that came after.
func (a *API) ticketAfter(ctx context.Context, c *Call, out commands.Outcome) (view.Ticket, error) {
	ref := projections.TicketRef{ID: ticket.ID{UUID: out.StreamID}}
	t, err := a.Read.Ticket(ctx, c.Actor, ref)
	if !errors.Is(err, domain.ErrNotFound) {
		return t, err
	}
	t, err = a.Read.Ticket(ctx, domain.System(), ref)
	if err == nil && t.Version != out.Version {
		return t, domain.ErrNotFound
	}
	return t, err
}

// unread notes that a write could not be shown to whoever made it.
func (a *API) unread(ctx context.Context, c *Call, err error) {
	a.Log.LogAttrs(ctx, slog.LevelWarn, "written, but not readable",
		slog.String("request_id", c.ID), slog.Int64("event_position", c.position), slog.Any("error", err))
}
