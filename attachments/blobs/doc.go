// Package blobs keeps bytes that are too many for a row of a table: sealed files, each
// under an id.
//
// A store is a small thing, so that there may be several: [Postgres] in the database
// that everything else is in, [Folder] in a folder. What is in a store is sealed before
// it comes here ([Seal]) and opened after it left ([Sealed]); a store alone tells nothing
// but sizes and dates.
package blobs

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"
)

// Store keeps blobs. It is safe for concurrent use, by several processes too.
type Store interface {
	// Put keeps what r reads under an id that nothing is kept under, durably once it
	// returns. Where it fails nothing can be read of it, and [Store.Delete] or the
	// collection of what nobody claims takes what is left.
	Put(ctx context.Context, id uuid.UUID, r io.Reader) error
	// Open reads a blob from a byte on: [ErrMissing] where there is none of that id.
	// Less than the whole of it is an error of the reader, never its end.
	Open(ctx context.Context, id uuid.UUID, from int64) (io.ReadCloser, error)
	// Delete removes a blob, whole or not; one that is not there is no error.
	Delete(ctx context.Context, id uuid.UUID) error
	// Each calls f for each blob, whole or not, in any order, until f
	// returns an error, which it returns.
	Each(ctx context.Context, f func(Stored) error) error
}

// Stored is a blob in a store.
type Stored struct {
	ID   uuid.UUID
	Size int64 // in bytes; of one that is not whole, what is there
	At   time.Time
}

// ErrMissing is the error for a blob that is not in the store.
var ErrMissing = errors.New("there is no such blob in the store")
