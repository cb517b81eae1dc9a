package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

// BulkBody is the body that does many things to tickets.
type BulkBody struct {
	Operations []BulkOperation `json:"operations" required:"true" nullable:"false" minItems:"1" maxItems:"100" description:"Carried out one after the other, each by itself: one that is refused does not keep the others."`
}

// BulkOperation is one thing to do to one ticket. Which of the members beside
// ticket and if_match it has depends on op.
type BulkOperation struct {
	_          struct{}                  `additionalProperties:"false"`
	Op         string                    `json:"op" required:"true" enum:"assign,status,priority,delete" example:"assign"`
	Ticket     TicketName                `json:"ticket" required:"true" minLength:"1" maxLength:"40" description:"The ticket's id or number."`
	IfMatch    Optional[int]             `json:"if_match" minimum:"1" description:"The version the ticket must be at."`
	AssignedTo Optional[string]          `json:"assigned_to" nullable:"true" minLength:"1" maxLength:"150" description:"With assign: the assignee, by id or username; null: nobody."`
	Status     Optional[ticket.Status]   `json:"status" description:"With status."`
	Priority   Optional[ticket.Priority] `json:"priority" description:"With priority."`
	Reason     Optional[string]          `json:"reason" maxLength:"1000" trim:"true" description:"With status: why, for the history."`
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

// bulkTickets carries out operations one after the other. Its answer is 200
// whatever became of each of them. Under a key each has a command id of its own:
// a repeat after a crash goes on where the first attempt came to.
func (a *API) bulkTickets(ctx context.Context, c *Call, in BulkBody) (BulkAnswer, error) {
	var faults []Violation
	for i, op := range in.Operations {
		faults = append(faults, op.faults("/operations/"+strconv.Itoa(i)+"/")...)
	}
	if faults != nil {
		return BulkAnswer{}, invalid(faults...)
	}
	if c.versions != nil {
		return BulkAnswer{}, invalidHeader("If-Match", "each operation has an if_match of its own")
	}
	done, err := c.earlierOperations(ctx, len(in.Operations))
	if err != nil {
		return BulkAnswer{}, err
	}
	answer := BulkAnswer{Results: make([]BulkResult, len(in.Operations))}
	var reached int64
	for i, op := range in.Operations {
		out, err := a.operateOn(ctx, c, i, op, done)
		if ctx.Err() != nil { // under a key a repeat finds what was done
			return BulkAnswer{}, ctx.Err()
		}
		answer.Results[i] = a.bulkResult(ctx, c, op, out, err)
		reached = max(reached, out.Position)
	}
	if reached > 0 {
		c.arrive(ctx, reached)
	}
	return answer, nil
}

// faults lists the members that an operation lacks or has no use for.
func (op BulkOperation) faults(at string) (all []Violation) {
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
			all = append(all, Violation{Pointer: at + member.name, Code: "unknown", Detail: op.Op + " has no such member"})
		case !member.given && op.Op == member.of && member.needed:
			all = append(all, Violation{Pointer: at + member.name, Code: domain.ErrRequired.Code, Detail: domain.ErrRequired.Message})
		}
	}
	return all
}

// earlierOperations returns what an attempt before this one came to: an entry
// for each operation up to the last that it carried out, nil where it carried
// out nothing. Without such an attempt there are none.
func (c *Call) earlierOperations(ctx context.Context, n int) (done []*commands.Outcome, err error) {
	if c.held == nil || !c.held.Again {
		return nil, nil
	}
	for i := range n {
		out, err := c.api.Earlier.Outcome(ctx, c.operationID(i))
		if errors.Is(err, domain.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		done = append(done, make([]*commands.Outcome, i+1-len(done))...)
		done[i] = &out
	}
	if done != nil {
		c.header.Set("Idempotency-Replayed", "true")
	}
	return done, nil
}

// operationID is the command id of the operation with that number.
func (c *Call) operationID(number int) uuid.UUID {
	if c.command.ID == uuid.Nil {
		return uuid.Nil
	}
	return uuid.NewSHA1(c.command.ID, []byte(strconv.Itoa(number)))
}

// operateOn carries out the operation with that number of a bulk call. One that
// the attempt before this one passed by, refused or with nothing to change, is
// decided again and never carried out: others came after it.
func (a *API) operateOn(ctx context.Context, c *Call, number int, op BulkOperation, done []*commands.Outcome) (commands.Outcome, error) {
	r := commands.Request{ID: c.operationID(number), CorrelationID: c.ID, IfMatch: op.IfMatch.Value}
	passed := number < len(done)
	if passed && done[number] != nil {
		return *done[number], nil
	}
	if passed {
		r.IfMatch = noVersion
	}
	id, err := a.ticketNamed(ctx, string(op.Ticket))
	if err != nil {
		return commands.Outcome{}, err
	}
	command, known, err := a.bulkCommand(ctx, c, op)
	if err != nil {
		return commands.Outcome{}, err
	}
	out, err := a.Tickets.Do(ctx, r, id, command)
	out.StreamID = id.UUID // also of one that was refused
	if passed && errors.Is(err, domain.ErrStale) {
		err = commands.ErrRepeated
	}
	return out, unknownAssignee(err, known)
}

// bulkCommand returns what an operation asks of its ticket. known is false when
// it names an assignee who does not exist.
func (a *API) bulkCommand(ctx context.Context, c *Call, op BulkOperation) (command ticket.Command, known bool, err error) {
	by := ticket.By{Actor: c.Actor}
	switch op.Op {
	case "assign":
		to, known, err := a.assignee(ctx, op.AssignedTo)
		return ticket.AssignTicket{By: by, To: to}, known, err
	case "status":
		return ticket.ChangeStatus{By: by, To: op.Status.Value, Reason: strings.TrimSpace(op.Reason.Value)}, true, nil
	case "priority":
		return ticket.EditTicket{By: by, Priority: &op.Priority.Value}, true, nil
	}
	return ticket.DeleteTicket{By: by}, true, nil
}

// bulkResult writes what became of an operation. One that may succeed later
// keeps the whole answer from being stored under a key.
func (a *API) bulkResult(ctx context.Context, c *Call, op BulkOperation, out commands.Outcome, err error) BulkResult {
	if err == nil {
		status := http.StatusOK
		if op.Op == "delete" {
			status = http.StatusNoContent
		}
		return BulkResult{Status: status, Ticket: &out.StreamID, Version: &out.Version}
	}
	problem, known := problemOf(err)
	if !known {
		a.unforeseen(ctx, c, err)
	}
	if problem.Status >= http.StatusInternalServerError {
		c.unsure = true
	}
	r := BulkResult{Status: problem.Status, Code: &problem.Code, Detail: &problem.Detail}
	if out.StreamID != uuid.Nil && problem.Status != http.StatusNotFound { // its number may be all that they know
		r.Ticket = &out.StreamID
	}
	return r
}
