package eventstore

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
)

// Metadata is who caused events and why. It is stored with each of them.
type Metadata struct {
	ActorKind     domain.ActorKind
	ActorID       domain.UserID // zero: the service itself
	CorrelationID string        // the request that began the chain of causes
	// CausationID is the event or timer that directly caused this; zero: a person
	// did. A consequence of the event before it has that instead; see [domain.Consequent].
	CausationID uuid.UUID
}

// Append is one command's events for one stream: all of them are written or
// none.
type Append struct {
	StreamID   uuid.UUID
	StreamType domain.StreamType
	// ExpectedVersion is the version the events were decided on; 0 means that
	// the stream MUST NOT exist yet.
	ExpectedVersion int
	// ExpectedEvent is the id of the stream's event at that version, where it was not
	// read from the log just now: a log that was restored may have another. Zero:
	// whichever it is.
	ExpectedEvent uuid.UUID
	Events        []domain.Event // at least one
	Metadata      Metadata
	// Person is whose texts are in the events, where these do not say it
	// themselves. Zero: nobody's, and they are not sealed.
	Person domain.UserID
	// CommandID makes the append idempotent: a second one with the same id
	// writes nothing and gets [ErrDuplicateCommand]. Zero: no such check.
	CommandID uuid.UUID
	// OccurredAt is for what happened before it was recorded, an import. Zero:
	// the database's clock at the append.
	OccurredAt time.Time
	// Destroys are texts that are destroyed for good with it, in its transaction.
	Destroys []TextOf
	// Also, when not nil, runs first in the transaction of the append, which
	// then is not shared with other appends. Its error undoes everything and is
	// returned as it is.
	Also InTx
}

// InTx is work to be done within a transaction that somebody else ends.
type InTx func(ctx context.Context, tx pgx.Tx) error

// InTurn returns several pieces of work as one, which ends with the first error; nil
// is none.
func InTurn(all ...InTx) InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		for _, work := range all {
			if work == nil {
				continue
			}
			if err := work(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	}
}

// Appended is where an append ended up.
type Appended struct {
	FirstPosition int64 // of its first event
	Position      int64 // of its last event
	Version       int   // of the stream after it

	OccurredAt time.Time // of each of its events
	RecordedAt time.Time // of each of its events

	Events []Envelope // as they are in the log now
}

// Recorded is an event as the log holds it, under the names of when it was stored.
type Recorded struct {
	Position      int64
	StreamID      uuid.UUID
	StreamType    domain.StreamType
	Version       int
	EventID       uuid.UUID
	Type          string
	SchemaVersion int
	Data          json.RawMessage // the exact bytes written
	ActorKind     domain.ActorKind
	ActorID       uuid.NullUUID
	CorrelationID string
	CausationID   uuid.NullUUID
	CommandID     uuid.NullUUID
	OccurredAt    time.Time
	RecordedAt    time.Time
	PersonID      uuid.NullUUID // whose texts are sealed in Data; null: nothing is
	TextKeys      [][]byte      // of texts in Data that have keys of their own, as the log gives them
}

// Envelope is a recorded event together with what it says. Type and StreamType are
// the present names, whatever it was stored under.
type Envelope struct {
	Recorded
	Event domain.Event
	Again bool // given once more to a follower that applied it before, and forgot that
	Brief bool // its texts are left out, with blanks of their length in their place; see [Store.Outline]
}

// Said returns what events say, one after the other.
func Said(events []Envelope) iter.Seq[domain.Event] {
	return func(yield func(domain.Event) bool) {
		for _, e := range events {
			if !yield(e.Event) {
				return
			}
		}
	}
}

// with returns the envelope of r, which says e.
func (r Recorded) with(e domain.Event) Envelope {
	r.Type, r.StreamType = e.EventType(), r.StreamType.Current()
	return Envelope{Recorded: r, Event: e}
}
