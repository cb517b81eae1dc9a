package tickets

import (
	"context"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/wire"
	"helpdesk/projections/view"
)

// TicketOpening is the body that opens a ticket.
type TicketOpening struct {
	Title       string                         `json:"title" required:"true" minLength:"1" maxLength:"200" trim:"true" description:"One line."`
	Description string                         `json:"description" required:"true" minLength:"1" maxLength:"20000" trim:"true"`
	Priority    bind.Optional[ticket.Priority] `json:"priority" description:"low when left out."`
	CreatedBy   bind.Optional[string]          `json:"created_by" minLength:"1" maxLength:"150" description:"The requester, by id or username; the caller when left out. Staff may name others."`
}

// Example is the body, or the answer, as the document shows it.
func (TicketOpening) Example() string {
	return `{"title": "Printer smokes", "description": "Again.", "priority": "high"}`
}

func (r Resource) open(ctx context.Context, c *httpapi.Call, in TicketOpening) (wire.Ticket, error) {
	command := ticket.OpenTicket{
		By: ticket.By{Actor: c.Actor}, Title: in.Title, Description: in.Description, Priority: in.Priority.Value,
	}
	if in.CreatedBy.Set {
		requester, known, err := r.App.PersonNamed(ctx, in.CreatedBy.Value)
		if err != nil {
			return wire.Ticket{}, err
		}
		command.CreatedBy = requester.ID
		if !known {
			return wire.Ticket{}, refusedRequester(command)
		}
	}
	id := ticket.ID{UUID: c.NewID()}
	out, err := c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) {
		return r.App.Tickets.Open(ctx, q, id, command)
	})
	if err != nil {
		return wire.Ticket{}, err
	}
	c.Header.Set("Location", "/api/tickets/"+out.StreamID.String()+"/")
	return written(ctx, c, out)
}

// refusedRequester is the refusal of a ticket for somebody who does not exist:
// what the rules say against it for anybody, else that the name is unknown.
func refusedRequester(c ticket.OpenTicket) error {
	if _, err := ticket.Decide(ticket.State{}, c); err != nil {
		return err
	}
	return domain.ErrUnknown.On("created_by")
}

// change carries out a command on the ticket that the path names.
func (r Resource) change(ctx context.Context, c *httpapi.Call, path TicketPath, command ticket.Command) (wire.Ticket, error) {
	out, err := r.command(ctx, c, path, command)
	if err != nil {
		return wire.Ticket{}, err
	}
	return written(ctx, c, out)
}

func (r Resource) command(ctx context.Context, c *httpapi.Call, path TicketPath, command ticket.Command) (commands.Outcome, error) {
	id, err := r.App.TicketNamed(ctx, string(path.Ticket))
	if err != nil {
		return commands.Outcome{}, err
	}
	return c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) {
		return r.App.Tickets.Do(ctx, q, id, command)
	})
}

// written is a ticket just written to, as the command left it: also for a caller
// who gave it out of their own sight.
func written(ctx context.Context, c *httpapi.Call, out commands.Outcome) (wire.Ticket, error) {
	t, ok := view.TicketOf(c.Actor, view.Left(c.Actor, out.Events, out.Since), c.Names(ctx, view.PeopleIn(out.Events)))
	if !ok {
		return wire.Ticket{}, domain.ErrNotFound
	}
	_ = c.Tag(t.Version) // refuses reads only
	return wire.TicketOf(t), nil
}
