package attachments

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"helpdesk/attachments/thumbnails"
	"helpdesk/domain"
	"helpdesk/eventstore"
)

// Thumbnail returns a small image of a file, [domain.ErrNotFound] where none can be made. It
// is made once, when somebody wants it first, and kept with the file's key, sealed as that.
func (f *Files) Thumbnail(ctx context.Context, u Upload) ([]byte, error) {
	var kept []byte
	err := f.pool.QueryRow(ctx, `SELECT sealed_thumbnail FROM uploads WHERE id = $1 AND doomed_at IS NULL`, u.ID).Scan(&kept)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, domain.ErrNotFound
	case err != nil:
		return nil, eventstore.Unreachable(fmt.Errorf("read the thumbnail of %s: %w", u.ID, err))
	}
	small, err := f.thumbnail(ctx, u, kept)
	if err == nil && len(small) == 0 {
		err = domain.ErrNotFound
	}
	return small, err
}

// thumbnail opens the thumbnail that is kept, or makes it; empty: none can be made.
func (f *Files) thumbnail(ctx context.Context, u Upload, kept []byte) ([]byte, error) {
	if kept != nil {
		small, err := opened(u.owner, kept, bound(u.ID.UUID, boundThumbnail))
		if err != nil {
			err = fmt.Errorf("open the thumbnail of %s: %w", u.ID, err)
		}
		return small, err
	}
	whole := f.Open(ctx, u)
	defer whole.Close()
	small, err := f.small.Make(ctx, whole)
	if err != nil && !errors.Is(err, thumbnails.ErrNone) {
		return nil, err
	}
	const q = `UPDATE uploads SET sealed_thumbnail = $2 WHERE id = $1 AND doomed_at IS NULL`
	keeping, done := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime) // it took long enough to be made
	defer done()
	_, _ = f.pool.Exec(keeping, q, u.ID, sealed(u.owner, small, bound(u.ID.UUID, boundThumbnail))) // else it is made anew
	return small, nil
}
