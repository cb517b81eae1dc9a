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

// again returns what is to be applied of a page. Where texts were erased in
// streams, it forgets these streams and returns in the place of the page all
// events of theirs up to its last, and its other events; order matters within a
// stream alone. failedBy names the follower whose failed events are left out; "" is nobody.
func (f Follower) again(ctx context.Context, tx pgx.Tx, codec *eventstore.Codec, page []eventstore.Envelope, failedBy string) (_ []eventstore.Envelope, erased []uuid.UUID, err error) {
	if f.Forget == nil {
		return page, nil, nil
	}
	if erased = erasedIn(page); len(erased) == 0 {
		return page, nil, nil
	}
	all, err := f.readAgain(ctx, tx, codec, erased, page[len(page)-1].Position, failedBy)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range page {
		if !slices.Contains(erased, e.StreamID) { // else it is among the others of its stream
			all = append(all, e.Recorded)
		}
	}
	events, err := codec.Open(ctx, all...)
	return events, erased, err
}

// readAgain forgets streams in which texts were erased, and returns their events
// up to a position.
//
// The keys of whoever was erased are forgotten first: they were destroyed in the
// transaction that appended the event which says so, and whatever is opened
// after it shows nothing of theirs.
func (f Follower) readAgain(ctx context.Context, tx pgx.Tx, codec *eventstore.Codec, streams []uuid.UUID, upto int64, failedBy string) ([]eventstore.Recorded, error) {
	if err := codec.ForgetDestroyed(ctx); err != nil {
		return nil, err
	}
	if err := f.Forget(ctx, tx, streams); err != nil {
		return nil, fmt.Errorf("forget streams with erased texts: %w", err)
	}
	rows, _ := tx.Query(ctx, againSQL, streams, upto, f.Types, failedBy) // CollectRows returns its error
	all, err := pgx.CollectRows(rows, eventstore.ScanRecorded)
	if err != nil {
		return nil, fmt.Errorf("read streams with erased texts: %w", err)
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
