package attachments

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/attachments/blobs"
	"helpdesk/attachments/thumbnails"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Files are all files of a desk. They are safe for concurrent use, by several processes
// too.
type Files struct {
	pool   *pgxpool.Pool
	keys   eventstore.Keys
	store  blobs.Store
	limits Limits
	small  *thumbnails.Maker
}

// New returns the files that a database knows, whose bytes are in a store.
func New(pool *pgxpool.Pool, keys eventstore.Keys, store blobs.Store, limits Limits) *Files {
	return &Files{pool: pool, keys: keys, store: store, limits: limits, small: thumbnails.NewMaker()}
}

// Upload is a file that somebody brought.
type Upload struct {
	ticket.Attachment
	To ticket.ID // what it is attached to; zero: nothing yet

	key   []byte
	owner cipher.AEAD // of who brought it
}

// ErrGone is the error for the bytes of a file that was removed, or whose owner was
// erased.
var ErrGone = errors.New("the bytes of the file are destroyed")

// sealedUpload is a row of uploads.
type sealedUpload struct {
	ID           uuid.UUID
	UploadedBy   uuid.UUID
	SealedKey    []byte
	SealedName   []byte
	ContentType  string
	DeclaredType string
	Size         int64
	Digest       string
	CreatedAt    time.Time
	Scanned      bool
	AttachedTo   uuid.NullUUID
}

const columns = "id, uploaded_by, sealed_key, sealed_name, content_type, declared_type, size, digest, created_at, scanned, attached_to"

// What the sealed columns of an upload are bound to, beside its id.
const (
	boundKey       = "key"
	boundName      = "name"
	boundThumbnail = "thumbnail"
)

func bound(id uuid.UUID, to string) []byte { return append(id[:], to...) }

// Find returns uploads by their ids, those that are there and can be opened.
func (f *Files) Find(ctx context.Context, ids ...uuid.UUID) (map[uuid.UUID]Upload, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	const q = `
SELECT ` + columns + ` FROM uploads WHERE id = ANY ($1) AND doomed_at IS NULL`
	rows, _ := f.pool.Query(ctx, q, ids) // CollectRows returns its error
	sealed, err := pgx.CollectRows(rows, pgx.RowToStructByName[sealedUpload])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("look up uploads: %w", err))
	}
	opened, err := f.opened(ctx, sealed)
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]Upload, len(opened))
	for _, u := range opened {
		found[u.ID.UUID] = u
	}
	return found, nil
}

// opened returns uploads, but for those whose owners were erased just now.
func (f *Files) opened(ctx context.Context, sealed []sealedUpload) ([]Upload, error) {
	people := make([]uuid.UUID, len(sealed))
	for i, s := range sealed {
		people[i] = s.UploadedBy
	}
	keys, err := f.keys.Opening(ctx, people)
	if err != nil {
		return nil, err
	}
	var all []Upload
	for _, s := range sealed {
		if key := keys[s.UploadedBy]; key != nil {
			u, err := s.open(key)
			if err != nil {
				return nil, err
			}
			all = append(all, u)
		}
	}
	return all, nil
}

// Uploaded returns what somebody uploaded under these ids, whether it is attached by now or
// not: [ticket.ErrAttached] for what is not there or not theirs, with its place.
func (f *Files) Uploaded(ctx context.Context, by domain.UserID, ids []uuid.UUID) ([]ticket.Attachment, error) {
	found, err := f.Find(ctx, ids...)
	if err != nil {
		return nil, err
	}
	all := make([]ticket.Attachment, len(ids))
	for i, id := range ids {
		u, ok := found[id]
		if !ok || u.By != by {
			return nil, unattached(i)
		}
		all[i] = u.Attachment
	}
	return all, nil
}

// unattached refuses to attach the file in that place.
func unattached(place int) error { return ticket.ErrAttached.On(fmt.Sprintf("attachments/%d", place)) }

// open returns the upload, given the key of who brought it.
func (s sealedUpload) open(key cipher.AEAD) (u Upload, err error) {
	name, err := opened(key, s.SealedName, bound(s.ID, boundName))
	if err == nil {
		u.key, err = opened(key, s.SealedKey, bound(s.ID, boundKey))
	}
	if err != nil {
		return u, fmt.Errorf("open upload %s: %w", s.ID, err)
	}
	u.Attachment = ticket.Attachment{
		ID: ticket.AttachmentID{UUID: s.ID}, Filename: string(name), ContentType: s.ContentType, DeclaredType: s.DeclaredType,
		Size: s.Size, Digest: s.Digest, Scanned: s.Scanned, By: domain.UserID{UUID: s.UploadedBy}, AddedAt: s.CreatedAt,
	}
	u.To, u.owner = ticket.ID{UUID: s.AttachedTo.UUID}, key
	return u, nil
}

func opened(key cipher.AEAD, sealed, bound []byte) ([]byte, error) {
	if len(sealed) < key.NonceSize() {
		return nil, errors.New("it is too short")
	}
	return key.Open(nil, sealed[:key.NonceSize()], sealed[key.NonceSize():], bound)
}

// Open returns the reader of a file's bytes, which it opens at its first read.
func (f *Files) Open(ctx context.Context, u Upload) io.ReadSeekCloser {
	return blobs.OpenSealed(ctx, f.store, u.ID.UUID, u.key, u.Size)
}

// InTheAppend returns what is to be done in the transaction that appends events to a
// ticket: uploads it attaches are marked, keys of files it removes destroyed. nil:
// nothing. Its error is [ticket.ErrAttached] where an upload is attached already.
func InTheAppend(to ticket.ID, events []domain.Event) eventstore.InTx {
	var added, removed []uuid.UUID
	for _, e := range events {
		switch e := e.(type) {
		case ticket.AttachmentAdded:
			added = append(added, e.AttachmentID.UUID)
		case ticket.AttachmentRemoved:
			removed = append(removed, e.AttachmentID.UUID)
		}
	}
	if len(added)+len(removed) == 0 {
		return nil
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		const q = `UPDATE uploads SET attached_to = $2 WHERE id = ANY ($1) AND attached_to IS NULL AND doomed_at IS NULL RETURNING id`
		rows, _ := tx.Query(ctx, q, added, to) // CollectRows returns its error
		marked, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return fmt.Errorf("mark what is attached: %w", err)
		}
		for i, id := range added {
			if !slices.Contains(marked, id) {
				return unattached(i)
			}
		}
		return doom(ctx, tx, `id = ANY ($1)`, removed)
	}
}

// Claim returns what notes, in the transaction that appends it, what the bytes are of that
// [Files.Keep] kept. From then on they stay until their owner is erased.
func Claim(id, of uuid.UUID) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		done, err := tx.Exec(ctx, `UPDATE uploads SET attached_to = $2 WHERE id = $1 AND attached_to IS NULL AND doomed_at IS NULL`, id, of)
		if err == nil && done.RowsAffected() == 0 {
			err = ErrGone
		}
		if err != nil {
			return fmt.Errorf("claim the bytes of %s: %w", of, err)
		}
		return nil
	}
}

// Discard destroys bytes that [Files.Keep] kept and that are of nothing.
func (f *Files) Discard(ctx context.Context, id uuid.UUID) error {
	return doom(ctx, f.pool, `attached_to IS NULL AND id = $1`, id)
}

// Forget returns what destroys the keys of all files that a person brought, as part of
// their erasure.
func Forget(person uuid.UUID) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error { return doom(ctx, tx, `uploaded_by = $1`, person) }
}

// execer is a pool, or a transaction.
type execer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// doom destroys the keys of uploads; their bytes are for [Files.Collect].
func doom(ctx context.Context, db execer, which string, arg any) error {
	rows, _ := db.Query(ctx, `
UPDATE uploads SET doomed_at = now(), sealed_key = NULL, sealed_name = NULL, sealed_thumbnail = NULL
WHERE doomed_at IS NULL AND `+which, arg) // its error comes with Err
	rows.Close()
	if err := rows.Err(); err != nil {
		return eventstore.Unreachable(fmt.Errorf("destroy the keys of files: %w", err))
	}
	return nil
}
