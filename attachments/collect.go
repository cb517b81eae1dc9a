package attachments

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/attachments/blobs"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Times of what is loose.
const (
	looseTime    = 24 * time.Hour  // until an upload that is attached to nothing goes
	collectEvery = time.Minute     // between two looks for keys that were destroyed
	sweepEvery   = time.Hour       // between two looks through the whole store
	cleanupTime  = 5 * time.Second // for what is left of an upload that failed
)

// RunCollector deletes what nobody needs any more, until ctx ends: see [Files.Collect].
func (f *Files) RunCollector(ctx context.Context, log *slog.Logger) error {
	var swept time.Time
	tick := time.NewTicker(collectEvery)
	defer tick.Stop()
	for {
		sweep := time.Since(swept) > sweepEvery
		n, err := f.Collect(ctx, sweep)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			log.Warn("attachments that nobody needs are not deleted", "error", err)
		default:
			if sweep {
				swept = time.Now()
			}
			if n > 0 {
				log.Info("attachments that nobody needs were deleted", "files", n)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Collect deletes the bytes of files whose keys were destroyed, and uploads that were
// attached to nothing for a day; with sweep also what uploads left in the store that broke
// off a day ago. It returns how many files it deleted.
func (f *Files) Collect(ctx context.Context, sweep bool) (n int, err error) {
	if err := doom(ctx, f.pool, `attached_to IS NULL AND created_at < now() - $1::interval`, looseTime); err != nil {
		return 0, err
	}
	rows, _ := f.pool.Query(ctx, `SELECT id FROM uploads WHERE doomed_at IS NOT NULL`) // CollectRows returns its error
	doomed, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return 0, eventstore.Unreachable(fmt.Errorf("look for files without keys: %w", err))
	}
	for _, id := range doomed {
		if err := f.store.Delete(ctx, id); err != nil {
			return n, err
		}
		if _, err := f.pool.Exec(ctx, `DELETE FROM uploads WHERE id = $1 AND doomed_at IS NOT NULL`, id); err != nil {
			return n, eventstore.Unreachable(fmt.Errorf("forget file %s: %w", id, err))
		}
		n++
	}
	if !sweep {
		return n, nil
	}
	left, err := f.unclaimed(ctx)
	for _, id := range left {
		if err = errors.Join(err, f.store.Delete(ctx, id)); err == nil {
			n++
		}
	}
	return n, err
}

// unclaimed returns the blobs that have been in the store for a day without an upload.
func (f *Files) unclaimed(ctx context.Context) (left []uuid.UUID, err error) {
	var old []uuid.UUID
	err = f.store.Each(ctx, func(b blobs.Stored) error {
		if time.Since(b.At) > looseTime {
			old = append(old, b.ID)
		}
		return nil
	})
	if err != nil || len(old) == 0 {
		return nil, err
	}
	const q = `SELECT id FROM unnest($1::uuid[]) AS old (id) WHERE NOT EXISTS (SELECT FROM uploads WHERE uploads.id = old.id)`
	rows, _ := f.pool.Query(ctx, q, old) // CollectRows returns its error
	if left, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID]); err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("look for uploads: %w", err))
	}
	return left, nil
}

// Drop removes an upload of somebody's that is attached to nothing: [domain.ErrNotFound]
// where they have none of that id.
func (f *Files) Drop(ctx context.Context, by domain.UserID, id ticket.AttachmentID) error {
	found, err := f.Find(ctx, id.UUID)
	if err != nil {
		return err
	}
	if u, ok := found[id.UUID]; !ok || u.By != by || u.To != (ticket.ID{}) {
		return domain.ErrNotFound
	}
	return doom(ctx, f.pool, `attached_to IS NULL AND id = $1`, id)
}
