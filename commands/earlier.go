package commands

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/eventstore"
)

// Memory is the part of the event store that remembers what was carried out.
type Memory interface {
	// Load returns the stream's events in order; see [eventstore.Store.Load].
	Load(ctx context.Context, streamID uuid.UUID) ([]eventstore.Envelope, error)
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
	events, err := e.memory.Load(ctx, stream)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{
		StreamID: stream, Version: done.Version, Position: done.Position, Changed: true,
		Events: events[:min(done.Version, len(events))],
	}, nil
}
