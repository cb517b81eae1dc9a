package commands

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"helpdesk/domain"
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
	out, err := e.At(ctx, stream, done.Version)
	out.Position, out.Changed = done.Position, true
	return out, err
}

// At returns a stream as a command left it at a version: of a long ticket with no other
// texts than its own; see [Earlier.InFull].
func (e *Earlier) At(ctx context.Context, stream uuid.UUID, version int) (Outcome, error) {
	events, err := e.memory.Outline(ctx, stream)
	if err != nil {
		return Outcome{}, err
	}
	var others []int
	for i, event := range events {
		if event.StreamType != domain.TicketStream {
			others = append(others, i)
		}
	}
	if events, err = e.memory.InFull(ctx, events, others); err != nil {
		return Outcome{}, err
	}
	then := min(version, len(events))
	return e.InFull(ctx, Outcome{StreamID: stream, Version: version, Events: events[:then:then], Since: events[then:]}, ticket.Texts()...)
}

// InFull returns an outcome with texts of a ticket, as they were then and as they are
// since.
func (e *Earlier) InFull(ctx context.Context, out Outcome, of ...ticket.Subject) (Outcome, error) {
	brief := func(e eventstore.Envelope) bool { return e.Brief }
	if !slices.ContainsFunc(out.Events, brief) && !slices.ContainsFunc(out.Since, brief) {
		return out, nil
	}
	then, all := len(out.Events), slices.Concat(out.Events, out.Since)
	places := append(ticket.LastGiving(eventstore.Said(out.Events), of...), ticket.LastGiving(eventstore.Said(all), of...)...)
	all, err := e.memory.InFull(ctx, all, places)
	if err != nil {
		return Outcome{}, err
	}
	out.Events, out.Since = all[:then:then], all[then:]
	return out, nil
}
