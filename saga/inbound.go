package saga

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/commands"
	"helpdesk/domain/message"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// InboundName is the name of the follower of email that comes in.
const InboundName = "inbound"

// JudgeMessage is the command to decide what becomes of a message that came in.
type JudgeMessage struct {
	Message message.ID `json:"message"`
}

// Name implements [Command].
func (JudgeMessage) Name() string { return "JudgeMessage" }

// Inbound returns the process manager that has messages judged: those that came in, and
// those that an admin asks for. It remembers nothing. issued, if not nil, is woken when it
// issued commands.
func Inbound(issued *Notifier) follow.Follower {
	return follow.Follower{
		Name:  InboundName,
		Types: eventstore.Types(message.Received{}, message.Released{}, message.Reprocessed{}),
		Apply: func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
			x := newEffects(InboundName)
			for _, e := range events {
				judge := Issue{ID: uuid.NewSHA1(e.EventID, nil), Command: JudgeMessage{Message: message.ID{UUID: e.StreamID}}}
				if err := x.add(causeOf(e), []Effect{judge}); err != nil {
					return err
				}
			}
			return x.write(ctx, tx)
		},
		Committed: func() {
			if issued != nil {
				issued.NotifyOf([]string{JudgeMessage{}.Name()})
			}
		},
	}
}

// Judge decides what becomes of a message, and has it come; see [inbound.Judge].
type Judge interface {
	Judge(ctx context.Context, r commands.Request, id message.ID) error
}

// judgesAtOnce is how many messages a process has under way at once: each is in memory.
const judgesAtOnce = 2

// Judging returns the handler of [JudgeMessage].
func Judging(j Judge) Handler {
	return Handle(judgesAtOnce, func(ctx context.Context, r commands.Request, c JudgeMessage) error {
		return j.Judge(ctx, r, c.Message)
	})
}
