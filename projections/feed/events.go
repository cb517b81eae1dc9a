package feed

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
	"helpdesk/projections"
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

// Select returns the first events of a query, or the last, at most limit, in the
// order of the log. Fewer mean that there are no more.
func (e *Events) Select(ctx context.Context, q EventQuery, limit int) ([]LoggedEvent, error) {
	recorded, err := e.log.Select(ctx, q, limit)
	if err != nil {
		return nil, err
	}
	shown, err := e.log.Codec().Show(ctx, recorded...)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, r := range recorded {
		if r.ActorID.Valid && !slices.Contains(ids, r.ActorID.UUID) {
			ids = append(ids, r.ActorID.UUID)
		}
	}
	names, err := projections.Usernames(ctx, e.pool, ids)
	if err != nil {
		return nil, eventstore.Unreachable(err)
	}
	events := make([]LoggedEvent, len(shown))
	for i, s := range shown {
		events[i] = LoggedEvent{Shown: s, Actor: view.Actor{Kind: s.ActorKind}}
		if !s.ActorID.Valid {
			continue
		}
		events[i].Actor.ID = &shown[i].ActorID.UUID
		if name, ok := names[s.ActorID.UUID]; ok {
			events[i].Actor.Username = &name
		}
	}
	return events, nil
}
