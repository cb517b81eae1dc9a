package commands

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Memory is the part of the event store that remembers what was carried out.
type Memory interface {
	// Outline and InFull return the stream's events in order; see [Log].
	Outline(ctx context.Context, streamIDs ...uuid.UUID) ([]eventstore.Envelope, error)
	InFull(ctx context.Context, events []eventstore.Envelope, places []int) ([]eventstore.Envelope, error)
	// CarriedOut returns where a command ended up; see [eventstore.Store.CarriedOut].
	CarriedOut(ctx context.Context, commandID uuid.UUID) (uuid.UUID, eventstore.Appended, error)
}

// Earlier finds what commands led to that were carried out before.
type Earlier struct{ memory Memory }

// NewEarlier makes it over a log.
func NewEarlier(memory Memory) *Earlier { return &Earlier{memory: memory} }

// Outcome returns what the command of this id led to then:
// [domain.ErrNotFound] for one that was not carried out, or wrote nothing.
func (e *Earlier) Outcome(ctx context.Context, commandID uuid.UUID) (Outcome, error) {
	stream, done, err := e.memory.CarriedOut(ctx, commandID)
	if err != nil {
		return Outcome{}, err
	}
	events, err := e.memory.Outline(ctx, stream)
	if err != nil {
		return Outcome{}, err
	}
	events = events[:min(done.Version, len(events))]
	wanted := ticket.LastGiving(eventstore.Said(events), ticket.Texts()...)
	for i := len(events) - 1; i >= 0 && events[i].Position >= done.FirstPosition; i-- {
		wanted = append(wanted, i)
	}
	if events, err = e.memory.InFull(ctx, events, wanted); err != nil {
		return Outcome{}, err
	}
	return Outcome{StreamID: stream, Version: done.Version, Position: done.Position, Changed: true, Events: events}, nil
}
