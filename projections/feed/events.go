package feed

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
	"helpdesk/projections/view"
)

// EventQuery is which events of the log are wanted; see
// [eventstore.Selection].
type EventQuery = eventstore.Selection

// LoggedEvent is an event of the log together with who caused it.
type LoggedEvent struct {
	eventstore.Shown
	Actor view.Actor
}

// Events reads the log itself, for those from whom nothing is withheld. It is
// safe for concurrent use and keeps nothing.
type Events struct {
	pool *pgxpool.Pool
	log  *eventstore.Store
}

// NewEvents makes the reader of a log and of the names in the projections.
func NewEvents(pool *pgxpool.Pool, log *eventstore.Store) *Events {
	return &Events{pool: pool, log: log}
}

// Known reports whether there are events of this stored name.
func (e *Events) Known(name string) bool { return e.log.Codec().Knows(name) }

// Types returns the stored names of all events, sorted.
func (e *Events) Types() []string {
	return slices.Sorted(maps.Keys(e.log.Codec().Types()))
}

// Head returns the position of the newest event. Whatever is up to it can be
// read.
func (e *Events) Head(ctx context.Context) (int64, error) {
	head, err := e.log.Head(ctx)
	return head, eventstore.Unreachable(err)
}

// LogPage is a part of the log.
type LogPage struct {
	Events []LoggedEvent
	Head   int64 // position of the newest event when they were read
}

// Select returns the first events of a query, or the last, at most limit, in the
// order of the log. Fewer mean that there are no more.
func (e *Events) Select(ctx context.Context, q EventQuery, limit int) ([]LoggedEvent, error) {
	page, err := e.Page(ctx, q, limit)
	return page.Events, err
}

// Page is [Events.Select] together with where the log ended then.
func (e *Events) Page(ctx context.Context, q EventQuery, limit int) (LogPage, error) {
	recorded, names, head, err := e.read(ctx, q, limit)
	if err != nil {
		return LogPage{}, eventstore.Unreachable(fmt.Errorf("read the log after %d: %w", q.After, err))
	}
	shown, err := e.log.Codec().Show(ctx, recorded...)
	if err != nil {
		return LogPage{}, err
	}
	page := LogPage{Events: make([]LoggedEvent, len(shown)), Head: head}
	for i, s := range shown {
		page.Events[i] = LoggedEvent{Shown: s, Actor: view.Actor{Kind: s.ActorKind, Username: names[i]}}
		if s.ActorID.Valid {
			page.Events[i].Actor.ID = &shown[i].ActorID.UUID
		}
	}
	return page, nil
}

// read reads events with the names of who caused them, and the head of the log. There is
// a row for the head where there is no event.
func (e *Events) read(ctx context.Context, q EventQuery, limit int) (recorded []eventstore.Recorded, names []*string, head int64, err error) {
	sql, args := e.log.Selecting(q, limit)
	rows, err := e.pool.Query(ctx, `
SELECT head.position, (SELECT username FROM read.users WHERE id = e.actor_id), e.*
FROM log_head AS head LEFT JOIN LATERAL (`+sql+`) AS e ON true
WHERE head.id = 1
ORDER BY e.position`, args...)
	if err != nil {
		return nil, nil, 0, err
	}
	defer rows.Close()
	var r eventstore.Recorded
	var name *string
	recorded, names = make([]eventstore.Recorded, 0, limit), make([]*string, 0, limit)
	into := append([]any{&head, &name}, r.Into()...)
	for rows.Next() {
		if rows.RawValues()[2] == nil {
			clear(into[1:])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, nil, 0, err
		}
		if into[1] != nil {
			recorded, names = append(recorded, r), append(names, name)
		}
	}
	return recorded, names, head, rows.Err()
}
