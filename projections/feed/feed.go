package feed

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/internal/batch"
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

// PageSize is how many events of the log are looked through at a time.
const PageSize = 200

// feedWait bounds the waiting for the projections, by which it is known who sees what.
const feedWait = 2 * time.Second

// Feed shows viewers what happens to the tickets they see, from the log. What
// they see is what they may see when they ask, so that somebody who was
// away learns nothing of a ticket that was taken from them meanwhile; of a
// deleted ticket, those who saw it learn that it was deleted; and requesters read
// no text that was removed or edited since. Viewers who ask at the same time share what
// is read and decrypted for them. It is safe for concurrent use and keeps nothing.
type Feed struct {
	pool     *pgxpool.Pool
	log      *eventstore.Store
	notifier *eventstore.Notifier
	fresh    *follow.Freshness
	asked    *batch.Queries[question, answer]
	noted    noted
}

// question is what a viewer asks: what happened after a position.
type question struct {
	viewer domain.Actor
	after  int64
}

type answer struct {
	Told
	err error
}

// NewFeed makes the feed of a log, of whose growth notifier wakes.
func NewFeed(pool *pgxpool.Pool, log *eventstore.Store, notifier *eventstore.Notifier, fresh *follow.Freshness) *Feed {
	f := &Feed{pool: pool, log: log, notifier: notifier, fresh: fresh}
	f.asked = batch.New(f.answers)
	return f
}

// Listen is [eventstore.Notifier.Listen].
func (f *Feed) Listen() (rung <-chan struct{}, stop func()) { return f.notifier.Listen() }

// Head returns the position of the newest event.
func (f *Feed) Head(ctx context.Context) (int64, error) {
	head, err := f.log.Head(ctx)
	return head, eventstore.Unreachable(err)
}

// Told is what a viewer is told of the next events after a position.
type Told struct {
	Events []Occurrence // those of them that the viewer sees
	Upto   int64        // position up to which the log was looked through
	More   bool         // whether there is more after that
}

// After looks through the next events of the log after a position, at most [PageSize], and
// no more than are stored in [PageBytes]. Upto is that position itself when there is nothing
// new, or when the read models have not come so far.
func (f *Feed) After(ctx context.Context, viewer domain.Actor, after int64) (Told, error) {
	a, err := f.asked.Ask(ctx, question{viewer, after})
	if err != nil {
		return Told{Upto: after}, err
	}
	return a.Told, a.err
}

// answers returns what viewers are told who ask at the same time, mostly for the same events.
func (f *Feed) answers(ctx context.Context, all []question) ([]answer, error) {
	viewers := map[int64][]domain.Actor{}
	for _, q := range all {
		viewers[q.after] = append(viewers[q.after], q.viewer)
	}
	pages := map[int64]*page{}
	faults := map[int64]error{}
	for after, of := range viewers {
		pages[after], faults[after] = f.page(ctx, after, of)
	}
	answers := make([]answer, len(all))
	for i, q := range all {
		answers[i].Upto, answers[i].err = q.after, faults[q.after]
		if p := pages[q.after]; p != nil {
			answers[i] = p.answer(q)
		}
	}
	return answers, nil
}
