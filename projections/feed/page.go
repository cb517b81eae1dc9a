package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// page is events of the log with all by which it is known who sees what of them. Those
// that none of its viewers sees were not decrypted.
type page struct {
	events  []eventstore.Envelope
	faults  map[int64]error // why events cannot be read, by their positions
	upto    int64
	more    bool                       // whether there are more events after upto
	tickets map[uuid.UUID]ticket.State // as they are now
	before  map[int64]ticket.State     // as they were before they were deleted, by the positions of that
	notes   notes
	names   view.Names
	data    map[shown]json.RawMessage
}

// shown is an event as some viewers are shown it.
type shown struct {
	position  int64
	withdrawn bool // whether with texts that do not stand any more
}

// page reads the next events after a position, for viewers. It is nil where there are
// none, or the read models have not come so far.
func (f *Feed) page(ctx context.Context, after int64, viewers []domain.Actor) (*page, error) {
	next, err := f.glimpse(ctx, after)
	if err != nil || len(next) == 0 {
		return nil, eventstore.Unreachable(err)
	}
	waiting, cancel := context.WithTimeout(ctx, feedWait)
	defer cancel()
	if _, err := f.fresh.Await(waiting, 0, projections.TicketList, projections.CommentList, projections.UserList); err != nil {
		return nil, nil
	}
	p := &page{upto: next[len(next)-1].Position, more: len(next) == PageSize, data: map[shown]json.RawMessage{}}
	next = slices.DeleteFunc(next, func(e glimpsed) bool { return e.StreamType != domain.TicketStream })
	if err := p.fill(ctx, f, next, viewers); err != nil {
		return nil, eventstore.Unreachable(err)
	}
	return p, nil
}

// fill reads what the events are about, and then reads and decrypts those that a viewer may
// see.
func (p *page) fill(ctx context.Context, f *Feed, next []glimpsed, viewers []domain.Actor) (err error) {
	if len(next) == 0 {
		return nil
	}
	var noted map[uuid.UUID]bool
	if p.tickets, noted, err = f.tickets(ctx, next); err != nil {
		return err
	}
	if next = p.visible(next, viewers); len(next) == 0 {
		return nil
	}
	apart := !all(viewers, ticket.SeesInternal) || !all(viewers, ticket.SeesWithdrawn)
	if apart {
		if p.notes, err = f.notes(ctx, next, noted); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(viewers, ticket.SeesInternal) {
		next = slices.DeleteFunc(next, p.notes.has)
	}
	if first := cut(next); len(first) < len(next) {
		next, p.upto, p.more = first, first[len(first)-1].Position, true
	}
	recorded, err := f.read(ctx, next)
	if err != nil {
		return err
	}
	if p.events, p.faults, _, err = f.log.Codec().OpenEach(ctx, recorded...); err != nil {
		return err
	}
	if p.before, err = f.beforeDeletions(ctx, p.events); err != nil {
		return err
	}
	if apart {
		if err := f.addComments(ctx, p.events, p.tickets); err != nil {
			return err
		}
		if err := f.addFiles(ctx, p.events, p.tickets); err != nil {
			return err
		}
	}
	p.names, err = f.names(ctx, p.events)
	return err
}

func all(viewers []domain.Actor, are func(domain.Actor) bool) bool {
	return !slices.ContainsFunc(viewers, func(v domain.Actor) bool { return !are(v) })
}

// answer returns what a viewer is told of the page.
func (p *page) answer(q question) answer {
	a := answer{Told: Told{Upto: p.upto, More: p.more}}
	for _, e := range p.events {
		now := p.tickets[e.StreamID]
		if !now.VisibleTo(q.viewer) {
			now = p.before[e.Position]
		}
		if !now.VisibleTo(q.viewer) || hidden(q.viewer, e.Event, now) {
			continue
		}
		err := p.faults[e.Position]
		var data json.RawMessage
		if err == nil {
			data, err = p.dataOf(e, now, ticket.SeesWithdrawn(q.viewer))
		}
		if err != nil {
			return answer{Told: Told{Upto: q.after}, err: fmt.Errorf("event %d: %w", e.Position, err)}
		}
		version := e.Version
		if !ticket.SeesInternal(q.viewer) {
			version -= p.notes.before(e)
		}
		a.Events = append(a.Events, Occurrence{
			Position: e.Position, Type: e.Type, Ticket: e.StreamID, TicketNumber: now.Number, Version: version,
			OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt,
			ActorKind: e.ActorKind, ActorID: e.ActorID, ActorName: p.names[e.ActorID.UUID], Data: data,
		})
	}
	return a
}

// dataOf returns what an event says, written once for all who are shown it alike.
func (p *page) dataOf(e eventstore.Envelope, now ticket.State, withdrawn bool) (json.RawMessage, error) {
	of := shown{e.Position, withdrawn}
	if data, ok := p.data[of]; ok {
		return data, nil
	}
	event := e.Event
	if !withdrawn {
		event = now.Standing(event)
	}
	data, err := json.Marshal(event)
	p.data[of] = data
	return data, err
}

// tickets returns the events' tickets as they are now, with their own texts alone, and for
// each whether it has internal notes.
func (f *Feed) tickets(ctx context.Context, events []glimpsed) (tickets map[uuid.UUID]ticket.State, noted map[uuid.UUID]bool, err error) {
	const q = `SELECT t.id, t.number, t.title, t.description, t.created_by, t.opened_by, coalesce(t.assigned_to, $2), t.note_events > 0
FROM read.tickets AS t WHERE t.id = ANY ($1)`
	tickets, noted = map[uuid.UUID]ticket.State{}, map[uuid.UUID]bool{}
	rows, _ := f.pool.Query(ctx, q, streamsOf(events), uuid.Nil) // ForEachRow returns its error
	var id uuid.UUID
	var notes bool
	now := ticket.State{Exists: true}
	_, err = pgx.ForEachRow(rows, []any{&id, &now.Number, &now.Title, &now.Description, &now.CreatedBy.UUID, &now.OpenedBy.UUID, &now.AssignedTo.UUID, &notes}, func() error {
		tickets[id], noted[id] = now, notes
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look for the tickets of events: %w", err)
	}
	return tickets, noted, nil
}

func streamsOf(events []glimpsed) []uuid.UUID {
	seen := map[uuid.UUID]bool{}
	var ids []uuid.UUID
	for _, e := range events {
		if !seen[e.StreamID] {
			seen[e.StreamID] = true
			ids = append(ids, e.StreamID)
		}
	}
	return ids
}

// addComments adds to tickets the public comments that the events add or edit, as
// they read now: an edit does not say that its comment is no note, nor whether its
// text still stands.
func (f *Feed) addComments(ctx context.Context, events []eventstore.Envelope, tickets map[uuid.UUID]ticket.State) error {
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
		now, there := tickets[of]
		if !there {
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

// addFiles adds to tickets the files that the events add, if they are there still.
func (f *Feed) addFiles(ctx context.Context, events []eventstore.Envelope, tickets map[uuid.UUID]ticket.State) error {
	var added []uuid.UUID
	for _, e := range events {
		if d, ok := e.Event.(ticket.AttachmentAdded); ok {
			added = append(added, d.AttachmentID.UUID)
		}
	}
	if added == nil {
		return nil
	}
	const q = `SELECT ticket_id, id, filename FROM read.attachments WHERE removed_at IS NULL AND id = ANY ($1)`
	rows, _ := f.pool.Query(ctx, q, added) // ForEachRow returns its error
	var of uuid.UUID
	var id ticket.AttachmentID
	var name string
	_, err := pgx.ForEachRow(rows, []any{&of, &id.UUID, &name}, func() error {
		now, there := tickets[of]
		if !there {
			return nil
		}
		if now.Attachments == nil {
			now.Attachments = map[ticket.AttachmentID]ticket.Attachment{}
		}
		now.Attachments[id] = ticket.Attachment{Filename: name}
		tickets[of] = now
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for the files of events: %w", err)
	}
	return nil
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
	case ticket.AttachmentAdded:
		return d.Internal
	case ticket.AttachmentRemoved:
		return d.Internal
	}
	return false
}

// beforeDeletions returns the tickets that are deleted as they were before that, by the
// positions of their deletions: whoever saw one then is told.
func (f *Feed) beforeDeletions(ctx context.Context, events []eventstore.Envelope) (map[int64]ticket.State, error) {
	before := map[int64]ticket.State{}
	for _, e := range events {
		if _, deleted := e.Event.(ticket.Deleted); !deleted {
			continue
		}
		history, err := f.log.Outline(ctx, e.StreamID)
		if err != nil {
			return nil, err
		}
		before[e.Position] = ticket.Fold(eventstore.Said(history[:min(e.Version-1, len(history))]))
	}
	return before, nil
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
