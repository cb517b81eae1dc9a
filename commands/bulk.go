package commands

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

// Operation is a command on one of many tickets.
type Operation struct {
	ID      uuid.UUID // of the command; zero: it is not idempotent
	Ticket  string    // id or number
	IfMatch int       // 0: any version
	Command ticket.Command
	// Assignee is whom a [ticket.AssignTicket] assigns, looked up by id or username
	// when its turn has come; "": the command says it.
	Assignee string
}

// Result is what became of an [Operation]. The outcome's StreamID is the ticket
// wherever that is known, also of one that was refused.
type Result struct {
	Outcome
	Err error
}

// ErrNoTime refuses an operation whose turn had not come when the time of its request
// was over.
var ErrNoTime = &domain.Error{
	Kind: domain.KindUnavailable, Code: "no_time",
	Message: "the time of the request was over before the turn of this operation; nothing of it was written, send it again",
}

// Bulk carries out operations one after the other, each by itself: one that is
// refused does not keep the others. It waits for nothing; see [App.Arrive]. Once the
// deadline of ctx has passed the others are refused with [ErrNoTime]: what was done is
// told. It returns an error only when ctx is cancelled, or when what was done before is
// not known. Without ids those on one ticket are written together.
//
// again says that an attempt with the same ids came before and may have been cut
// off. What that one carried out is not done again; what it passed by, refused or
// with nothing to change, is decided again and never carried out: others came
// after it.
func (a *App) Bulk(ctx context.Context, correlationID string, operations []Operation, again bool) (results []Result, resumed bool, err error) {
	var done []*Outcome
	if again {
		if done, err = a.earlier(ctx, operations); err != nil {
			return nil, false, err
		}
	}
	idempotent := slices.ContainsFunc(operations, func(op Operation) bool { return op.ID != uuid.Nil })
	if a.Together != nil && !idempotent {
		results = a.together(ctx, correlationID, operations)
		for i := range results {
			results[i].Err = inTime(results[i].Err)
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, false, ctx.Err()
		}
		return results, false, nil
	}
	results = make([]Result, len(operations))
	for i, op := range operations {
		if i < len(done) && done[i] != nil {
			results[i] = Result{Outcome: *done[i]}
			continue
		}
		e := Execution{Request: Request{ID: op.ID, CorrelationID: correlationID, IfMatch: op.IfMatch}}
		passed := i < len(done)
		if passed {
			e.IfMatch = NoVersion
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			results[i] = Result{Err: ErrNoTime}
			continue
		}
		out, err := a.operate(ctx, e, op)
		err = inTime(err)
		if passed && errors.Is(err, domain.ErrStale) {
			err = ErrRepeated
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, done != nil, ctx.Err()
		}
		results[i] = Result{Outcome: out, Err: err}
	}
	return results, done != nil, nil
}

// inTime returns [ErrNoTime] for an error that says no more than that time is over.
func inTime(err error) error {
	if _, said := errors.AsType[*domain.Error](err); !said && errors.Is(err, context.DeadlineExceeded) {
		return ErrNoTime
	}
	return err
}

// earlier returns what an attempt before this one came to: an entry for each
// operation up to the last that it carried out, nil where it carried out nothing.
func (a *App) earlier(ctx context.Context, operations []Operation) (done []*Outcome, err error) {
	for i, op := range operations {
		out, err := a.Earlier.Outcome(ctx, op.ID)
		if errors.Is(err, domain.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		done = append(done, make([]*Outcome, i+1-len(done))...)
		done[i] = &out
	}
	return done, nil
}

func (a *App) operate(ctx context.Context, e Execution, op Operation) (Outcome, error) {
	id, err := a.TicketNamed(ctx, op.Ticket)
	if err != nil {
		return Outcome{}, err
	}
	command, to := op.Command, AssignNobody()
	if op.Assignee != "" {
		if to, err = a.AssigneeNamed(ctx, op.Assignee); err != nil {
			return Outcome{StreamID: id.UUID}, err
		}
		command = ticket.AssignTicket{By: ticket.By{Actor: command.ActedBy()}, To: to.To}
	}
	out, err := a.Execute(ctx, e, func(r Request) (Outcome, error) { return a.Tickets.Do(ctx, r, id, command) })
	out.StreamID = id.UUID
	return out, to.Refused(err)
}
