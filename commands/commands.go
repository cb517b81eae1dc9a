// Package commands carries out what people and process managers ask for. It is
// the only way state changes: load the stream, fold it, decide, append. When
// somebody else appended in between, the command is decided again on the newer
// state, so two writers never lose a change.
package commands

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
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
	// Outline returns them without the long texts of a long stream, and InFull with those
	// of some; see [eventstore.Store.Outline].
	Outline(ctx context.Context, streamIDs ...uuid.UUID) ([]eventstore.Envelope, error)
	InFull(ctx context.Context, events []eventstore.Envelope, places []int) ([]eventstore.Envelope, error)
	// Newest returns the newest event of each of these types in a stream; see
	// [eventstore.Store.Newest].
	Newest(ctx context.Context, streamID uuid.UUID, types []string) ([]eventstore.Envelope, error)
	// Carried reports whether the command was carried out before.
	Carried(ctx context.Context, commandID uuid.UUID) (bool, error)
	// HaveKeys reports whether none of these people was erased.
	HaveKeys(ctx context.Context, people []uuid.UUID) (bool, error)
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
	// answer to the command is made of. Of a long one it has no other texts than the
	// command is about; see [eventstore.Store.Outline]. It MUST NOT be changed.
	Events []eventstore.Envelope
	// Since is what happened to the stream after that, of an outcome that is looked up.
	Since []eventstore.Envelope
}

// VersionFor returns the version of the stream as an actor counts it: of a ticket
// without events of internal notes for those who see none.
func (o Outcome) VersionFor(actor domain.Actor) int {
	version := o.Version
	for _, e := range o.Events {
		if !counts(e.Event, actor) {
			version--
		}
	}
	return version
}

// counts reports whether an event is one of a stream as an actor counts its versions.
func counts(e domain.Event, actor domain.Actor) bool {
	return ticket.SeesInternal(actor) || !ticket.AboutNote(e)
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
	fold       func(iter.Seq[domain.Event]) S
	decide     func(S, C) ([]domain.Event, error)
	// person returns whose texts are in the events of a command on the stream id,
	// where they do not say it themselves; zero: nobody's.
	person func(id uuid.UUID, s S, c C) domain.UserID
	// seenBy are the names of the events that seen goes by; nil: everybody sees all.
	seenBy []string
	seen   func(S, C) bool
	// needs returns the places in a history of the texts that commands are decided on, and
	// their answers made of; nil: they need all.
	needs func(history []eventstore.Envelope, commands ...C) []int
	// destroys returns the texts of a history that a command destroys; nil: none.
	destroys func(history []eventstore.Envelope, c C) []eventstore.TextOf
}

// folding returns the fold by an evolve.
func folding[S any](evolve func(S, domain.Event) S) func(iter.Seq[domain.Event]) S {
	return func(events iter.Seq[domain.Event]) (s S) {
		for e := range events {
			s = evolve(s, e)
		}
		return s
	}
}

// task is a command with all that is needed to carry it out.
type task[S, C any] struct {
	log     Log
	kept    *memory[S] // nil: each stream is loaded
	queues  *queues
	id      uuid.UUID // of the stream
	request Request
	actor   domain.Actor
	command C
	// prepare, when not nil, may look at the state and complete the append before it
	// is written.
	prepare func(next S, a *eventstore.Append)
}

// run carries out a command; see [aggregate.runAll].
func (g aggregate[S, C]) run(ctx context.Context, t task[S, C]) (Outcome, error) {
	if t.request.ID != uuid.Nil {
		carried, err := t.log.Carried(ctx, t.request.ID)
		if err != nil {
			return Outcome{}, err
		}
		if carried {
			return Outcome{}, ErrRepeated
		}
	}
	results, err := g.runAll(ctx, t)
	if err != nil {
		return Outcome{}, err
	}
	return results[0].Outcome, results[0].Err
}

// start is run for a stream that is about to begin: it is loaded only where there
// is one.
func (g aggregate[S, C]) start(ctx context.Context, t task[S, C]) (Outcome, error) {
	var none S
	events, err := g.judge(t, none, 0)
	if err != nil || len(events) == 0 {
		return Outcome{StreamID: t.id}, err
	}
	out, err := g.append(ctx, t, stream[S]{}, events)
	if errors.Is(err, eventstore.ErrConflict) {
		return g.run(ctx, t)
	}
	if err != nil && t.request.ID != uuid.Nil { // what goes with the append may be refused for having been done
		if carried, lookErr := t.log.Carried(ctx, t.request.ID); lookErr == nil && carried {
			return Outcome{}, ErrRepeated
		}
	}
	return out, err
}

// look returns [domain.ErrNotFound] where the actor does not see the stream, by as little
// of it as that takes: no more than of one that does not exist.
func (g aggregate[S, C]) look(ctx context.Context, t task[S, C]) error {
	if g.seen == nil || t.actor.SeesAll() {
		return nil
	}
	events, err := t.log.Newest(ctx, t.id, g.seenBy)
	if err == nil && !g.seen(g.fold(eventstore.Said(events)), t.command) {
		err = domain.ErrNotFound
	}
	return err
}

func (g aggregate[S, C]) load(ctx context.Context, t task[S, C]) (s stream[S], err error) {
	if g.needs == nil {
		s.history, err = t.log.Load(ctx, t.id)
	} else {
		s.history, err = t.log.Outline(ctx, t.id)
	}
	if err != nil {
		return s, err
	}
	s.state = g.fold(eventstore.Said(s.history))
	return s, nil
}

// inFull returns a stream with the texts that commands on it need.
func (g aggregate[S, C]) inFull(ctx context.Context, tasks []task[S, C], s stream[S]) (stream[S], error) {
	if g.needs == nil {
		return s, nil
	}
	commands := make([]C, len(tasks))
	for i, t := range tasks {
		commands[i] = t.command
	}
	left := slices.DeleteFunc(g.needs(s.history, commands...), func(i int) bool { return !s.history[i].Brief })
	if len(left) == 0 {
		return s, nil
	}
	history, err := tasks[0].log.InFull(ctx, s.history, left)
	if err != nil {
		return s, err
	}
	return stream[S]{state: g.fold(eventstore.Said(history)), history: history}, nil
}

// judge returns the events of a command on a stream that is at a version, as its actor
// counts.
func (g aggregate[S, C]) judge(t task[S, C], s S, version int) ([]domain.Event, error) {
	events, err := g.decide(s, t.command)
	if err != nil {
		return nil, err
	}
	if t.request.IfMatch != 0 && t.request.IfMatch != version {
		return nil, domain.ErrStale.With("it is at version %d now, you named %d", version, t.request.IfMatch)
	}
	return events, nil
}

// append writes the events of a command on a stream, and keeps what that has become.
func (g aggregate[S, C]) append(ctx context.Context, t task[S, C], s stream[S], events []domain.Event) (Outcome, error) {
	next := s.state
	for _, e := range events {
		next = g.evolve(next, e)
	}
	a := eventstore.Append{
		StreamID: t.id, StreamType: g.streamType, ExpectedVersion: s.last().Version, ExpectedEvent: s.last().EventID, Events: events,
		Person: g.person(t.id, next, t.command), CommandID: t.request.ID, OccurredAt: t.request.OccurredAt,
		Metadata: eventstore.Metadata{
			ActorKind: t.actor.Kind, ActorID: t.actor.ID,
			CorrelationID: t.request.CorrelationID, CausationID: t.request.CausationID,
		},
	}
	if g.destroys != nil {
		a.Destroys = g.destroys(s.history, t.command)
	}
	if t.prepare != nil {
		t.prepare(next, &a)
	}
	done, err := t.log.Append(ctx, a)
	if errors.Is(err, eventstore.ErrDuplicateCommand) {
		return Outcome{}, ErrRepeated
	}
	if err != nil {
		return Outcome{}, err
	}
	s = stream[S]{state: next, history: append(slices.Clip(s.history), done.Events...)}
	if len(a.Destroys) > 0 {
		t.kept.forget(t.id)
	} else {
		t.kept.keep(t.id, s)
	}
	out := s.outcome(t.id)
	out.Changed = true
	return out, nil
}

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
