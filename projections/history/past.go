package history

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// ErrFuture refuses a look at an instant that the database's clock has not
// reached.
var ErrFuture = &domain.Error{Kind: domain.KindInvalid, Code: "future", Message: "must be in the past"}

// Fresh waits until the projections have reached a position of the log; see
// [follow.Freshness].
type Fresh interface {
	Wait(ctx context.Context, position int64, names ...string) error
}

// Past shows tickets as the system knew them at an instant, by when events were
// recorded. What it shows of an instant never changes, but for the texts of who
// is erased, the present names of people and, to requesters, texts that were removed
// or edited since, which they are not shown. The past of a ticket is shown to
// whoever sees the ticket now; admins and auditors are shown that of deleted ones
// too. It is safe for concurrent use.
type Past struct {
	log   StreamLog
	pool  *pgxpool.Pool
	fresh Fresh
}

// NewPast makes the view of the past over a log and the projections.
func NewPast(log StreamLog, pool *pgxpool.Pool, fresh Fresh) *Past {
	return &Past{log: log, pool: pool, fresh: fresh}
}

// Moment is a moment in the life of a ticket: right after its event of a
// version, or an instant.
type Moment struct {
	Version int       // as who asks counts them; 0: the instant counts
	Instant time.Time // what was recorded at it or before
}

// in returns the moment by the versions of the ticket with these events, of one by
// those that the viewer counts.
func (m Moment) in(events []eventstore.Envelope, viewer domain.Actor) Moment {
	if m.Version == 0 || ticket.SeesInternal(viewer) {
		return m
	}
	left := m.Version
	for _, e := range events {
		if !ticket.AboutNote(e.Event) {
			left--
		}
		if left == 0 {
			return Moment{Version: e.Version}
		}
	}
	return Moment{Version: math.MaxInt} // it never was at that
}

// reached reports whether e was recorded at the moment.
func (m Moment) reached(e eventstore.Envelope) bool {
	if m.Version > 0 {
		return e.Version <= m.Version
	}
	return !e.RecordedAt.After(m.Instant)
}

// end returns how many of a ticket's events were recorded at the moment.
func (m Moment) end(events []eventstore.Envelope) int {
	for i, e := range events {
		if !m.reached(e) {
			return i
		}
	}
	return len(events)
}

// PastTicket is a ticket at a moment with the comments of then, oldest first, as
// far as the viewer may see them and a page has room for them.
type PastTicket struct {
	view.Ticket
	Comments   []view.Comment
	Next       *projections.Cursor // to the other comments in [Past.Comments] of when it was recorded; nil: there are none
	RecordedAt time.Time           // when its newest event of then was recorded
}

// Difference is what is another at one moment than at another.
type Difference struct {
	From, To VersionAt
	Changes  []Change
	Next     *projections.Cursor // to other changes, for which there was no room; nil: there are none
}

// VersionAt is a version of a ticket and when it was recorded.
type VersionAt struct {
	Version    int
	RecordedAt time.Time
}

// stand is a ticket as it stood at a moment.
type stand struct {
	view.TicketRow
	state      ticket.State
	comments   []view.CommentRow // in the order in which they were added
	recordedAt time.Time         // of its newest event that the viewer may know of
}

// standAt folds the events of a ticket up to a moment, for a viewer. ok is false when there was
// no ticket then, or there never is such a version.
func standAt(viewer domain.Actor, events []eventstore.Envelope, at Moment) (s stand, ok bool) {
	var thread view.Thread
	events = events[:at.end(events)]
	for _, e := range events {
		s.TicketRow.Apply(e)
		thread.Apply(e)
		if ticket.SeesInternal(viewer) || !ticket.AboutNote(e.Event) {
			s.recordedAt = e.RecordedAt
		}
	}
	s.state = ticket.Fold(eventstore.Said(events))
	s.comments = thread.Rows()
	return s, s.state.Exists && (at.Version == 0 || at.Version == s.Version)
}

// Ticket returns a ticket as it was at a moment: [domain.ErrNotFound] when the
// viewer may not see it or it was not there then, [ErrFuture] for an instant to
// come.
func (p *Past) Ticket(ctx context.Context, viewer domain.Actor, ref ticket.Ref, at Moment) (PastTicket, error) {
	if err := projections.Fresh(ctx, projections.TicketList, projections.UserList); err != nil {
		return PastTicket{}, err
	}
	events, err := p.events(ctx, viewer, ref, at)
	if err != nil {
		return PastTicket{}, err
	}
	at = at.in(events, viewer)
	s, ok := standAt(viewer, events, at)
	if !ok {
		return PastTicket{}, domain.ErrNotFound
	}
	shown := s.commentsFor(viewer)
	room := projections.Room(len(shown), func(i int) int { return entryBytes + len(shown[i].Text) })
	of := ticket.Texts()
	for _, c := range shown[:room] {
		of = append(of, ticket.Subject{Field: ticket.FieldComment, CommentID: ticket.CommentID{UUID: c.ID}})
	}
	if events, err = p.log.InFull(ctx, events, places(viewer, events, at.end(events), of...)); err != nil {
		return PastTicket{}, err
	}
	s, _ = standAt(viewer, view.Standing(viewer, events), at)
	names, err := p.names(ctx, s)
	if err != nil {
		return PastTicket{}, err
	}
	then := PastTicket{Ticket: s.Named(viewer, names), RecordedAt: s.recordedAt}
	if room < len(shown) {
		then.Next = placeOf(events, shown[room-1].ID)
	}
	then.Comments = s.show(s.commentsFor(viewer)[:room], names)
	return then, nil
}

// placeOf returns the place of a comment in [Past.Comments].
func placeOf(events []eventstore.Envelope, id uuid.UUID) *projections.Cursor {
	for _, e := range events {
		if d, ok := e.Event.(ticket.CommentAdded); ok && d.CommentID.UUID == id {
			key, event := saidRow{Position: e.Position, EventID: e.EventID}.place()
			return &projections.Cursor{Key: key, ID: event}
		}
	}
	return nil
}

// events returns the outline of a ticket whose past the viewer may see, once nothing is
// still to come of what was recorded at the moments.
func (p *Past) events(ctx context.Context, viewer domain.Actor, ref ticket.Ref, moments ...Moment) ([]eventstore.Envelope, error) {
	for _, m := range moments {
		if m.Version > 0 {
			continue
		}
		if _, err := p.Settled(ctx, m.Instant); err != nil {
			return nil, err
		}
	}
	id, err := p.id(ctx, ref)
	if err != nil {
		return nil, err
	}
	return loadPast(ctx, p.log, viewer, id)
}

// id returns the id of the ticket a reference names, of a deleted one too.
func (p *Past) id(ctx context.Context, ref ticket.Ref) (uuid.UUID, error) {
	if ref.ID.UUID != uuid.Nil {
		return ref.ID.UUID, nil
	}
	row, err := projections.OfLog[struct{ ID uuid.UUID }](ctx, p.pool, "ticket number", projections.TicketOfNumber, ref.Number)
	return row.ID, err
}

const (
	// Where the clock was ahead, the log's own time is later than the clock's.
	headAtSQL = `SELECT greatest(clock_timestamp(), recorded_at) >= $1 AS past, recorded_at > $1 AS passed FROM log_head WHERE id = 1`

	// Whoever appends holds the row, and reads the clock while they do.
	lockedHeadSQL = `SELECT position FROM log_head WHERE id = 1 FOR SHARE`

	// Bisection: recorded_at never decreases along position.
	positionAtSQL = `
WITH RECURSIVE search (low, high) AS (
    SELECT 0::bigint, position FROM log_head WHERE id = 1
UNION ALL
    SELECT CASE WHEN e.recorded_at <= $1 THEN e.position ELSE s.low END, CASE WHEN e.recorded_at <= $1 THEN s.high ELSE e.position - 1 END
    FROM search AS s JOIN events AS e ON e.position = (s.low + s.high + 1) / 2
    WHERE s.low < s.high
)
SELECT low FROM search WHERE low = high`
)

// Settled returns the position of the last event that was recorded at an instant
// or before, once no more of them can come: [ErrFuture] when the instant has not.
// While the log has nothing younger an append may be under way that read the
// clock before: it is waited for.
func (p *Past) Settled(ctx context.Context, instant time.Time) (position int64, err error) {
	var past, passed bool
	if err := p.pool.QueryRow(ctx, headAtSQL, instant).Scan(&past, &passed); err != nil {
		return 0, eventstore.Unreachable(fmt.Errorf("look at the head of the log: %w", err))
	}
	if !past {
		return 0, ErrFuture
	}
	if !passed {
		err = p.pool.QueryRow(ctx, lockedHeadSQL).Scan(new(int64))
	}
	if err == nil {
		err = p.pool.QueryRow(ctx, positionAtSQL, instant).Scan(&position)
	}
	if errors.Is(err, pgx.ErrNoRows) { // a position is missing from the log
		return 0, fmt.Errorf("find the last position at %s: %w", instant, err)
	}
	return position, eventstore.Unreachable(err)
}

// names returns the present names of everybody who is shown with the tickets.
func (p *Past) names(ctx context.Context, tickets ...stand) (view.Names, error) {
	var ids []uuid.UUID
	for _, s := range tickets {
		ids = append(ids, s.CreatedBy, s.state.AssignedTo.UUID)
		for _, c := range s.comments {
			ids = append(ids, c.AuthorID)
		}
	}
	names, err := projections.Usernames(ctx, p.pool, ids)
	return names, eventstore.Unreachable(err)
}

// commentsFor returns the comments that the viewer may see, in the order in which they
// were added.
func (s stand) commentsFor(viewer domain.Actor) []view.CommentRow {
	return slices.DeleteFunc(slices.Clone(s.comments), func(c view.CommentRow) bool {
		return c.Internal && !ticket.SeesInternal(viewer)
	})
}

// show returns comments of the ticket as people see them, oldest first.
func (s stand) show(comments []view.CommentRow, names view.Names) []view.Comment {
	shown := make([]view.Comment, len(comments))
	for i, c := range comments {
		shown[i] = c.Show(s.Number, names[c.AuthorID])
	}
	slices.SortFunc(shown, func(a, b view.Comment) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return shown
}
