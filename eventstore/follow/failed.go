package follow

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore"
)

type streamSet map[uuid.UUID]bool

func collectStreams(rows pgx.Rows) (streamSet, error) {
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, err
	}
	set := make(streamSet, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set, nil
}

// pageRun is the work on one page once events of it may fail.
type pageRun struct {
	*worker
	tx     pgx.Tx
	failed streamSet // streams whose events wait: later ones join them, to keep their order
}

// failFollowing fails the events of streams of which one failed already and returns
// the others.
func (r pageRun) failFollowing(ctx context.Context, events []eventstore.Recorded) ([]eventstore.Recorded, error) {
	if len(r.failed) == 0 {
		return events, nil
	}
	var flowing []eventstore.Recorded
	for _, e := range events {
		if !r.failed[e.StreamID] {
			flowing = append(flowing, e)
			continue
		}
		if err := r.setFailed(ctx, e, errors.New("an earlier event of its stream failed")); err != nil {
			return nil, err
		}
	}
	return flowing, nil
}

// isolate applies what can be applied of events and fails the rest: it halves
// them until an event stands alone. The database's own trouble fails no event;
// it fails the page, which is tried again.
func (r pageRun) isolate(ctx context.Context, events []eventstore.Recorded) error {
	events, err := r.failFollowing(ctx, events)
	if err != nil || len(events) == 0 {
		return err
	}
	err = inSavepoint(ctx, r.tx, func(savepoint pgx.Tx) error { return r.apply(ctx, savepoint, events) })
	if err == nil {
		return nil
	}
	if eventstore.Transient(err) {
		return err
	}
	if len(events) == 1 {
		r.failed[events[0].StreamID] = true
		r.log.Error("an event failed", "follower", r.Name, "position", events[0].Position,
			"type", events[0].Type, "stream_id", events[0].StreamID, "error", err)
		return r.setFailed(ctx, events[0], err)
	}
	half := len(events) / 2
	if err := r.isolate(ctx, events[:half]); err != nil {
		return err
	}
	return r.isolate(ctx, events[half:])
}

// maxErrorText is how much of an error is stored with a failed event, in bytes.
const maxErrorText = 2000

func (r pageRun) setFailed(ctx context.Context, e eventstore.Recorded, why error) error {
	text := strings.ReplaceAll(why.Error(), "\x00", "")
	if len(text) > maxErrorText {
		text = text[:maxErrorText]
	}
	text = strings.ToValidUTF8(text, "") // Postgres takes nothing else, and the page would fail for good
	const q = `WITH flag AS (UPDATE checkpoints SET failing = true WHERE name = $1 AND NOT failing)
INSERT INTO failed_events (follower, position, stream_id, error) VALUES ($1, $2, $3, $4)`
	if _, err := r.tx.Exec(ctx, q, r.Name, e.Position, e.StreamID, text); err != nil {
		return fmt.Errorf("store the failed event at position %d: %w", e.Position, err)
	}
	return nil
}

// Failed is an event a follower could not apply, or one behind it.
type Failed struct {
	Follower string
	Position int64
	StreamID uuid.UUID
	Error    string
}

// Failed lists the failed events, in order, for one follower or, with "", for all.
func (f *Followers) Failed(ctx context.Context, follower string) ([]Failed, error) {
	rows, _ := f.pool.Query(ctx, `SELECT follower, position, stream_id, error FROM failed_events
WHERE $1 = '' OR follower = $1 ORDER BY follower, position`, follower) // CollectRows returns its error
	failed, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Failed])
	if err != nil {
		return nil, fmt.Errorf("list the failed events: %w", err)
	}
	return failed, nil
}

// FirstFailed lists the failed events, the first of each follower, at most limit,
// and returns how many events each follower has failed in all.
func (f *Followers) FirstFailed(ctx context.Context, limit int) (first []Failed, counts map[string]int64, err error) {
	rows, _ := f.pool.Query(ctx, `SELECT follower, position, stream_id, error FROM (
    SELECT *, row_number() OVER (PARTITION BY follower ORDER BY position) AS place FROM failed_events
) AS p WHERE place <= $1 ORDER BY follower, position`, limit) // CollectRows returns its error
	if first, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Failed]); err != nil {
		return nil, nil, eventstore.Unreachable(fmt.Errorf("list the first failed events: %w", err))
	}
	counts = map[string]int64{}
	rows, _ = f.pool.Query(ctx, `SELECT follower, count(*) FROM failed_events GROUP BY follower`) // ForEachRow returns its error
	var follower string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&follower, &n}, func() error {
		counts[follower] = n
		return nil
	})
	if err != nil {
		return nil, nil, eventstore.Unreachable(fmt.Errorf("count the failed events: %w", err))
	}
	return first, counts, nil
}

const (
	lockCheckpointSQL = `SELECT FROM checkpoints WHERE name = $1 FOR UPDATE`

	failedPageSQL = `SELECT ` + eventstore.Columns + ` FROM events
WHERE position IN (SELECT position FROM failed_events WHERE follower = $1)
ORDER BY position`

	failingSQL = `UPDATE checkpoints SET failing = EXISTS (SELECT FROM failed_events WHERE follower = $1) WHERE name = $1`

	resolveFailedSQL = `DELETE FROM failed_events WHERE follower = $1 AND position = ANY ($2)`
)

// Replay applies what a follower has failed, after its cause was mended, and
// returns how many events did not fail again. A stream whose next event still
// fails stays failed from there on. The follower itself waits meanwhile.
func (f *Followers) Replay(ctx context.Context, follower string) (applied int, err error) {
	w, ok := f.workers[follower]
	if !ok {
		return 0, fmt.Errorf("there is no follower %q", follower)
	}
	err = pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockCheckpointSQL, follower); err != nil {
			return fmt.Errorf("lock the checkpoint: %w", err)
		}
		if w.Tables != nil {
			if err := Within(ctx, tx, Serving); err != nil {
				return err
			}
		}
		rows, _ := tx.Query(ctx, failedPageSQL, follower)
		events, err := pgx.CollectRows(rows, eventstore.ScanRecorded)
		if err != nil {
			return fmt.Errorf("read the failed events: %w", err)
		}
		if applied, err = w.replay(ctx, tx, events); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, failingSQL, follower); err != nil {
			return fmt.Errorf("note what failed: %w", err)
		}
		return nil
	})
	return applied, err
}

func (w *worker) replay(ctx context.Context, tx pgx.Tx, events []eventstore.Recorded) (applied int, err error) {
	stuck := streamSet{}
	for _, e := range events {
		if stuck[e.StreamID] {
			continue
		}
		err := inSavepoint(ctx, tx, func(savepoint pgx.Tx) error {
			if err := w.apply(ctx, savepoint, []eventstore.Recorded{e}); err != nil {
				return err
			}
			_, err := savepoint.Exec(ctx, resolveFailedSQL, w.Name, []int64{e.Position})
			return err
		})
		switch {
		case err == nil:
			applied++
		case eventstore.Transient(err):
			return 0, fmt.Errorf("replay the event at position %d: %w", e.Position, err)
		default:
			stuck[e.StreamID] = true
			w.log.Warn("a failed event still fails", "follower", w.Name, "position", e.Position, "error", err)
		}
	}
	return applied, nil
}
