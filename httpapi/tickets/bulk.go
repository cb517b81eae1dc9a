package tickets

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
)

// BulkBody is the body that does many things to tickets.
type BulkBody struct {
	Operations []BulkOperation `json:"operations" required:"true" nullable:"false" minItems:"1" maxItems:"100" description:"Carried out one after the other, each by itself: one that is refused does not keep the others."`
}

// BulkOperation is one thing to do to one ticket. Which of the members beside
// ticket and if_match it has depends on op.
type BulkOperation struct {
	_          struct{}                       `additionalProperties:"false"`
	Op         string                         `json:"op" required:"true" enum:"assign,status,priority,delete,restore" example:"assign"`
	Ticket     wire.TicketName                `json:"ticket" required:"true" minLength:"1" maxLength:"40" description:"The ticket's id or number."`
	IfMatch    bind.Optional[int]             `json:"if_match" minimum:"1" description:"The version the ticket must be at."`
	AssignedTo bind.Optional[string]          `json:"assigned_to" nullable:"true" minLength:"1" maxLength:"150" description:"With assign: the assignee, by id or username; null: nobody."`
	Status     bind.Optional[ticket.Status]   `json:"status" description:"With status."`
	Priority   bind.Optional[ticket.Priority] `json:"priority" description:"With priority."`
	Reason     bind.Optional[string]          `json:"reason" maxLength:"1000" trim:"true" description:"With status: why, for the history."`
}

// BulkAnswer is what became of each operation, in their order.
type BulkAnswer struct {
	Results []BulkResult `json:"results" required:"true" nullable:"false"`
}

// BulkResult is what became of one operation, as if it had been a call.
type BulkResult struct {
	Status  int        `json:"status" required:"true" description:"As of a single call: 200, 204 for delete, 403, 404, 412, 422, 503."`
	Ticket  *uuid.UUID `json:"ticket" required:"true" description:"null when it is not known."`
	Version *int       `json:"version" required:"true" description:"Of the ticket after the operation; null when it was refused."`
	Code    *string    `json:"code" required:"true" description:"Why it was refused; null when it was not."`
	Detail  *string    `json:"detail" required:"true"`
}

// bulk carries out operations one after the other. Its answer is 200 whatever
// became of each of them. Under a key each has a command id of its own: a repeat
// after a crash goes on where the first attempt came to.
func (r Resource) bulk(ctx context.Context, c *httpapi.Call, in BulkBody) (BulkAnswer, error) {
	var faults []problem.Violation
	operations := make([]commands.Operation, len(in.Operations))
	for i, op := range in.Operations {
		faults = append(faults, op.faults("/operations/"+strconv.Itoa(i)+"/")...)
		operations[i] = op.operation(ticket.By{Actor: c.Actor})
	}
	if faults != nil {
		return BulkAnswer{}, problem.Invalid(faults...)
	}
	results, err := c.Bulk(ctx, operations)
	answer := BulkAnswer{Results: make([]BulkResult, len(results))}
	for i, result := range results {
		answer.Results[i] = bulkResult(ctx, c, in.Operations[i], result)
	}
	return answer, err
}

// faults lists the members that an operation lacks or has no use for.
func (op BulkOperation) faults(at string) (all []problem.Violation) {
	for _, member := range []struct {
		name   string
		given  bool
		of     string
		needed bool
	}{
		{"assigned_to", op.AssignedTo.Set, "assign", true}, {"status", op.Status.Set, "status", true},
		{"priority", op.Priority.Set, "priority", true}, {"reason", op.Reason.Set, "status", false},
	} {
		switch {
		case member.given && op.Op != member.of:
			all = append(all, problem.Violation{Pointer: at + member.name, Code: "unknown", Detail: "not a field of " + op.Op})
		case !member.given && op.Op == member.of && member.needed:
			all = append(all, problem.Violation{Pointer: at + member.name, Code: domain.ErrRequired.Code, Detail: domain.ErrRequired.Message})
		}
	}
	return all
}

// operation is what an operation asks of its ticket.
func (op BulkOperation) operation(by ticket.By) commands.Operation {
	o := commands.Operation{Ticket: string(op.Ticket), IfMatch: op.IfMatch.Value}
	switch op.Op {
	case "assign":
		o.Command, o.Assignee = ticket.AssignTicket{By: by}, op.AssignedTo.Value
	case "status":
		o.Command = ticket.ChangeStatus{By: by, To: op.Status.Value, Reason: strings.TrimSpace(op.Reason.Value)}
	case "priority":
		o.Command = ticket.EditTicket{By: by, Priority: &op.Priority.Value}
	case "restore":
		o.Command = ticket.RestoreTicket{By: by}
	default:
		o.Command = ticket.DeleteTicket{By: by}
	}
	return o
}

// bulkResult writes what became of an operation. One that may succeed later
// keeps the whole answer from being stored under a key.
func bulkResult(ctx context.Context, c *httpapi.Call, op BulkOperation, result commands.Result) BulkResult {
	if result.Err == nil {
		status := http.StatusOK
		if op.Op == "delete" {
			status = http.StatusNoContent
		}
		return BulkResult{Status: status, Ticket: &result.StreamID, Version: new(result.VersionFor(c.Actor))}
	}
	p, known := problem.Of(result.Err)
	if !known {
		c.Unforeseen(ctx, result.Err)
	}
	if p.Status >= http.StatusInternalServerError {
		c.Unsure()
	}
	r := BulkResult{Status: p.Status, Code: &p.Code, Detail: &p.Detail}
	if result.StreamID != uuid.Nil && p.Status != http.StatusNotFound { // its number may be all that they know
		r.Ticket = &result.StreamID
	}
	return r
}
