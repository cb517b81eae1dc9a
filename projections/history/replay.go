package history

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// TicketStep is one event of a ticket, and the ticket as it stood after it.
type TicketStep struct {
	Entry
	Ticket TicketThen `json:"ticket"`
}

// TicketThen is a ticket as it stood, with all that was said on it.
type TicketThen struct {
	view.Ticket
	Deleted     bool              `json:"deleted"`
	Comments    []view.Comment    `json:"comments"`              // with the internal notes, oldest first
	Attachments []view.Attachment `json:"attachments,omitempty"` // those of comments too
}

// Until is up to where a ticket is replayed. The zero Until is to its end.
type Until struct {
	Version int       // the last one; 0: all
	At      time.Time // as known to the log at that instant; zero: now
}

// Refusals of a replay beside [domain.ErrNotFound].
var (
	ErrNoSuchVersion = &domain.Error{Kind: domain.KindNotFound, Code: "no_such_version", Message: "the ticket was never at that version"}
	ErrNotYetOpened  = &domain.Error{Kind: domain.KindNotFound, Code: "not_yet_opened", Message: "the ticket was not there at that instant"}
)

// Replay calls each with every step of a ticket, deleted or not, in order, until
// it returns an error. Nothing is left out but the emails, which are no part of
// the ticket. It refuses before the first step: with [domain.ErrNotFound], with
// [ErrNoSuchVersion] or with [ErrNotYetOpened].
func (r *Reader) Replay(ctx context.Context, id ticket.ID, until Until, each func(TicketStep) error) error {
	events, err := r.log.Load(ctx, id.UUID)
	if err != nil {
		return err
	}
	if len(events) == 0 || events[0].StreamType != domain.TicketStream {
		return domain.ErrNotFound
	}
	if events, err = until.cut(events); err != nil {
		return err
	}
	names, err := r.usernames(ctx, events)
	if err != nil {
		return err
	}
	timers, err := r.timers(ctx, id, events)
	if err != nil {
		return err
	}
	run := replay{describer: newDescriber(domain.System(), names, timers)}
	for i, entry := range run.describer.describe(events) { // as many as there are events: the service is told of all
		if err := each(run.step(events[i], entry)); err != nil {
			return err
		}
	}
	return nil
}

// cut returns the events up to there.
func (u Until) cut(events []eventstore.Envelope) ([]eventstore.Envelope, error) {
	if u.Version > len(events) {
		return nil, ErrNoSuchVersion.With("the ticket is at version %d, it was never at %d", len(events), u.Version)
	}
	if u.Version > 0 {
		events = events[:u.Version]
	}
	if u.At.IsZero() {
		return events, nil
	}
	n := 0
	for n < len(events) && !events[n].RecordedAt.After(u.At) {
		n++
	}
	if n == 0 {
		return nil, ErrNotYetOpened.With("the ticket was recorded at %s, it was not there before", events[0].RecordedAt.UTC().Format(time.RFC3339Nano))
	}
	return events[:n], nil
}

// replay is a ticket on its way through its events.
type replay struct {
	describer *describer
	row       view.TicketRow
	comments  view.Thread
	files     view.Files
}

// step returns the step of an event, with instants in UTC.
func (r *replay) step(e eventstore.Envelope, entry Entry) TicketStep {
	e.OccurredAt = e.OccurredAt.UTC()
	entry.OccurredAt, entry.RecordedAt = e.OccurredAt, e.RecordedAt.UTC()
	if entry.Changes == nil {
		entry.Changes = []Change{}
	}
	if entry.Effects == nil {
		entry.Effects = []Effect{}
	}
	r.row.Apply(e)
	r.comments.Apply(e)
	r.files.Apply(e)
	then := TicketThen{Ticket: r.row.Named(domain.System(), r.describer.names), Deleted: r.row.Deleted, Comments: []view.Comment{}}
	then.Attachments = r.files.Show(domain.System(), r.row.Number, r.describer.names)
	for _, c := range r.comments.Rows() {
		then.Comments = append(then.Comments, c.Show(r.row.Number, r.describer.names[c.AuthorID]))
	}
	return TicketStep{Entry: entry, Ticket: then}
}

// everTicketSQL finds the ticket that was opened under a number in the log. It
// reads every opening.
const everTicketSQL = `SELECT stream_id AS id FROM events WHERE type = $1 AND data ->> 'number' = $2::bigint::text LIMIT 1`

// EverTicket returns the id of the ticket that has, or had until it was deleted,
// a number: [domain.ErrNotFound] when there never was one. Of a deleted one it
// has to read the whole log.
func (r *Reader) EverTicket(ctx context.Context, number int64) (ticket.ID, error) {
	type found struct{ ID uuid.UUID }
	row, err := projections.One[found](ctx, r.pool, "ticket number", `SELECT id FROM read.tickets WHERE number = $1`, number)
	if errors.Is(err, domain.ErrNotFound) {
		row, err = projections.One[found](ctx, r.pool, "opening of a ticket", everTicketSQL, ticket.Opened{}.EventType(), number)
	}
	return ticket.ID{UUID: row.ID}, err
}
