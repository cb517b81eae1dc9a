package commands

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/message"
	"helpdesk/eventstore"
)

// Messages carries out commands on messages that came in.
type Messages struct{ log Log }

// NewMessages makes the message commands over a log.
func NewMessages(log Log) *Messages { return &Messages{log: log} }

var messages = aggregate[message.State, message.Command]{
	streamType: domain.MessageStream, evolve: message.Evolve, fold: folding(message.Evolve), decide: message.Decide,
	// What is said of a message quotes it.
	person: func(_ uuid.UUID, s message.State, _ message.Command) domain.UserID { return s.Sender },
}

// Receive makes a message, and does also in the transaction of its append. What that
// returns as an error undoes both, and is returned as it is.
func (m *Messages) Receive(ctx context.Context, r Request, id message.ID, c message.Receive, also eventstore.InTx) (Outcome, error) {
	return messages.start(ctx, m.task(r, id, c, also))
}

// Judge records what became of a message, and does also in the transaction of its append.
func (m *Messages) Judge(ctx context.Context, r Request, id message.ID, c message.Judge, also eventstore.InTx) (Outcome, error) {
	return messages.run(ctx, m.task(r, id, c, also))
}

// Do carries out any other command on the message id. Errors are those of [message.Decide],
// [ErrRepeated], [ErrBusy] and the error of a log that cannot be reached.
func (m *Messages) Do(ctx context.Context, r Request, id message.ID, c message.Command) (Outcome, error) {
	return messages.run(ctx, m.task(r, id, c, nil))
}

// Outcome returns the message as it is: [domain.ErrNotFound] when there is none of this id.
func (m *Messages) Outcome(ctx context.Context, id message.ID) (Outcome, error) {
	history, err := m.log.Load(ctx, id.UUID)
	if err == nil && (len(history) == 0 || history[0].StreamType != domain.MessageStream) {
		err = domain.ErrNotFound
	}
	if err != nil {
		return Outcome{}, err
	}
	last := history[len(history)-1]
	return Outcome{StreamID: id.UUID, Version: last.Version, Position: last.Position, Events: history}, nil
}

// State returns the message as its events tell it, and the event that it was received by.
func (m *Messages) State(ctx context.Context, id message.ID) (s message.State, came eventstore.Envelope, err error) {
	history, err := m.log.Load(ctx, id.UUID)
	if err != nil || len(history) == 0 {
		return s, came, err
	}
	return messages.fold(eventstore.Said(history)), history[0], nil
}

func (m *Messages) task(r Request, id message.ID, c message.Command, also eventstore.InTx) task[message.State, message.Command] {
	return task[message.State, message.Command]{
		log: m.log, id: id.UUID, request: r, actor: c.ActedBy(), command: c,
		prepare: func(_ message.State, a *eventstore.Append) { a.Also = also },
	}
}
