package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
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
// deleted ticket, those who saw it learn that it was deleted; and requesters read
// no text that was removed or edited since. It is safe for
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
	tickets, err := f.visible(ctx, viewer, events)
	if err != nil {
		return nil, err
	}
	if err := f.addComments(ctx, viewer, events, tickets); err != nil {
		return nil, err
	}
	notes, err := f.notes(ctx, viewer, events)
	if err != nil {
		return nil, err
	}
	names, err := f.names(ctx, events)
	if err != nil {
		return nil, err
	}
	var all []Occurrence
	for _, e := range events {
		now, seen := tickets[e.StreamID]
		if _, deleted := e.Event.(ticket.Deleted); deleted && !seen {
			if now, seen, err = f.sawDeleted(ctx, viewer, e); err != nil {
				return nil, err
			}
		}
		if !seen || hidden(viewer, e.Event, now) {
			continue
		}
		event := e.Event
		if !ticket.SeesWithdrawn(viewer) {
			event = now.Standing(event)
		}
		data, err := json.Marshal(event)
		if err != nil {
			return nil, fmt.Errorf("write event %d: %w", e.Position, err)
		}
		all = append(all, Occurrence{
			Position: e.Position, Type: e.Type, Ticket: e.StreamID, TicketNumber: now.Number, Version: e.Version - notes.before(e),
			OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt,
			ActorKind: e.ActorKind, ActorID: e.ActorID, ActorName: names[e.ActorID.UUID], Data: data,
		})
	}
	return all, nil
}

// visible returns the tickets the viewer sees now, with their texts alone.
func (f *Feed) visible(ctx context.Context, viewer domain.Actor, events []eventstore.Envelope) (map[uuid.UUID]ticket.State, error) {
	var ids []uuid.UUID
	for _, e := range events {
		ids = append(ids, e.StreamID)
	}
	var w projections.Where
	w.Add("t.id = ANY (?)", ids)
	w.VisibleTickets(viewer)
	tickets := map[uuid.UUID]ticket.State{}
	rows, _ := f.pool.Query(ctx, "SELECT t.id, t.number, t.title, t.description FROM read.tickets AS t"+w.String(), w.Args...) // ForEachRow returns its error
	var id uuid.UUID
	var now ticket.State
	_, err := pgx.ForEachRow(rows, []any{&id, &now.Number, &now.Title, &now.Description}, func() error {
		tickets[id] = now
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for the tickets of events: %w", err)
	}
	return tickets, nil
}

// addComments adds to tickets the public comments that the events add or edit, as
// they read now: an edit does not say that its comment is no note, nor whether its
// text still stands. Nothing is added for who may read notes and all texts.
func (f *Feed) addComments(ctx context.Context, viewer domain.Actor, events []eventstore.Envelope, tickets map[uuid.UUID]ticket.State) error {
	if ticket.SeesInternal(viewer) && ticket.SeesWithdrawn(viewer) {
		return nil
	}
	var written []uuid.UUID
	for _, e := range events {
		switch d := e.Event.(type) {
		case ticket.CommentAdded:
			written = append(written, d.CommentID.UUID)
		case ticket.CommentEdited:
			written = append(written, d.CommentID.UUID)
		case ticket.TextRedacted:
			written = append(written, d.CommentID.UUID)
		}
	}
	if written == nil {
		return nil
	}
	const q = `SELECT ticket_id, id, text FROM read.comments WHERE NOT internal AND id = ANY ($1)`
	rows, _ := f.pool.Query(ctx, q, written) // ForEachRow returns its error
	var of uuid.UUID
	var id ticket.CommentID
	var text string
	_, err := pgx.ForEachRow(rows, []any{&of, &id.UUID, &text}, func() error {
		now, seen := tickets[of]
		if !seen {
			return nil
		}
		if now.Comments == nil {
			now.Comments = map[ticket.CommentID]ticket.Comment{}
		}
		now.Comments[id] = ticket.Comment{Text: text}
		tickets[of] = now
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for the comments of events: %w", err)
	}
	return nil
}

// notes are the versions of tickets whose events are about internal notes.
type notes map[uuid.UUID][]int

// before returns how many of them precede an event of their ticket.
func (n notes) before(e eventstore.Envelope) (count int) {
	for _, version := range n[e.StreamID] {
		if version < e.Version {
			count++
		}
	}
	return count
}

// notes returns those of the events' tickets that the viewer does not count.
func (f *Feed) notes(ctx context.Context, viewer domain.Actor, events []eventstore.Envelope) (notes, error) {
	if ticket.SeesInternal(viewer) {
		return nil, nil
	}
	var ids []uuid.UUID
	for _, e := range events {
		ids = append(ids, e.StreamID)
	}
	const q = `SELECT stream_id, version FROM events
WHERE stream_id = ANY ($1) AND stream_type = 'ticket' AND data ->> 'internal' = 'true'`
	rows, _ := f.pool.Query(ctx, q, ids) // ForEachRow returns its error
	found := notes{}
	var id uuid.UUID
	var version int
	_, err := pgx.ForEachRow(rows, []any{&id, &version}, func() error {
		found[id] = append(found[id], version)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for the notes of tickets: %w", err)
	}
	return found, nil
}

// hidden reports whether the event is about a note that the viewer may not
// read, or may be: of a comment that was removed since nobody can tell.
func hidden(viewer domain.Actor, e domain.Event, now ticket.State) bool {
	if ticket.SeesInternal(viewer) {
		return false
	}
	switch d := e.(type) {
	case ticket.CommentAdded:
		return d.Internal
	case ticket.CommentEdited:
		_, public := now.Comments[d.CommentID]
		return !public
	case ticket.CommentRemoved:
		return d.Internal
	case ticket.TextRedacted:
		return d.Internal
	}
	return false
}

// sawDeleted reports whether the viewer saw the ticket just before it was
// deleted by e, and what it was.
func (f *Feed) sawDeleted(ctx context.Context, viewer domain.Actor, e eventstore.Envelope) (before ticket.State, saw bool, err error) {
	history, err := f.log.Load(ctx, e.StreamID)
	if err != nil {
		return before, false, err
	}
	before = ticket.Fold(eventstore.Said(history[:min(e.Version-1, len(history))]))
	return before, before.VisibleTo(viewer), nil
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
