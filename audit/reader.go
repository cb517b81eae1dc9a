package audit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/transparency-dev/formats/log"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// Reader returns what monitors and auditors ask of the log. What it serves is
// what is stored: who asks verifies it. It is safe for concurrent use.
type Reader struct {
	pool  *pgxpool.Pool
	store *eventstore.Store
}

// NewReader makes a reader.
func NewReader(pool *pgxpool.Pool, store *eventstore.Store) *Reader {
	return &Reader{pool: pool, store: store}
}

// Checkpoint returns the newest signed checkpoint, [domain.ErrNotFound] before
// the first.
func (r *Reader) Checkpoint(ctx context.Context) (Checkpoint, error) {
	s, err := readStanding(ctx, r.pool, "")
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && s.note == nil) {
		return Checkpoint{}, domain.ErrNotFound.With("no checkpoint has been signed yet")
	}
	if err != nil {
		return Checkpoint{}, eventstore.Unreachable(err)
	}
	var parsed log.Checkpoint
	if _, err := parsed.Unmarshal([]byte(*s.note)); err != nil {
		return Checkpoint{}, fmt.Errorf("the checkpoint in the database: %w", err)
	}
	return Checkpoint{Size: s.size, Root: parsed.Hash, Note: []byte(*s.note)}, nil
}

// Tile returns the first width hashes of a tile, [domain.ErrNotFound] where not
// so many are there.
func (r *Reader) Tile(ctx context.Context, level, index uint64, width int) ([]byte, error) {
	if level >= 64/tileHeight || index >= 1<<(63-tileHeight) { // no tree has them
		return nil, domain.ErrNotFound
	}
	hashes, err := loadTile(ctx, r.pool, level, index)
	if err != nil {
		return nil, eventstore.Unreachable(err)
	}
	if len(hashes) < width*hashSize {
		return nil, domain.ErrNotFound
	}
	return hashes[:width*hashSize], nil
}

// Entries returns the first width entries of a bundle, each after its length in
// two bytes, [domain.ErrNotFound] where the log has not so many.
func (r *Reader) Entries(ctx context.Context, index uint64, width int) ([]byte, error) {
	if index >= 1<<(63-tileHeight) {
		return nil, domain.ErrNotFound
	}
	after := int64(index * tileWidth)
	events, err := r.store.Read(ctx, after, width)
	if err != nil {
		return nil, eventstore.Unreachable(err)
	}
	if len(events) < width || events[width-1].Position != after+int64(width) {
		return nil, domain.ErrNotFound
	}
	var bundle []byte
	for i := range events {
		at := len(bundle)
		if bundle, err = AppendEntry(append(bundle, 0, 0), &events[i]); err != nil {
			return nil, fmt.Errorf("position %d: %w", events[i].Position, err)
		}
		binary.BigEndian.PutUint16(bundle[at:], uint16(len(bundle)-at-2))
	}
	return bundle, nil
}

// Inclusion proves that an event is in the tree.
type Inclusion struct {
	Position int64
	LeafHash []byte
	Size     int64 // of the tree
	Root     []byte
	Hashes   [][]byte // RFC 6962 §2.1.1
	Signed   *Checkpoint
}

// Inclusion proves that the event at a position is in the tree of a size, with 0
// in that of the newest checkpoint. Signed is that checkpoint where it is of the
// size. What is not there yet is [domain.ErrNotFound].
func (r *Reader) Inclusion(ctx context.Context, position, size int64) (Inclusion, error) {
	signed, size, err := r.sized(ctx, size)
	if err != nil {
		return Inclusion{}, err
	}
	if position > size {
		return Inclusion{}, domain.ErrNotFound.With("a tree of %d events has no position %d", size, position)
	}
	p := Inclusion{Position: position, Size: size, Signed: signed}
	n, at := newNodes(r.pool), uint64(position-1)
	if p.LeafHash, err = n.leaf(ctx, at); err == nil {
		p.Hashes, err = n.inclusion(ctx, at, uint64(size))
	}
	if err == nil {
		p.Root, err = n.root(ctx, uint64(size))
	}
	return p, eventstore.Unreachable(err)
}

// Consistency proves that a tree has grown out of a smaller one.
type Consistency struct {
	From, To         int64
	FromRoot, ToRoot []byte
	Hashes           [][]byte // RFC 6962 §2.1.2
	Signed           *Checkpoint
}

// Consistency proves that the tree of size to has grown out of that of size
// from, both at least 1; with to as 0 it is that of the newest checkpoint. What
// is not there yet is [domain.ErrNotFound].
func (r *Reader) Consistency(ctx context.Context, from, to int64) (Consistency, error) {
	signed, to, err := r.sized(ctx, to)
	if err != nil {
		return Consistency{}, err
	}
	if from > to {
		return Consistency{}, domain.ErrNotFound.With("a tree of %d events has not grown out of one of %d", to, from)
	}
	p := Consistency{From: from, To: to, Signed: signed}
	n := newNodes(r.pool)
	if p.Hashes, err = n.consistency(ctx, uint64(from), uint64(to)); err == nil {
		p.FromRoot, err = n.root(ctx, uint64(from))
	}
	if err == nil {
		p.ToRoot, err = n.root(ctx, uint64(to))
	}
	return p, eventstore.Unreachable(err)
}

// sized returns the size that is meant, and the newest checkpoint if it is of it.
func (r *Reader) sized(ctx context.Context, size int64) (*Checkpoint, int64, error) {
	newest, err := r.Checkpoint(ctx)
	if size == 0 {
		return &newest, newest.Size, err
	}
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		return nil, 0, err
	}
	var grown int64
	if err := r.pool.QueryRow(ctx, treeSizeSQL).Scan(&grown); err != nil {
		return nil, 0, eventstore.Unreachable(fmt.Errorf("read the size of the tree: %w", err))
	}
	if size > grown {
		return nil, 0, domain.ErrNotFound.With("the tree has not grown to %d events yet", size)
	}
	if err == nil && newest.Size == size {
		return &newest, size, nil
	}
	return nil, size, nil
}
