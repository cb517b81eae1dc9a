package history

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// saidRow is a comment by the event that added it.
type saidRow struct {
	Position  int64
	EventID   uuid.UUID
	TicketID  uuid.UUID
	CommentID uuid.UUID
	Bytes     int // as it is stored
}

func (r saidRow) place() (key string, id uuid.UUID) {
	return strconv.FormatInt(r.Position, 10), r.EventID
}

// saidThen is what holds of the event e that added a comment which was there at
// the position $at: neither it nor its ticket was taken away, unless that came back.
const saidThen = `e.type = 'ticket.comment_added' AND e.position <= $at AND NOT EXISTS (
    SELECT FROM events AS g
    WHERE g.stream_id = e.stream_id AND g.version > e.version AND g.position <= $at
      AND (g.type = 'ticket.comment_removed' AND g.data->>'comment_id' = e.data->>'comment_id'
        OR g.type = 'ticket.deleted' AND NOT EXISTS (
            SELECT FROM events AS r
            WHERE r.stream_id = g.stream_id AND r.version > g.version AND r.position <= $at AND r.type = 'ticket.restored')))`

// Comments returns a page of the comments that there were at an instant, as they
// were then, in the order of the log: of one ticket, or of all when ref is nil. Of
// a ticket the viewer may not see there are none. It refuses like [Past.Tickets].
//
// The log is read from where the page begins until it is full, or until it is enough work
// to find out what became of the comments on it.
func (p *Past) Comments(ctx context.Context, viewer domain.Actor, at time.Time, ref *ticket.Ref, page projections.Page) (projections.Slice[view.Comment], error) {
	position, err := p.caughtUp(ctx, at)
	if err != nil {
		return projections.Slice[view.Comment]{}, err
	}
	l := saidList(viewer, position)
	if ref != nil {
		id, err := p.id(ctx, *ref)
		if err != nil && !errors.Is(err, domain.ErrNotFound) {
			return projections.Slice[view.Comment]{}, err
		}
		l.Where.Add("e.stream_id = ?", id) // none where there is no such ticket
	}
	rows, err := l.Page(ctx, p.pool, page)
	if err != nil {
		return projections.Slice[view.Comment]{}, err
	}
	became, room, err := p.changesOf(ctx, viewer, rows.Items, position, page.Back())
	if err != nil {
		return projections.Slice[view.Comment]{}, err
	}
	if room < len(rows.Items) {
		page.Size = room
		if rows, err = l.Page(ctx, p.pool, page); err != nil {
			return projections.Slice[view.Comment]{}, err
		}
	}
	shown, err := p.said(ctx, viewer, rows.Items, became)
	if err != nil {
		return projections.Slice[view.Comment]{}, err
	}
	return projections.Slice[view.Comment]{Items: shown, Next: rows.Next, Previous: rows.Previous, Count: rows.Count}, nil
}

// TicketOf returns the ticket that a comment is or was on: [domain.ErrNotFound] when
// there never was such a comment. For one that the projection does not have the log is
// looked at, which has them by their ids.
func (p *Past) TicketOf(ctx context.Context, id ticket.CommentID) (ticket.ID, error) {
	const now = `SELECT ticket_id AS id FROM read.comments WHERE id = $1`
	const ever = `SELECT stream_id AS id FROM events WHERE type = 'ticket.comment_added' AND (data ->> 'comment_id')::uuid = $1 LIMIT 1`
	type found struct{ ID uuid.UUID }
	row, err := projections.OfLog[found](ctx, p.pool, "comment", now, id)
	if errors.Is(err, domain.ErrNotFound) {
		row, err = projections.OfLog[found](ctx, p.pool, "comment", ever, id)
	}
	return ticket.ID{UUID: row.ID}, err
}

// Comment returns a comment as it is by the log, without its author's name:
// [domain.ErrNotFound] where it is not there, or the viewer may not see it.
func (p *Past) Comment(ctx context.Context, viewer domain.Actor, id ticket.CommentID) (view.Comment, error) {
	of, err := p.TicketOf(ctx, id)
	if err != nil {
		return view.Comment{}, err
	}
	events, err := loadPast(ctx, p.log, viewer, of.UUID)
	if err != nil {
		return view.Comment{}, err
	}
	now := ticket.Fold(eventstore.Said(events))
	c, there := now.Comments[id]
	if !there || !now.Exists || (c.Internal && !ticket.SeesInternal(viewer)) {
		return view.Comment{}, domain.ErrNotFound
	}
	comment, _ := view.CommentOf(events, id, nil)
	return comment, nil
}

// saidList returns the query of [Past.Comments].
func saidList(viewer domain.Actor, position int64) projections.List[saidRow] {
	l := projections.List[saidRow]{
		From: "events AS e", Key: "e.position", Cast: "bigint", ID: "e.event_id",
		Columns: "e.position, e.event_id, e.stream_id AS ticket_id, (e.data->>'comment_id')::uuid AS comment_id, pg_column_size(e.data) AS bytes",
		Varies:  true,
		At:      saidRow.place,
		Bytes:   func(r saidRow) int { return r.Bytes },
	}
	w := &l.Where
	if !audits(viewer) {
		l.From += " JOIN read.tickets AS t ON t.id = e.stream_id"
		w.VisibleTickets(viewer)
	}
	if !ticket.SeesInternal(viewer) { // of a ticket without notes, no comment need be read to know that it is none
		w.Add("(t.note_events = 0 OR NOT (e.data->>'internal')::boolean)")
	}
	w.Add(strings.ReplaceAll(saidThen, "$at", w.Arg(position)))
	return l
}
