package follow

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// erasing is an event that says in which streams texts were erased or redacted, given
// its own.
type erasing interface {
	ErasedIn(own uuid.UUID) []uuid.UUID
}

// restoring is an event after which what followers dropped of its stream is there again.
type restoring interface{ Restores() }

// againSQL reads what a follower has applied of streams: of one whose events
// wait, those before.
const againSQL = `SELECT ` + eventstore.Columns + ` FROM events
WHERE stream_id = ANY ($1) AND position <= $2 AND type = ANY ($3)
  AND position < coalesce((SELECT min(position) FROM failed_events AS p WHERE p.follower = $4 AND p.stream_id = events.stream_id), position + 1)
ORDER BY position`

// erasedIn returns the streams in which texts were erased, by a page.
func erasedIn(events []eventstore.Envelope) []uuid.UUID {
	var streams []uuid.UUID
	for _, e := range events {
		if x, ok := e.Event.(erasing); ok {
			streams = append(streams, x.ErasedIn(e.StreamID)...)
		}
	}
	return streams
}

// restored reports whether an event is one.
func restored(e eventstore.Envelope) bool {
	_, is := e.Event.(restoring)
	return is
}

// again returns what is to be applied of a page. Where texts were erased in
// streams, or they were restored, or the follower wants them afresh, it forgets these
// streams and returns in the place of the page all events of theirs up to its last, and
// its other events; order matters within a stream alone. failedBy names the follower
// whose failed events are left out; "" is nobody.
func (f Follower) again(ctx context.Context, tx pgx.Tx, codec *eventstore.Codec, page []eventstore.Envelope, failedBy string) (_ []eventstore.Envelope, erased []uuid.UUID, err error) {
	if f.Forget == nil {
		return page, nil, nil
	}
	// Keys of whoever was erased were destroyed in the transaction that appended the
	// event which says so: whatever is opened after this shows nothing of theirs.
	if erased = erasedIn(page); len(erased) > 0 {
		if err := codec.ForgetDestroyed(ctx); err != nil {
			return nil, nil, err
		}
	}
	streams := f.afreshIn(page, erased)
	if len(streams) == 0 {
		return page, nil, nil
	}
	all, err := f.readAgain(ctx, tx, streams, page[len(page)-1].Position, failedBy)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range page {
		if !slices.Contains(streams, e.StreamID) { // else it is among the others of its stream
			all = append(all, e.Recorded)
		}
	}
	events, err := codec.Open(ctx, all...)
	for i := range events {
		events[i].Again = events[i].Position < page[0].Position
	}
	return events, erased, err
}

// afreshIn returns the streams of a page that are to be applied from their first
// events on: those in which texts were erased, those that were restored, and those that
// the follower wants afresh.
func (f Follower) afreshIn(page []eventstore.Envelope, erased []uuid.UUID) []uuid.UUID {
	streams := slices.Clone(erased)
	for _, e := range page {
		afresh := restored(e) || (f.Afresh != nil && f.Afresh(e.Event))
		if afresh && !slices.Contains(streams, e.StreamID) {
			streams = append(streams, e.StreamID)
		}
	}
	return streams
}

// readAgain forgets streams and returns their events up to a position.
func (f Follower) readAgain(ctx context.Context, tx pgx.Tx, streams []uuid.UUID, upto int64, failedBy string) ([]eventstore.Recorded, error) {
	if err := f.Forget(ctx, tx, streams); err != nil {
		return nil, fmt.Errorf("forget streams to be applied afresh: %w", err)
	}
	rows, _ := tx.Query(ctx, againSQL, streams, upto, f.Types, failedBy) // CollectRows returns its error
	all, err := pgx.CollectRows(rows, eventstore.ScanRecorded)
	if err != nil {
		return nil, fmt.Errorf("read streams to be applied afresh: %w", err)
	}
	return all, nil
}

// ForgetErrors removes what is stored of why events of streams were failed, or
// stopped a rebuild: the database may have quoted them.
func ForgetErrors(streamIDs []uuid.UUID) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		const q = `UPDATE failed_events SET error = $2 WHERE stream_id = ANY ($1)`
		if _, err := tx.Exec(ctx, q, streamIDs, domain.Erased); err != nil {
			return fmt.Errorf("forget why events were failed: %w", err)
		}
		const stopped = `UPDATE rebuilds SET error = $2
WHERE (SELECT stream_id FROM events WHERE position = error_position) = ANY ($1)`
		if _, err := tx.Exec(ctx, stopped, streamIDs, domain.Erased); err != nil {
			return fmt.Errorf("forget why rebuilds stopped: %w", err)
		}
		return nil
	}
}
