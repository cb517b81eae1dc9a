package tickets

import (
	"context"

	"helpdesk/commands"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/wire"
)

// TicketPut is the body that gives a ticket all its editable members anew.
type TicketPut struct {
	TicketPath
	Title       string                `json:"title" required:"true" minLength:"1" maxLength:"200" trim:"true" description:"One line."`
	Description string                `json:"description" required:"true" minLength:"1" maxLength:"20000" trim:"true"`
	Priority    ticket.Priority       `json:"priority" required:"true"`
	Status      ticket.Status         `json:"status" required:"true"`
	AssignedTo  bind.Optional[string] `json:"assigned_to" nullable:"true" minLength:"1" maxLength:"150" description:"The assignee, by id or username; null: nobody; stays when left out."`
}

// Example is the body, or the answer, as the document shows it.
func (TicketPut) Example() string {
	return `{"title": "Printer smokes", "description": "The one on the third floor.", "priority": "high", "status": "open"}`
}

func (r Resource) put(ctx context.Context, c *httpapi.Call, in TicketPut) (wire.TicketWithFiles, error) {
	return r.edit(ctx, c, in.TicketPath, in.AssignedTo, ticket.EditTicket{
		Title: &in.Title, Description: &in.Description, Priority: &in.Priority, Status: &in.Status,
	})
}

// TicketPatch is the body that changes some members of a ticket.
type TicketPatch struct {
	TicketPath
	Title       bind.Optional[string]          `json:"title" minLength:"1" maxLength:"200" trim:"true" description:"One line."`
	Description bind.Optional[string]          `json:"description" minLength:"1" maxLength:"20000" trim:"true"`
	Priority    bind.Optional[ticket.Priority] `json:"priority"`
	Status      bind.Optional[ticket.Status]   `json:"status"`
	AssignedTo  bind.Optional[string]          `json:"assigned_to" nullable:"true" minLength:"1" maxLength:"150" description:"The assignee, by id or username; null: nobody."`
}

// Example is the body, or the answer, as the document shows it.
func (TicketPatch) Example() string {
	return `{"priority": "medium", "assigned_to": null}`
}

func (r Resource) patch(ctx context.Context, c *httpapi.Call, in TicketPatch) (wire.TicketWithFiles, error) {
	return r.edit(ctx, c, in.TicketPath, in.AssignedTo, ticket.EditTicket{
		Title: in.Title.Ptr(), Description: in.Description.Ptr(), Priority: in.Priority.Ptr(), Status: in.Status.Ptr(),
	})
}

func (r Resource) edit(ctx context.Context, c *httpapi.Call, path TicketPath, to bind.Optional[string], command ticket.EditTicket) (wire.TicketWithFiles, error) {
	command.Actor = c.Actor
	assigning := commands.AssignNobody()
	if to.Set {
		var err error
		if assigning, err = r.assignee(ctx, to); err != nil {
			return wire.TicketWithFiles{}, err
		}
		command.AssignedTo = &assigning.To
	}
	written, err := r.change(ctx, c, path, command)
	return written, assigning.Refused(err)
}

// TicketAssignment is the body that assigns a ticket.
type TicketAssignment struct {
	TicketPath
	AssignedTo bind.Optional[string] `json:"assigned_to" required:"true" nullable:"true" minLength:"1" maxLength:"150" description:"The assignee, by id or username; null: nobody."`
}

// Example is the body, or the answer, as the document shows it.
func (TicketAssignment) Example() string {
	return `{"assigned_to": "root"}`
}

func (r Resource) assign(ctx context.Context, c *httpapi.Call, in TicketAssignment) (wire.TicketWithFiles, error) {
	assigning, err := r.assignee(ctx, in.AssignedTo)
	if err != nil {
		return wire.TicketWithFiles{}, err
	}
	written, err := r.change(ctx, c, in.TicketPath, ticket.AssignTicket{By: ticket.By{Actor: c.Actor}, To: assigning.To})
	return written, assigning.Refused(err)
}

// assignee looks up whom a body names, nobody for null.
func (r Resource) assignee(ctx context.Context, to bind.Optional[string]) (commands.Assigning, error) {
	if to.Null {
		return commands.AssignNobody(), nil
	}
	return r.App.AssigneeNamed(ctx, to.Value)
}

// TicketVerb is the body of start, resolve, close, reopen and escalate.
type TicketVerb struct {
	TicketPath
	Reason bind.Optional[string] `json:"reason" maxLength:"1000" trim:"true" description:"Why, for the history."`
}

// Example is the body, or the answer, as the document shows it.
func (TicketVerb) Example() string {
	return `{"reason": "New fuser."}`
}

// status makes the handler of one verb.
func (r Resource) status(to ticket.Status) func(context.Context, *httpapi.Call, TicketVerb) (wire.TicketWithFiles, error) {
	return func(ctx context.Context, c *httpapi.Call, in TicketVerb) (wire.TicketWithFiles, error) {
		return r.change(ctx, c, in.TicketPath, ticket.ChangeStatus{
			By: ticket.By{Actor: c.Actor}, To: to, Reason: in.Reason.Value,
		})
	}
}

func (r Resource) remove(ctx context.Context, c *httpapi.Call, in TicketPath) (httpapi.Empty, error) {
	_, err := r.command(ctx, c, in, ticket.DeleteTicket{By: ticket.By{Actor: c.Actor}})
	return httpapi.Empty{}, err
}

// restoring makes the handler that restores a ticket.
func restoring(r Resource) func(context.Context, *httpapi.Call, TicketPath) (wire.TicketWithFiles, error) {
	return func(ctx context.Context, c *httpapi.Call, in TicketPath) (wire.TicketWithFiles, error) {
		return r.change(ctx, c, in, ticket.RestoreTicket{By: ticket.By{Actor: c.Actor}})
	}
}
