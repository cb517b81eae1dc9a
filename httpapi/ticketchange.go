package httpapi

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

// TicketPut is the body that gives a ticket all its editable members anew.
type TicketPut struct {
	TicketPath
	Title       string           `json:"title" required:"true" minLength:"1" maxLength:"200" trim:"true" description:"One line."`
	Description string           `json:"description" required:"true" minLength:"1" maxLength:"20000" trim:"true"`
	Priority    ticket.Priority  `json:"priority" required:"true"`
	Status      ticket.Status    `json:"status" required:"true"`
	AssignedTo  Optional[string] `json:"assigned_to" nullable:"true" minLength:"1" maxLength:"150" description:"The assignee, by id or username; null: nobody; stays when left out."`
}

func (a *API) putTicket(ctx context.Context, c *Call, in TicketPut) (Written[Ticket], error) {
	return a.editTicket(ctx, c, in.TicketPath, in.AssignedTo, ticket.EditTicket{
		Title: &in.Title, Description: &in.Description, Priority: &in.Priority, Status: &in.Status,
	})
}

// TicketPatch is the body that changes some members of a ticket.
type TicketPatch struct {
	TicketPath
	Title       Optional[string]          `json:"title" minLength:"1" maxLength:"200" trim:"true" description:"One line."`
	Description Optional[string]          `json:"description" minLength:"1" maxLength:"20000" trim:"true"`
	Priority    Optional[ticket.Priority] `json:"priority"`
	Status      Optional[ticket.Status]   `json:"status"`
	AssignedTo  Optional[string]          `json:"assigned_to" nullable:"true" minLength:"1" maxLength:"150" description:"The assignee, by id or username; null: nobody."`
}

func (a *API) patchTicket(ctx context.Context, c *Call, in TicketPatch) (Written[Ticket], error) {
	return a.editTicket(ctx, c, in.TicketPath, in.AssignedTo, ticket.EditTicket{
		Title: in.Title.Ptr(), Description: in.Description.Ptr(), Priority: in.Priority.Ptr(), Status: in.Status.Ptr(),
	})
}

func (a *API) editTicket(ctx context.Context, c *Call, path TicketPath, to Optional[string], command ticket.EditTicket) (Written[Ticket], error) {
	command.Actor = c.Actor
	known := true
	if to.Set {
		assignee, ok, err := a.assignee(ctx, to)
		if err != nil {
			return Written[Ticket]{}, err
		}
		command.AssignedTo, known = &assignee, ok
	}
	written, err := a.changeTicket(ctx, c, path, command)
	return written, unknownAssignee(err, known)
}

// TicketAssignment is the body that assigns a ticket.
type TicketAssignment struct {
	TicketPath
	AssignedTo Optional[string] `json:"assigned_to" required:"true" nullable:"true" minLength:"1" maxLength:"150" description:"The assignee, by id or username; null: nobody."`
}

func (a *API) assignTicket(ctx context.Context, c *Call, in TicketAssignment) (Written[Ticket], error) {
	assignee, known, err := a.assignee(ctx, in.AssignedTo)
	if err != nil {
		return Written[Ticket]{}, err
	}
	written, err := a.changeTicket(ctx, c, in.TicketPath, ticket.AssignTicket{By: ticket.By{Actor: c.Actor}, To: assignee})
	return written, unknownAssignee(err, known)
}

// assignee looks up whom a body names, nobody for null. Somebody who does not
// exist (known is false) is passed on to the rules as nobody's id: they refuse
// first what the caller may not do at all, and so tell no more than they would
// of somebody who does exist.
func (a *API) assignee(ctx context.Context, to Optional[string]) (assignee ticket.Assignee, known bool, err error) {
	if to.Null {
		return ticket.Assignee{}, true, nil
	}
	account, known, err := a.person(ctx, to.Value)
	return ticket.Assignee{ID: account.ID, ActiveStaff: account.ActiveStaff()}, known, err
}

// unknownAssignee puts right why the rules refused somebody who does not exist.
func unknownAssignee(err error, known bool) error {
	if !known && errors.Is(err, ticket.ErrAssignee) {
		return domain.ErrUnknown.On("assigned_to")
	}
	return err
}

// TicketVerb is the body of start, resolve, close, reopen and escalate.
type TicketVerb struct {
	TicketPath
	Reason Optional[string] `json:"reason" maxLength:"1000" trim:"true" description:"Why, for the history."`
}

// changeStatus makes the handler of one verb.
func (a *API) changeStatus(to ticket.Status) func(context.Context, *Call, TicketVerb) (Written[Ticket], error) {
	return func(ctx context.Context, c *Call, in TicketVerb) (Written[Ticket], error) {
		return a.changeTicket(ctx, c, in.TicketPath, ticket.ChangeStatus{
			By: ticket.By{Actor: c.Actor}, To: to, Reason: in.Reason.Value,
		})
	}
}

func (a *API) deleteTicket(ctx context.Context, c *Call, in TicketPath) (Empty, error) {
	_, err := a.commandTicket(ctx, c, in, ticket.DeleteTicket{By: ticket.By{Actor: c.Actor}})
	return Empty{}, err
}

// newID makes the id of something new: its beginning is the time, which keeps
// new rows together.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
