package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// StreamLog loads streams; see [eventstore.Store].
type StreamLog interface {
	Load(ctx context.Context, streamID uuid.UUID) ([]eventstore.Envelope, error)
	LoadAll(ctx context.Context, streamIDs []uuid.UUID) ([]eventstore.Envelope, error)
	Outline(ctx context.Context, streamIDs ...uuid.UUID) ([]eventstore.Envelope, error)
	InFull(ctx context.Context, events []eventstore.Envelope, places []int) ([]eventstore.Envelope, error)
	At(ctx context.Context, positions ...int64) ([]eventstore.Envelope, error)
	Newest(ctx context.Context, streamID uuid.UUID, types []string) ([]eventstore.Envelope, error)
	Select(ctx context.Context, which eventstore.Selection, limit int) ([]eventstore.Recorded, error)
	Version(ctx context.Context, streamID uuid.UUID) (int, error)
	Codec() *eventstore.Codec
}

// Reader reads what happened to a ticket, from the log itself. It is safe for
// concurrent use.
type Reader struct {
	log  StreamLog
	pool *pgxpool.Pool
}

// NewReader makes the histories over a log and the projections.
func NewReader(log StreamLog, pool *pgxpool.Pool) *Reader {
	return &Reader{log: log, pool: pool}
}

// Entry is one event of a history, in words and data.
type Entry struct {
	Position   int64      `json:"position"`
	Version    int        `json:"version"` // in the event's own stream: the ticket's, as the viewer counts, or an email's
	Type       string     `json:"type"`
	Summary    string     `json:"summary"` // one sentence
	Actor      view.Actor `json:"actor"`
	Cause      *Cause     `json:"cause"`   // nil: a person did it of themselves
	Effects    []Effect   `json:"effects"` // what it caused, in order; the other way round of Cause
	Changes    []Change   `json:"changes"`
	OccurredAt time.Time  `json:"occurred_at"`
	RecordedAt time.Time  `json:"recorded_at"`

	EventID uuid.UUID `json:"-"`
}

// The kinds of causes and effects.
const (
	causeEvent = "event"
	causeTimer = "timer"
)

// Cause is what an event came of.
type Cause struct {
	Kind string    `json:"kind"` // event or timer
	ID   uuid.UUID `json:"id"`
	// Position of the event: the cause itself, or the one that set the timer. Nil
	// when it is not part of this history.
	Position *int64 `json:"position"`
}

// Effect is what an event caused.
type Effect struct {
	Kind string    `json:"kind"` // event or timer
	ID   uuid.UUID `json:"id"`
	// Position of the event, or of the one that the timer caused. Nil: the timer
	// is pending, or what it was set for had happened when it fired.
	Position *int64 `json:"position"`
}

// Change is a member that is another after an event. A nil is a member that was
// not there.
type Change struct {
	Field  string `json:"field"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// ticketTimersSQL reads which event set each of the timers that fired, and the
// pending one of a ticket, as the escalation keeps them.
const ticketTimersSQL = `
SELECT timer_id, cause_position FROM saga.timers WHERE timer_id = ANY ($1)
UNION
SELECT timer_id, cause_position FROM saga.timers WHERE saga = 'escalation' AND key = $2 AND fired_at IS NULL`

// ticketEmailsSQL finds the emails about a ticket to somebody, $2; null: to all, and the
// automatic replies in it that came in.
const ticketEmailsSQL = `
SELECT id FROM read.emails WHERE ticket_id = $1 AND ($2::uuid IS NULL OR recipient_id = $2)
UNION ALL
SELECT id FROM read.inbound_messages WHERE ticket_id = $1 AND verdict = 'auto_reply' AND $2::uuid IS NULL`

// Ticket returns a page of what happened to a ticket and its emails, in the order
// of the log: [domain.ErrNotFound] when the viewer does not see the ticket; admins and
// auditors see deleted ones too. Nobody sees of it what they may not
// see: a requester not of internal notes, nor of emails to others, nor a text that
// was removed or edited since.
func (r *Reader) Ticket(ctx context.Context, viewer domain.Actor, id ticket.ID, p projections.Page) (projections.Slice[Entry], error) {
	if err := projections.Fresh(ctx, projections.TicketList, projections.UserList); err != nil {
		return projections.Slice[Entry]{}, err
	}
	events, err := loadPast(ctx, r.log, viewer, id.UUID)
	if err != nil {
		return projections.Slice[Entry]{}, err
	}
	all, err := r.withEmails(ctx, viewer, id, events)
	if err != nil {
		return projections.Slice[Entry]{}, err
	}
	names, err := r.usernames(ctx, all)
	if err != nil {
		return projections.Slice[Entry]{}, err
	}
	timers, err := r.timers(ctx, id, events)
	if err != nil {
		return projections.Slice[Entry]{}, err
	}
	var left map[uuid.UUID]leaving
	if ticket.SeesInternal(viewer) { // why somebody does not work here any more is not for requesters
		if left, err = r.leavings(ctx, events); err != nil {
			return projections.Slice[Entry]{}, err
		}
	}
	describe := func(events []eventstore.Envelope, only []Entry) []Entry {
		d := newDescriber(viewer, names, timers)
		d.leavings, d.only = left, positionsOf(only)
		return d.describe(events)
	}
	// All are folded, and what the page may hold is put into words.
	next, _ := nextOf(describe(all, nil), p)
	page := pageOfEntries(describe(view.Standing(viewer, all), next), p)
	if !brief(all) {
		return page, nil
	}
	// Which entries there is room for the lengths of their texts say. What they show are
	// the texts.
	whole, err := r.log.InFull(ctx, all, textsOn(page.Items, viewer, all))
	if err != nil {
		return projections.Slice[Entry]{}, err
	}
	return inFull(page, describe(view.Standing(viewer, whole), page.Items)), nil
}

// withEmails returns the events of a ticket and of the emails about it, and automatic
// replies to it, that the viewer may know of, in the order of the log.
func (r *Reader) withEmails(ctx context.Context, viewer domain.Actor, id ticket.ID, events []eventstore.Envelope) ([]eventstore.Envelope, error) {
	var only *uuid.UUID // whose emails
	if !ticket.SeesInternal(viewer) {
		only = &viewer.ID.UUID
	}
	rows, _ := r.pool.Query(ctx, ticketEmailsSQL, id, only) // CollectRows returns its error
	emails, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("find the emails of a ticket: %w", err))
	}
	told, err := r.log.LoadAll(ctx, emails)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(events, told)
	slices.SortFunc(all, func(a, b eventstore.Envelope) int { return cmp.Compare(a.Position, b.Position) })
	return all, nil
}

// timers returns the timers behind a ticket's events, and its pending one.
func (r *Reader) timers(ctx context.Context, id ticket.ID, events []eventstore.Envelope) (map[uuid.UUID]int64, error) {
	var fired []uuid.UUID
	for _, e := range events {
		if e.ActorKind == domain.ActorTimer {
			fired = append(fired, e.CausationID.UUID)
		}
	}
	timers, err := projections.Pairs[int64](ctx, r.pool, ticketTimersSQL, fired, id)
	return timers, eventstore.Unreachable(err)
}

// loadPast returns the outline of a ticket for who may see its past: who sees it now, and
// of one that was deleted admins and auditors. Others get [domain.ErrNotFound] by as
// little of it as of one that does not exist: how long it took would tell how long it is.
func loadPast(ctx context.Context, log StreamLog, viewer domain.Actor, id uuid.UUID) ([]eventstore.Envelope, error) {
	decisive, err := log.Newest(ctx, id, ticket.SeenBy())
	if err != nil {
		return nil, err
	}
	if now := ticket.Fold(eventstore.Said(decisive)); !now.VisibleTo(viewer) && !(now.Deleted && audits(viewer)) {
		return nil, domain.ErrNotFound
	}
	return log.Outline(ctx, id)
}

// audits reports whether tickets that were deleted are shown to the actor.
func audits(a domain.Actor) bool { return a.Admin() || a.Role == domain.RoleAuditor }

// pageOfEntries cuts a page out of a whole history. A ticket's events are read
// all together anyway, though without their long texts: they have to be folded.
func pageOfEntries(all []Entry, p projections.Page) projections.Slice[Entry] {
	next, back := nextOf(all, p)
	l := projections.List[Entry]{
		At:    func(e Entry) (string, uuid.UUID) { return strconv.FormatInt(e.Position, 10), uuid.Nil },
		Bytes: Entry.bytes,
	}
	s := l.Cut(next, p, back)
	if p.Count {
		n := int64(len(all))
		s.Count = &n
	}
	return s
}

// nextOf returns the entries that a page has, if there is room for them, and one more.
func nextOf(all []Entry, p projections.Page) (rest []Entry, back bool) {
	rest = all
	if c := p.Cursor; c != nil {
		back = c.Back
		at, _ := strconv.ParseInt(c.Key, 10, 64) // we made it
		place, there := slices.BinarySearchFunc(all, at, func(e Entry, at int64) int { return cmp.Compare(e.Position, at) })
		switch {
		case back:
			rest = slices.Clone(all[:place])
			slices.Reverse(rest)
		case there:
			rest = all[place+1:]
		default:
			rest = all[place:]
		}
	}
	return slices.Clone(rest[:min(len(rest), p.Size+1)]), back
}

// positionsOf returns the positions of entries.
func positionsOf(entries []Entry) map[int64]bool {
	all := make(map[int64]bool, len(entries))
	for _, e := range entries {
		all[e.Position] = true
	}
	return all
}

// usernames returns the names of everybody the events name.
func (r *Reader) usernames(ctx context.Context, events []eventstore.Envelope) (view.Names, error) {
	var ids []uuid.UUID
	for _, e := range events {
		ids = append(ids, e.ActorID.UUID)
		if q, ok := email.Brings(e.Event); ok {
			ids = append(ids, q.Recipient.UUID)
		}
		switch d := e.Event.(type) {
		case ticket.Opened:
			ids = append(ids, d.CreatedBy.UUID)
		case ticket.Assigned:
			ids = append(ids, d.AssignedTo.UUID)
		case ticket.CommentAdded:
			ids = append(ids, d.Author.UUID)
		}
	}
	names, err := projections.Usernames(ctx, r.pool, ids)
	return names, eventstore.Unreachable(err)
}
