package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Past is a command of the past: it is decided as it would have been then.
type Past struct {
	At      time.Time
	Command ticket.Command
}

// TakeOver takes over the history of the ticket id from elsewhere: its commands
// are carried out one after the other, each in an append of its own with its own
// time of occurrence, the first of them an OpenTicket, which is given the next
// number. It returns how many events it wrote.
//
// It goes on where an earlier call with the same commands was cut off. What is
// in the stream already must have come of them: else it is [ErrOtherHistory].
func (t *Tickets) TakeOver(ctx context.Context, r Request, id ticket.ID, past []Past) (written int, err error) {
	for try := range attempts {
		n, err := t.takeOver(ctx, r, id, past)
		written += n
		if !errors.Is(err, eventstore.ErrConflict) {
			return written, err
		}
		if err := pause(ctx, try); err != nil { // another takes over the same: go on behind it
			return written, err
		}
	}
	return written, ErrBusy
}

// ErrOtherHistory is the error for a stream that other commands have made.
var ErrOtherHistory = errors.New("the ticket has another history than the one to take over")

func (t *Tickets) takeOver(ctx context.Context, r Request, id ticket.ID, past []Past) (written int, err error) {
	there, err := t.log.Load(ctx, id.UUID)
	if err != nil {
		return 0, err
	}
	var state ticket.State
	version := 0
	for _, p := range past {
		if open, ok := p.Command.(ticket.OpenTicket); ok {
			if p.Command, err = t.numbered(ctx, open, there); err != nil {
				return written, err
			}
		}
		events, err := ticket.Decide(state, p.Command)
		if err != nil {
			return written, fmt.Errorf("command %T of %v: %w", p.Command, p.At, err)
		}
		if len(events) == 0 {
			continue
		}
		for i, e := range events {
			if at := version + i; at < len(there) && there[at].Type != e.EventType() {
				return written, fmt.Errorf("version %d of ticket %v is %s, not %s: %w", at+1, id, there[at].Type, e.EventType(), ErrOtherHistory)
			}
			state = ticket.Evolve(state, e)
		}
		if version += len(events); version <= len(there) {
			continue
		}
		actor := p.Command.ActedBy()
		_, err = t.log.Append(ctx, eventstore.Append{
			StreamID: id.UUID, StreamType: tickets.streamType, ExpectedVersion: version - len(events), Events: events,
			Person: writer(id.UUID, state, p.Command), OccurredAt: p.At,
			Metadata: eventstore.Metadata{ActorKind: actor.Kind, ActorID: actor.ID, CorrelationID: r.CorrelationID},
		})
		if err != nil {
			return written, err
		}
		written += len(events)
	}
	return written, nil
}

// numbered gives the ticket the number it has, or else the next.
func (t *Tickets) numbered(ctx context.Context, c ticket.OpenTicket, there []eventstore.Envelope) (ticket.OpenTicket, error) {
	if len(there) > 0 {
		opened, ok := there[0].Event.(ticket.Opened)
		if !ok {
			return c, ErrOtherHistory
		}
		c.Number = opened.Number
		return c, nil
	}
	var err error
	c.Number, err = t.numbers.NextTicketNumber(ctx)
	return c, err
}
