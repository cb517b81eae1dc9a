package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Occurrence is an event of a ticket as a viewer sees it.
type Occurrence struct {
	Position     int64
	Type         string
	Ticket       uuid.UUID
	TicketNumber int64
	Version      int
	OccurredAt   time.Time
	RecordedAt   time.Time
	ActorKind    domain.ActorKind
	ActorID      uuid.NullUUID
	ActorName    string // "" for the service itself
	Data         json.RawMessage
}

// feedPage is how many events of the log are looked through at a time.
const feedPage = 200

// feedWait bounds the waiting for the projections, by which it is known who sees what.
const feedWait = 2 * time.Second

// Feed shows viewers what happens to the tickets they see, from the log. What
// they see is what they may see when they ask, so that somebody who was
// away learns nothing of a ticket that was taken from them meanwhile; of a
// deleted ticket, those who saw it learn that it was deleted. It is safe for
// concurrent use and keeps nothing.
type Feed struct {
	pool     *pgxpool.Pool
	log      *eventstore.Store
	notifier *eventstore.Notifier
	fresh    *follow.Freshness
}

// NewFeed makes the feed of a log, of whose growth notifier wakes.
func NewFeed(pool *pgxpool.Pool, log *eventstore.Store, notifier *eventstore.Notifier, fresh *follow.Freshness) *Feed {
	return &Feed{pool: pool, log: log, notifier: notifier, fresh: fresh}
}

// Listen is [eventstore.Notifier.Listen].
func (f *Feed) Listen() (rung <-chan struct{}, stop func()) { return f.notifier.Listen() }

// Head returns the position of the newest event.
func (f *Feed) Head(ctx context.Context) (int64, error) {
	head, err := f.log.Head(ctx)
	return head, eventstore.Unreachable(err)
}

// After looks through the next events of the log after a position, at most a
// page of them, and returns those the viewer sees and the position up to
// which it looked: after itself when there is nothing new, or when the read
// models have not come so far.
func (f *Feed) After(ctx context.Context, viewer domain.Actor, after int64) (found []Occurrence, upto int64, err error) {
	recorded, err := f.log.Read(ctx, after, feedPage)
	if err != nil || len(recorded) == 0 {
		return nil, after, eventstore.Unreachable(err)
	}
	upto = recorded[len(recorded)-1].Position
	waiting, cancel := context.WithTimeout(ctx, feedWait)
	defer cancel()
	if _, err := f.fresh.Await(waiting, 0, projections.TicketList, projections.CommentList, projections.UserList); err != nil {
		return nil, after, nil
	}
	recorded = slices.DeleteFunc(recorded, func(r eventstore.Recorded) bool { return r.StreamType != domain.TicketStream })
	events, err := f.log.Codec().Open(ctx, recorded...)
	if err != nil {
		return nil, after, err
	}
	found, err = f.occurrences(ctx, viewer, events)
	if err != nil {
		return nil, after, eventstore.Unreachable(err)
	}
	return found, upto, nil
}

// occurrences returns what the viewer sees of the events.
func (f *Feed) occurrences(ctx context.Context, viewer domain.Actor, events []eventstore.Envelope) ([]Occurrence, error) {
	if len(events) == 0 {
		return nil, nil
	}
	numbers, err := f.visible(ctx, viewer, events)
	if err != nil {
		return nil, err
	}
	public, err := f.publicComments(ctx, viewer, events)
	if err != nil {
		return nil, err
	}
	names, err := f.names(ctx, events)
	if err != nil {
		return nil, err
	}
	var all []Occurrence
	for _, e := range events {
		number, seen := numbers[e.StreamID]
		if _, deleted := e.Event.(ticket.Deleted); deleted {
			if number, seen, err = f.sawDeleted(ctx, viewer, e); err != nil {
				return nil, err
			}
		}
		if !seen || hidden(viewer, e.Event, public) {
			continue
		}
		data, err := json.Marshal(e.Event)
		if err != nil {
			return nil, fmt.Errorf("write event %d: %w", e.Position, err)
		}
		all = append(all, Occurrence{
			Position: e.Position, Type: e.Type, Ticket: e.StreamID, TicketNumber: number, Version: e.Version,
			OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt,
			ActorKind: e.ActorKind, ActorID: e.ActorID, ActorName: names[e.ActorID.UUID], Data: data,
		})
	}
	return all, nil
}

// visible returns the numbers of the tickets the viewer sees now.
func (f *Feed) visible(ctx context.Context, viewer domain.Actor, events []eventstore.Envelope) (map[uuid.UUID]int64, error) {
	var ids []uuid.UUID
	for _, e := range events {
		ids = append(ids, e.StreamID)
	}
	var w projections.Where
	w.Add("t.id = ANY (?)", ids)
	w.VisibleTickets(viewer)
	return projections.Pairs[int64](ctx, f.pool, "SELECT t.id, t.number FROM read.tickets AS t"+w.String(), w.Args...)
}

// publicComments returns which of the comments that were edited are no notes:
// an edit does not say. It is nil for who may read notes too.
func (f *Feed) publicComments(ctx context.Context, viewer domain.Actor, events []eventstore.Envelope) (map[uuid.UUID]bool, error) {
	if ticket.SeesInternal(viewer) {
		return nil, nil
	}
	var edited []uuid.UUID
	for _, e := range events {
		if d, ok := e.Event.(ticket.CommentEdited); ok {
			edited = append(edited, d.CommentID.UUID)
		}
	}
	if edited == nil {
		return nil, nil
	}
	return projections.Pairs[bool](ctx, f.pool, "SELECT id, true FROM read.comments WHERE NOT internal AND id = ANY ($1)", edited)
}

// hidden reports whether the event is about a note that the viewer may not
// read, or may be: of a comment that was removed since nobody can tell.
func hidden(viewer domain.Actor, e domain.Event, public map[uuid.UUID]bool) bool {
	if ticket.SeesInternal(viewer) {
		return false
	}
	switch d := e.(type) {
	case ticket.CommentAdded:
		return d.Internal
	case ticket.CommentEdited:
		return !public[d.CommentID.UUID]
	case ticket.CommentRemoved:
		return d.Internal
	}
	return false
}

// sawDeleted reports whether the viewer saw the ticket just before it was
// deleted by e, and its number.
func (f *Feed) sawDeleted(ctx context.Context, viewer domain.Actor, e eventstore.Envelope) (number int64, saw bool, err error) {
	history, err := f.log.Load(ctx, e.StreamID)
	if err != nil {
		return 0, false, err
	}
	var before ticket.State
	for _, h := range history {
		if h.Version < e.Version {
			before = ticket.Evolve(before, h.Event)
		}
	}
	return before.Number, before.VisibleTo(viewer), nil
}

func (f *Feed) names(ctx context.Context, events []eventstore.Envelope) (view.Names, error) {
	var ids []uuid.UUID
	for _, e := range events {
		if e.ActorID.Valid {
			ids = append(ids, e.ActorID.UUID)
		}
	}
	return projections.Usernames(ctx, f.pool, ids)
}
