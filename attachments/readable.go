package attachments

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"helpdesk/attachments/blobs"
)

// Readable reports of files whether there are a key and bytes.
func (f *Files) Readable(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
	found, err := f.Find(ctx, ids...)
	if err != nil {
		return nil, err
	}
	there := make(map[uuid.UUID]bool, len(found))
	for id := range found {
		r, err := f.store.Open(ctx, id, 0)
		if errors.Is(err, blobs.ErrMissing) {
			continue
		}
		if err == nil {
			there[id], err = true, r.Close()
		}
		if err != nil {
			return nil, err
		}
	}
	return there, nil
}

// Read returns the reader of a file's bytes: [ErrGone] where there are none any more.
func (f *Files) Read(ctx context.Context, id uuid.UUID) (io.ReadCloser, error) {
	found, err := f.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	u, there := found[id]
	if !there {
		return nil, ErrGone
	}
	return f.Open(ctx, u), nil
}
