package commands

import (
	"context"
	"errors"
	"slices"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Step is one of several commands on a ticket that are carried out together.
type Step struct {
	IfMatch int // 0: any version
	Command ticket.Command
}

// DoAll carries out commands of one actor on the ticket id, one after the other: each is
// decided on what those before it led to, and one that is refused does not keep the others.
// What they led to is appended together, so that all cost hardly more than one: it is
// written, or none of it is. The request MUST have no ID.
func (t *Tickets) DoAll(ctx context.Context, r Request, id ticket.ID, steps []Step) ([]Result, error) {
	tasks := make([]task[ticket.State, ticket.Command], len(steps))
	for i, step := range steps {
		r.IfMatch = step.IfMatch
		tasks[i] = t.task(r, id, step.Command)
	}
	return t.rules().runAll(ctx, tasks...)
}

// runAll carries out commands of one actor on a stream: load → fold → decide → append. A
// stream that is kept need not be loaded: where others wrote since, the append on it is
// refused. What does not lead to an append is decided on one that was loaded, and whoever
// does not see it has it not loaded.
func (g aggregate[S, C]) runAll(ctx context.Context, tasks ...task[S, C]) ([]Result, error) {
	first := tasks[0]
	done, err := first.queues.take(ctx, first.id)
	if err != nil {
		return nil, err
	}
	defer done()
	if s, ok := first.kept.recall(ctx, first.id, first.log); ok {
		d, err := g.judgeAll(ctx, tasks, s)
		if err != nil {
			return nil, err
		}
		if d.sure {
			results, err := g.appendAll(ctx, first, d)
			if !errors.Is(err, eventstore.ErrConflict) {
				return results, err
			}
		}
	}
	if err := g.look(ctx, first); err != nil {
		return nil, err
	}
	for try := range attempts {
		s, err := g.load(ctx, first)
		if err != nil {
			return nil, err
		}
		d, err := g.judgeAll(ctx, tasks, s)
		if err != nil {
			return nil, err
		}
		results, err := g.appendAll(ctx, first, d)
		if !errors.Is(err, eventstore.ErrConflict) {
			return results, err
		}
		if err := pause(ctx, try); err != nil {
			return nil, err
		}
	}
	return nil, ErrBusy
}

// decided is what commands on a stream come to.
type decided[S any] struct {
	stream[S]
	events   []domain.Event // of all, in order
	upto     []int          // how many of them there are after each command
	refusals []error        // of each command
	sure     bool           // whether each led to an event
}

// judgeAll decides each command on what those before it led to.
func (g aggregate[S, C]) judgeAll(ctx context.Context, tasks []task[S, C], s stream[S]) (d decided[S], err error) {
	if s, err = g.inFull(ctx, tasks, s); err != nil {
		return d, err
	}
	d = decided[S]{stream: s, sure: true}
	now, version := s.state, s.outcome(tasks[0].id).VersionFor(tasks[0].actor)
	for _, t := range tasks {
		events, err := g.judge(t, now, version)
		for _, e := range events {
			now = g.evolve(now, e)
			if counts(e, t.actor) {
				version++
			}
		}
		d.events, d.refusals, d.sure = append(d.events, events...), append(d.refusals, err), d.sure && len(events) > 0
		d.upto = append(d.upto, len(d.events))
	}
	return d, nil
}

// appendAll appends what was decided, and returns the stream as each command left it.
func (g aggregate[S, C]) appendAll(ctx context.Context, t task[S, C], d decided[S]) ([]Result, error) {
	all := d.outcome(t.id)
	if len(d.events) > 0 {
		var err error
		if all, err = g.append(ctx, t, d.stream, d.events); err != nil {
			return nil, err
		}
	}
	results := make([]Result, len(d.upto))
	there, before := len(d.history), 0
	for i, upto := range d.upto {
		if results[i].Err = d.refusals[i]; results[i].Err == nil {
			results[i].Outcome = stream[S]{history: all.Events[: there+upto : there+upto]}.outcome(t.id)
			results[i].Changed = upto > before
		}
		before = upto
	}
	return results, nil
}

// together carries out operations that are not idempotent: those on one ticket together,
// whatever is between them, ticket after ticket in the order in which they are named.
func (a *App) together(ctx context.Context, correlationID string, operations []Operation) []Result {
	results := make([]Result, len(operations))
	ids, people := map[string]ticket.ID{}, map[string]Assigning{}
	of := map[ticket.ID][]int{} // operations
	var order []ticket.ID
	for i, op := range operations {
		id, err := once(ids, op.Ticket, func() (ticket.ID, error) { return a.TicketNamed(ctx, op.Ticket) })
		if err == nil && op.Assignee != "" {
			results[i].StreamID = id.UUID
			_, err = once(people, op.Assignee, func() (Assigning, error) { return a.AssigneeNamed(ctx, op.Assignee) })
		}
		if err != nil {
			results[i].Err = err
			continue
		}
		if of[id] == nil {
			order = append(order, id)
		}
		of[id] = append(of[id], i)
	}
	for _, id := range order {
		steps := make([]Step, len(of[id]))
		for n, i := range of[id] {
			op := operations[i]
			steps[n] = Step{IfMatch: op.IfMatch, Command: op.Command}
			if op.Assignee != "" {
				steps[n].Command = ticket.AssignTicket{By: ticket.By{Actor: op.Command.ActedBy()}, To: people[op.Assignee].To}
			}
		}
		done, err := []Result(nil), error(ErrNoTime)
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			done, err = a.Together.DoAll(ctx, Request{CorrelationID: correlationID}, id, steps)
		}
		if err != nil {
			done = slices.Repeat([]Result{{Err: err}}, len(steps))
		}
		for n, i := range of[id] {
			results[i] = done[n]
			results[i].StreamID = id.UUID
			if to, assigns := people[operations[i].Assignee]; assigns {
				results[i].Err = to.Refused(results[i].Err)
			}
		}
	}
	return results
}

// once returns what is known by a name, and looks it up where it is not.
func once[V any](known map[string]V, name string, look func() (V, error)) (V, error) {
	if v, ok := known[name]; ok {
		return v, nil
	}
	v, err := look()
	if err == nil {
		known[name] = v
	}
	return v, err
}
