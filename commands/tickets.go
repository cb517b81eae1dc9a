package commands

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Numbers hands out the human numbers of tickets.
type Numbers interface {
	NextTicketNumber(ctx context.Context) (int64, error)
}

// Tickets carries out commands on tickets.
type Tickets struct {
	log     Log
	numbers Numbers
	forget  []func(ticket.ID) eventstore.InTx
	kept    *memory[ticket.State]
	queues  *queues
	limits  ticket.Limits

	opened, commented Quota // nil: any number
}

// NewTickets makes the ticket commands over a log. forget is what removes, in the
// transaction that redacts a text of a ticket, what may stand of it beside the log
// and the projections.
func NewTickets(log Log, numbers Numbers, forget ...func(ticket.ID) eventstore.InTx) *Tickets {
	return &Tickets{log: log, numbers: numbers, forget: forget, kept: newMemory[ticket.State](), queues: newQueues()}
}

// Within returns the same commands, for tickets that become no longer than the limits
// allow: beyond is [ticket.ErrFull].
func (t *Tickets) Within(limits ticket.Limits) *Tickets {
	limited := *t
	limited.limits = limits
	return &limited
}

var tickets = aggregate[ticket.State, ticket.Command]{
	streamType: domain.TicketStream, evolve: ticket.Evolve, fold: ticket.Fold, decide: ticket.Decide, person: writer, destroys: redacted,
	seenBy: ticket.SeenBy(), seen: seen, needs: texts,
}

// seen reports whether who gives a command sees the ticket; one that is opened is there
// for nobody yet.
func seen(s ticket.State, c ticket.Command) bool {
	_, opens := c.(ticket.OpenTicket)
	return opens || s.VisibleTo(c.ActedBy())
}

// rules returns the rules of tickets that become no longer than is allowed.
func (t *Tickets) rules() aggregate[ticket.State, ticket.Command] {
	limited := tickets
	limited.decide = func(s ticket.State, c ticket.Command) ([]domain.Event, error) {
		events, err := ticket.Decide(s, c)
		if err == nil {
			err = t.limits.Check(s, c.ActedBy(), events)
		}
		return events, err
	}
	return limited
}

// writer returns whose texts a command on a ticket brings: a comment stays its
// author's when somebody else edits it or redacts a part of it, and of history that was taken over only
// the requester is known for certain.
func writer(_ uuid.UUID, s ticket.State, c ticket.Command) domain.UserID {
	actor := c.ActedBy()
	if edit, ok := c.(ticket.EditComment); ok {
		return s.Comments[edit.CommentID].Author
	}
	if redact, ok := c.(ticket.RedactText); ok {
		return s.AuthorOf(redact.Subject)
	}
	if actor.Kind == domain.ActorImport {
		return s.CreatedBy
	}
	return actor.ID
}

// Open opens the ticket id, giving it the next number. A number is drawn only
// for a command that the rules accept; one that then fails to be written leaves
// a number unused.
func (t *Tickets) Open(ctx context.Context, r Request, id ticket.ID, c ticket.OpenTicket) (Outcome, error) {
	if _, err := ticket.Decide(ticket.State{}, c); err != nil {
		return Outcome{}, err
	}
	if err := count(ctx, t.opened, c.Actor, r, id.UUID, ErrTooManyTickets); err != nil {
		return Outcome{}, err
	}
	number, err := t.numbers.NextTicketNumber(ctx)
	if err != nil {
		return Outcome{}, err
	}
	c.Number = number
	return t.rules().start(ctx, t.task(r, id, c))
}

// Do carries out any command but [ticket.OpenTicket] on the ticket id. Errors
// are those of [ticket.Decide], [domain.ErrStale], [ErrRepeated], [ErrBusy],
// [ErrTooManyComments] and what the log answers when it can't be reached.
func (t *Tickets) Do(ctx context.Context, r Request, id ticket.ID, c ticket.Command) (Outcome, error) {
	if c, adds := c.(ticket.AddComment); adds {
		if err := count(ctx, t.commented, c.Actor, r, c.CommentID.UUID, ErrTooManyComments); err != nil {
			return Outcome{}, err
		}
	}
	do := t.task(r, id, c)
	do.prepare = func(_ ticket.State, a *eventstore.Append) {
		if len(a.Destroys) == 0 {
			return
		}
		for _, forget := range t.forget {
			a.Also = eventstore.InTurn(a.Also, forget(id))
		}
	}
	return t.rules().run(ctx, do)
}

func (t *Tickets) task(r Request, id ticket.ID, c ticket.Command) task[ticket.State, ticket.Command] {
	return task[ticket.State, ticket.Command]{log: t.log, kept: t.kept, queues: t.queues, id: id.UUID, request: r, actor: c.ActedBy(), command: c}
}
