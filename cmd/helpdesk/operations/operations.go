package operations

import (
	"context"
	"time"

	"github.com/google/uuid"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/eventstore/follow"
	"helpdesk/saga"
	"helpdesk/web/operations"
)

// escalations shows the site what is to escalate.
type escalations struct{ schedule *saga.Schedule }

// Spans returns how long tickets may wait.
func (e escalations) Spans(ctx context.Context) (operations.Spans, error) {
	p, known, err := e.schedule.Policy(ctx)
	return operations.Spans{Known: known, Of: p.Spans, Waiting: p.Waiting}, err
}

// Pending returns timers, the first due first.
func (e escalations) Pending(ctx context.Context, after time.Time, afterID uuid.UUID, limit int) ([]operations.Timer, error) {
	pending, err := e.schedule.Pending(ctx, after, afterID, limit)
	timers := make([]operations.Timer, len(pending))
	for i, p := range pending {
		timers[i] = operations.Timer{ID: p.TimerID, TicketID: p.TicketID, DueAt: p.DueAt, Due: p.Due}
	}
	return timers, err
}

// failedCommands shows the site the commands that were given up.
type failedCommands struct{ *saga.Outbox }

// First returns the oldest, and how many there are.
func (p failedCommands) First(ctx context.Context, limit int) ([]operations.FailedCommand, int64, error) {
	failed, all, err := p.FirstFailed(ctx, limit)
	first := make([]operations.FailedCommand, len(failed))
	for i, c := range failed {
		first[i] = operations.FailedCommand{ID: c.ID, Name: c.Command, Payload: string(c.Payload), Error: c.Error, Attempts: c.Attempts, FailedAt: c.FailedAt}
	}
	return first, all, err
}

// failedEvents shows the site the events that followers could not apply.
type failedEvents struct{ clients *program.Clients }

func (p failedEvents) followers(ctx context.Context) (*follow.Followers, error) {
	c := p.clients
	return c.Modules.Failing(ctx, c.Pool, c.Store.Codec(), c.Log)
}

// First returns the first of each follower, and how many each has.
func (p failedEvents) First(ctx context.Context, limit int) ([]operations.FailedEvent, map[string]int64, error) {
	followers, err := p.followers(ctx)
	if err != nil {
		return nil, nil, err
	}
	failed, counts, err := followers.FirstFailed(ctx, limit)
	first := make([]operations.FailedEvent, len(failed))
	for i, e := range failed {
		first[i] = operations.FailedEvent(e)
	}
	return first, counts, err
}

// Replay applies what a follower has failed.
func (p failedEvents) Replay(ctx context.Context, follower string) (int, error) {
	followers, err := p.followers(ctx)
	if err != nil {
		return 0, err
	}
	return followers.Replay(ctx, follower)
}
