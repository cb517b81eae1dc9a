package commands

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// AccessLog is the part of the event store that records of access need.
type AccessLog interface {
	Append(ctx context.Context, a eventstore.Append) (eventstore.Appended, error)
	// Version returns the version of a stream, 0 for one that does not exist.
	Version(ctx context.Context, streamID uuid.UUID) (int, error)
}

// Seldom remembers what was recorded within the hour. Each method returns what notes,
// in the transaction that records it, that it is: [access.ErrRecorded] when another
// did less than an hour ago.
type Seldom interface {
	// RecordUse is of the use of an API token.
	RecordUse(token uuid.UUID) eventstore.InTx
	// RecordReading is of a reading of a person's.
	RecordReading(person domain.UserID, reading []byte) eventstore.InTx
}

// turns is how many streams are written to at once by a process.
const turns = 64

// Access records how people come in and what auditors read. A record is in the
// log when a method returns: whoever answers a request after that answers none
// that is not recorded. Nothing waits for followers, for none is about these
// events. It is safe for concurrent use.
type Access struct {
	log    AccessLog
	seldom Seldom
	turns  [turns]chan struct{} // by stream: of one process no two appends to a stream meet
}

// NewAccess makes the records over a log.
func NewAccess(log AccessLog, seldom Seldom) *Access {
	a := &Access{log: log, seldom: seldom}
	for i := range a.turns {
		a.turns[i] = make(chan struct{}, 1)
	}
	return a
}

// Record appends what happened to the records of a person; the zero person is
// nobody known. A reading is recorded once an hour ([access.Gathered]). The error is [ErrBusy] or the log's.
func (a *Access) Record(ctx context.Context, r Request, actor domain.Actor, of domain.UserID, e domain.Event) error {
	reading := access.Gathered(e)
	if reading == nil {
		return a.record(ctx, r, actor, of, e, nil)
	}
	return unlessRecorded(a.record(ctx, r, actor, of, e, a.seldom.RecordReading(of, reading)))
}

// TokenUsed records that the actor used their API token, unless that was
// recorded less than an hour ago.
func (a *Access) TokenUsed(ctx context.Context, r Request, actor domain.Actor, token uuid.UUID, from access.From) error {
	return unlessRecorded(a.record(ctx, r, actor, actor.ID, access.UseOfToken(token, from), a.seldom.RecordUse(token)))
}

func unlessRecorded(err error) error {
	if errors.Is(err, access.ErrRecorded) {
		return nil
	}
	return err
}

// record appends an event that no other depends on: where somebody else appended
// in between, it is appended after theirs.
func (a *Access) record(ctx context.Context, r Request, actor domain.Actor, of domain.UserID, e domain.Event, also eventstore.InTx) error {
	stream := access.Stream(of)
	turn := a.turns[int(stream[len(stream)-1])%turns]
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return fmt.Errorf("waiting to record an access: %w", ctx.Err())
	}
	for try := range attempts {
		version, err := a.log.Version(ctx, stream)
		if err != nil {
			return err
		}
		_, err = a.log.Append(ctx, eventstore.Append{
			StreamID: stream, StreamType: domain.AccessStream, ExpectedVersion: version, Events: []domain.Event{e}, Person: of, Also: also,
			Metadata: eventstore.Metadata{ActorKind: actor.Kind, ActorID: actor.ID, CorrelationID: r.CorrelationID},
		})
		if !errors.Is(err, eventstore.ErrConflict) {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
	return ErrBusy
}

// Records is the part of [Access] that whoever answers requests needs.
type Records interface {
	Record(ctx context.Context, r Request, actor domain.Actor, of domain.UserID, e domain.Event) error
}

// Finder finds people by id or username, else [domain.ErrNotFound].
type Finder interface {
	Find(ctx context.Context, nameOrID string) (user.Account, error)
}

// RecordReading records what an auditor is about to read, and nothing of others.
func RecordReading(ctx context.Context, to Records, r Request, reader domain.Actor, method string, u *url.URL, from access.From) error {
	if reader.Role != domain.RoleAuditor {
		return nil
	}
	return to.Record(ctx, r, reader, reader.ID, access.Read(method, u.Path, u.RawQuery, from))
}

// GuessedOf returns by what wrong passwords are counted that are tried under a name: the
// person, whichever of their names it is, and the name itself where nobody has it.
func GuessedOf(ctx context.Context, people Finder, name string) (string, error) {
	name = strings.TrimSpace(name)
	account, err := people.Find(ctx, name)
	if errors.Is(err, domain.ErrNotFound) {
		return strings.ToLower(name), nil
	}
	return account.ID.String(), err
}

// RecordFailedSignIn records that somebody tried to be whoever has the name. As
// much is done where nobody has it: how long the answer takes tells nothing.
func RecordFailedSignIn(ctx context.Context, to Records, people Finder, r Request, actor domain.Actor, name string, from access.From) error {
	account, err := people.Find(ctx, name)
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		return err
	}
	return to.Record(ctx, r, actor, account.ID, access.FailedSignIn(account.ID, from))
}
