package eventstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// Selection is which events of the log are wanted.
type Selection struct {
	After  int64     // positions beyond it
	Upto   int64     // and none beyond this one
	Types  []string  // names of event types, which find what is stored under their former names too; nil: all
	Stream uuid.UUID // zero: of every stream
	Last   bool      // the last ones rather than the first
}

// Select returns the first events of a selection, or the last, at most limit, in
// order. Fewer mean that there are no more in it.
func (s *Store) Select(ctx context.Context, which Selection, limit int) ([]Recorded, error) {
	q, args := s.Selecting(which, limit)
	rows, _ := s.pool.Query(ctx, q, args...) // CollectRecorded returns its error
	recorded, err := CollectRecorded(rows, int64(limit))
	if err != nil {
		return nil, Unreachable(fmt.Errorf("read the log after %d: %w", which.After, err))
	}
	if which.Last {
		slices.Reverse(recorded)
	}
	return recorded, nil
}

// Selecting returns the query of [Store.Select], for those who read more together with
// it. Its columns are [Columns]; the last events come in reverse order.
func (s *Store) Selecting(which Selection, limit int) (sql string, args []any) {
	// The planner knows nothing of what stands in a sub-select: it would plan anew each
	// time, for the positions.
	q := `SELECT ` + Columns + ` FROM events WHERE position > (SELECT $1::bigint) AND position <= (SELECT $2::bigint)`
	args = []any{which.After, which.Upto, limit}
	order := "position"
	if which.Types != nil {
		args = append(args, s.codec.stored(which.Types))
		q += fmt.Sprintf(" AND type = ANY ($%d)", len(args))
	}
	if which.Stream != uuid.Nil {
		args = append(args, which.Stream)
		q += fmt.Sprintf(" AND stream_id = $%d", len(args))
		order = "version" // the same order, by the index of the stream rather than through the whole log
	}
	if which.Last {
		order += " DESC"
	}
	return q + ` ORDER BY ` + order + ` LIMIT (SELECT $3::bigint)`, args
}

// Newest returns the newest event of each of these types in a stream, in order, with
// texts as they are sealed: however long the stream is, that is as many as there are
// types.
func (s *Store) Newest(ctx context.Context, streamID uuid.UUID, types []string) ([]Envelope, error) {
	const q = `
		SELECT ` + Columns + `
		FROM (
			SELECT DISTINCT ON (type) *
			FROM events
			WHERE stream_id = $1
			  AND type = ANY ($2)
			ORDER BY type, version DESC) AS events
		ORDER BY version`
	rows, _ := s.pool.Query(ctx, q, streamID, s.codec.stored(types)) // CollectRecorded returns its error
	recorded, err := CollectRecorded(rows, int64(len(types)))
	if err != nil {
		return nil, Unreachable(fmt.Errorf("look at stream %s: %w", streamID, err))
	}
	events := make([]Envelope, len(recorded))
	for i, r := range recorded {
		e, err := s.codec.Decode(r.Type, r.SchemaVersion, r.Data)
		if err != nil {
			return nil, fmt.Errorf("event at position %d: %w", r.Position, err)
		}
		events[i] = r.with(e)
	}
	return events, nil
}

// Shown is an event as it is shown to who may read everything: with its texts
// as they are, or as it is stored where it cannot be read.
type Shown struct {
	Recorded
	// Unreadable is why Data is as it was stored: there is no code for the event,
	// or it was altered. nil: it was read.
	Unreadable error
}

// Show opens recorded events for readers outside: [Recorded].Type, StreamType, Data
// and SchemaVersion become those of the present shape, with texts opened. An event
// that cannot be read is shown as it is stored, for nothing is to be withheld.
// The error is the database's, which the keys are asked from.
func (c *Codec) Show(ctx context.Context, recorded ...Recorded) ([]Shown, error) {
	o, err := c.opener(ctx, recorded)
	if err != nil {
		return nil, err
	}
	size := 0
	for _, r := range recorded {
		size += len(r.Data)
	}
	room := make([]byte, 0, size) // a text is shorter than it is sealed
	shown := make([]Shown, len(recorded))
	for i, r := range recorded {
		shown[i].Recorded = r
		if data, rest, ok := o.shown(room, r); ok {
			shown[i].Data, shown[i].StreamType = data, r.StreamType.Current()
			room = rest
			continue
		}
		e, err := o.event(r)
		if err != nil {
			shown[i].Unreadable = err
			continue
		}
		data, version, err := c.encode(e)
		if err != nil {
			return nil, err
		}
		shown[i].Recorded = r.with(e).Recorded
		shown[i].Data, shown[i].SchemaVersion = data, version
	}
	return shown, nil
}
