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
	out, err := e.At(ctx, stream, done.Version)
	out.Position, out.Changed = done.Position, true
	return out, err
}

// At returns a stream as a command left it at a version.
func (e *Earlier) At(ctx context.Context, stream uuid.UUID, version int) (Outcome, error) {
	events, err := e.memory.Load(ctx, stream)
	if err != nil {
		return Outcome{}, err
	}
	then := min(version, len(events))
	return Outcome{StreamID: stream, Version: version, Events: events[:then:then], Since: events[then:]}, nil
}
