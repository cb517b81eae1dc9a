package feed

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// PageBytes is how many bytes of what is stored a page has, but for the event that goes
// beyond.
const PageBytes = 256 << 10

// glimpsed is as much of an event as is read of those that none of a page's viewers may be
// told of.
type glimpsed struct {
	Position   int64             `db:"position"`
	StreamID   uuid.UUID         `db:"stream_id"`
	StreamType domain.StreamType `db:"stream_type"`
	Version    int               `db:"version"`
	Type       string            `db:"type"`
	Size       int               `db:"size"` // of its data, as it is stored
}

// glimpse returns the next events after a position, at most [PageSize]. The size of data is
// known without reading them.
func (f *Feed) glimpse(ctx context.Context, after int64) ([]glimpsed, error) {
	const q = `SELECT position, stream_id, stream_type, version, type, pg_column_size(data) AS size
FROM events WHERE position > $1 ORDER BY position LIMIT $2`
	rows, _ := f.pool.Query(ctx, q, after, PageSize) // CollectRows returns its error
	events, err := pgx.CollectRows(rows, pgx.RowToStructByName[glimpsed])
	if err != nil {
		return nil, fmt.Errorf("read the log after %d: %w", after, err)
	}
	return events, nil
}

// read returns events as they are stored.
func (f *Feed) read(ctx context.Context, events []glimpsed) ([]eventstore.Recorded, error) {
	positions := make([]int64, len(events))
	for i, e := range events {
		positions[i] = e.Position
	}
	const q = `SELECT ` + eventstore.Columns + ` FROM events WHERE position = ANY ((SELECT $1::bigint[])::bigint[]) ORDER BY position`
	rows, _ := f.pool.Query(ctx, q, positions) // CollectRecorded returns its error
	recorded, err := eventstore.CollectRecorded(rows, int64(len(events)))
	if err != nil {
		return nil, fmt.Errorf("read events of the log: %w", err)
	}
	return recorded, nil
}

// visible returns those of the events that are of tickets that a viewer sees, or are deletions,
// before which a viewer may have seen it.
func (p *page) visible(events []glimpsed, viewers []domain.Actor) []glimpsed {
	seen := map[uuid.UUID]bool{}
	for id, now := range p.tickets {
		seen[id] = slices.ContainsFunc(viewers, now.VisibleTo)
	}
	deleted := ticket.Deleted{}.EventType()
	return slices.DeleteFunc(events, func(e glimpsed) bool { return !seen[e.StreamID] && e.Type != deleted })
}

// cut returns the first of the events, up to the one with which they are stored in more than
// [PageBytes].
func cut(events []glimpsed) []glimpsed {
	size := 0
	for i, e := range events {
		if size += e.Size; size > PageBytes {
			return events[:i+1]
		}
	}
	return events
}
