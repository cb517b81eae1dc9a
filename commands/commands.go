// Package commands carries out what people and process managers ask for. It is
// the only way state changes: load the stream, fold it, decide, append. When
// somebody else appended in between, the command is decided again on the newer
// state, so two writers never lose a change.
package commands

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Log is the part of the event store that commands need.
type Log interface {
	// Append writes the events of one command; see [eventstore.Store.Append].
	Append(ctx context.Context, a eventstore.Append) (eventstore.Appended, error)
	// Load returns the stream's events in order, none for one that does not exist.
	Load(ctx context.Context, streamID uuid.UUID) ([]eventstore.Envelope, error)
	// Carried reports whether the command was carried out before.
	Carried(ctx context.Context, commandID uuid.UUID) (bool, error)
}

// Request is what comes with a command beside the command itself.
type Request struct {
	// ID makes the command idempotent; zero: it is not.
	ID uuid.UUID
	// CorrelationID is stored with every event the command causes.
	CorrelationID string
	// CausationID names the event or timer behind the command; zero: a person.
	CausationID uuid.UUID
	// IfMatch, when not zero, is the version the caller last saw, as they count: on any other
	// the command is refused with [domain.ErrStale].
	IfMatch int
	// OccurredAt is when it happened, for an import; zero: now.
	OccurredAt time.Time
}

// Outcome is what a command led to.
type Outcome struct {
	StreamID uuid.UUID
	Version  int   // of the stream now
	Position int64 // of the stream's newest event, whether this command wrote it or not
	Changed  bool  // whether this command wrote anything

	// Events is the stream as the command left it, from its first event on: what the
	// answer to the command is made of. Those that the command wrote have neither an
	// event id nor their stored bytes.
	Events []eventstore.Envelope
}

// VersionFor returns the version of the stream as an actor counts it: of a ticket
// without events of internal notes for those who see none.
func (o Outcome) VersionFor(actor domain.Actor) int {
	version := o.Version
	for _, e := range o.Events {
		if !ticket.SeesInternal(actor) && ticket.AboutNote(e.Event) {
			version--
		}
	}
	return version
}

// ErrRepeated refuses a command that was carried out before under the same id.
var ErrRepeated = &domain.Error{
	Kind: domain.KindConflict, Code: "idempotency_key_repeated",
	Message: "a request with this idempotency key was carried out before; nothing was written",
}

// ErrBusy refuses a command that kept losing to others on the same stream.
var ErrBusy = &domain.Error{
	Kind: domain.KindUnavailable, Code: "busy",
	Message: "too many changes at once; nothing was written, try again",
}

// attempts is how often a command is decided anew after a conflict. Sixty-four
// writers on one stream need about that many rounds for the unluckiest.
const attempts = 100

// aggregate ties the generic command loop to one kind of stream.
type aggregate[S, C any] struct {
	streamType domain.StreamType
	evolve     func(S, domain.Event) S
	decide     func(S, C) ([]domain.Event, error)
	// person returns whose texts are in the events of a command on the stream id,
	// where they do not say it themselves; zero: nobody's.
	person func(id uuid.UUID, s S, c C) domain.UserID
	// destroys returns the texts of a history that a command destroys; nil: none.
	destroys func(history []eventstore.Envelope, c C) []eventstore.TextOf
}

// prepare may look at the state and complete the append before it is written.
type prepare[S any] func(next S, a *eventstore.Append)

// run carries out c on the stream id: load → fold → decide → append.
func (g aggregate[S, C]) run(ctx context.Context, log Log, id uuid.UUID, r Request, actor domain.Actor, c C, with prepare[S]) (Outcome, error) {
	if r.ID != uuid.Nil {
		carried, err := log.Carried(ctx, r.ID)
		if err != nil {
			return Outcome{}, err
		}
		if carried {
			return Outcome{}, ErrRepeated
		}
	}
	for try := range attempts {
		out, err := g.runOnce(ctx, log, id, r, actor, c, with)
		if errors.Is(err, eventstore.ErrDuplicateCommand) {
			return Outcome{}, ErrRepeated
		}
		if !errors.Is(err, eventstore.ErrConflict) {
			return out, err
		}
		if err := pause(ctx, try); err != nil {
			return Outcome{}, err
		}
	}
	return Outcome{}, ErrBusy
}

func (g aggregate[S, C]) runOnce(ctx context.Context, log Log, id uuid.UUID, r Request, actor domain.Actor, c C, with prepare[S]) (Outcome, error) {
	history, err := log.Load(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	return g.append(ctx, log, id, r, actor, c, with, history)
}

// start is run for a stream that is about to begin: it is loaded only where there
// is one.
func (g aggregate[S, C]) start(ctx context.Context, log Log, id uuid.UUID, r Request, actor domain.Actor, c C) (Outcome, error) {
	out, err := g.append(ctx, log, id, r, actor, c, nil, nil)
	switch {
	case errors.Is(err, eventstore.ErrDuplicateCommand):
		return Outcome{}, ErrRepeated
	case errors.Is(err, eventstore.ErrConflict):
		return g.run(ctx, log, id, r, actor, c, nil)
	}
	return out, err
}

// append decides on a history, and appends.
func (g aggregate[S, C]) append(ctx context.Context, log Log, id uuid.UUID, r Request, actor domain.Actor, c C, with prepare[S], history []eventstore.Envelope) (Outcome, error) {
	var state S
	out := Outcome{StreamID: id, Events: history}
	for _, e := range history {
		state = g.evolve(state, e.Event)
		out.Version, out.Position = e.Version, e.Position
	}
	events, err := g.decide(state, c)
	if err != nil {
		return Outcome{}, err
	}
	if at := out.VersionFor(actor); r.IfMatch != 0 && r.IfMatch != at {
		return Outcome{}, domain.ErrStale.With("it is at version %d now, you named %d", at, r.IfMatch)
	}
	if len(events) == 0 {
		return out, nil
	}
	for _, e := range events {
		state = g.evolve(state, e)
	}
	a := eventstore.Append{
		StreamID: id, StreamType: g.streamType, ExpectedVersion: out.Version, Events: events,
		Person: g.person(id, state, c), CommandID: r.ID, OccurredAt: r.OccurredAt,
		Metadata: eventstore.Metadata{
			ActorKind: actor.Kind, ActorID: actor.ID,
			CorrelationID: r.CorrelationID, CausationID: r.CausationID,
		},
	}
	if g.destroys != nil {
		a.Destroys = g.destroys(history, c)
	}
	if with != nil {
		with(state, &a)
	}
	done, err := log.Append(ctx, a)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{
		StreamID: id, Version: done.Version, Position: done.Position, Changed: true,
		Events: append(history, written(a, done)...),
	}, nil
}

// written returns the events of an append as they are in the log now.
func written(a eventstore.Append, done eventstore.Appended) []eventstore.Envelope {
	events := make([]eventstore.Envelope, len(a.Events))
	for i, e := range a.Events {
		events[i] = eventstore.Envelope{Event: e, Recorded: eventstore.Recorded{
			Position: done.FirstPosition + int64(i), StreamID: a.StreamID, StreamType: a.StreamType,
			Version: a.ExpectedVersion + i + 1, Type: e.EventType(), ActorKind: a.Metadata.ActorKind,
			ActorID: nullable(a.Metadata.ActorID.UUID), CorrelationID: a.Metadata.CorrelationID,
			CausationID: nullable(a.Metadata.CausationID), CommandID: nullable(a.CommandID),
			OccurredAt: done.OccurredAt, RecordedAt: done.RecordedAt,
		}}
	}
	return events
}

func nullable(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

// pause waits a little longer after each lost round, at random, so that the
// losers of one round do not all meet again in the next.
func pause(ctx context.Context, try int) error {
	longest := min(time.Millisecond<<min(try, 5), 20*time.Millisecond)
	select {
	case <-ctx.Done():
		return fmt.Errorf("waiting to decide again: %w", ctx.Err())
	case <-time.After(rand.N(longest)):
		return nil
	}
}
