package blobs

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Postgres keeps blobs in the schema blobs, a row for each chunk. No connection is held
// while a client takes its time: each chunk is a statement of its own, and a blob is there
// once the last of them is.
type Postgres struct{ pool *pgxpool.Pool }

// NewPostgres returns the store over a pool.
func NewPostgres(pool *pgxpool.Pool) *Postgres { return &Postgres{pool: pool} }

const chunkSize = 256 << 10

// Put implements [Store].
func (s *Postgres) Put(ctx context.Context, id uuid.UUID, r io.Reader) error {
	if _, err := s.pool.Exec(ctx, `INSERT INTO blobs.blobs (id) VALUES ($1)`, id); err != nil {
		return fmt.Errorf("begin blob %s: %w", id, err)
	}
	chunk := make([]byte, chunkSize)
	var size int64
	for nth := 0; ; nth++ {
		n, err := fill(chunk, r)
		if n > 0 {
			const q = `INSERT INTO blobs.chunks (id, nth, bytes) VALUES ($1, $2, $3)`
			if _, err := s.pool.Exec(ctx, q, id, nth, chunk[:n]); err != nil {
				return fmt.Errorf("write chunk %d of blob %s: %w", nth, id, err)
			}
			size += int64(n)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if _, err := s.pool.Exec(ctx, `UPDATE blobs.blobs SET size = $2 WHERE id = $1`, id, size); err != nil {
		return fmt.Errorf("end blob %s: %w", id, err)
	}
	return nil
}

// fill reads until b is full. Unlike [io.ReadFull] it tells an end from a reader that
// broke off, which may say [io.ErrUnexpectedEOF].
func fill(b []byte, r io.Reader) (n int, err error) {
	for n < len(b) && err == nil {
		var more int
		more, err = r.Read(b[n:])
		n += more
	}
	return n, err
}

// Open implements [Store].
func (s *Postgres) Open(ctx context.Context, id uuid.UUID, from int64) (io.ReadCloser, error) {
	var size int64
	err := s.pool.QueryRow(ctx, `SELECT size FROM blobs.blobs WHERE id = $1 AND size IS NOT NULL`, id).Scan(&size)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("look for blob %s: %w", id, err)
	}
	return &chunks{pool: s.pool, ctx: ctx, id: id, at: from, size: size}, nil
}

// chunks reads a blob, a chunk at a time.
type chunks struct {
	pool     *pgxpool.Pool
	ctx      context.Context
	id       uuid.UUID
	at, size int64
	rest     []byte // of the chunk that at is in, from there on
}

// Read implements [io.Reader].
func (c *chunks) Read(p []byte) (int, error) {
	if c.at >= c.size {
		return 0, io.EOF
	}
	if len(c.rest) == 0 {
		const q = `SELECT bytes FROM blobs.chunks WHERE id = $1 AND nth = $2`
		err := c.pool.QueryRow(c.ctx, q, c.id, c.at/chunkSize).Scan(&c.rest)
		if errors.Is(err, pgx.ErrNoRows) {
			err = errors.New("a chunk is missing")
		}
		if err == nil && c.at%chunkSize < int64(len(c.rest)) {
			c.rest = c.rest[c.at%chunkSize:]
		} else {
			return 0, fmt.Errorf("read byte %d of blob %s: %w", c.at, c.id, errors.Join(err, io.ErrUnexpectedEOF))
		}
	}
	n := copy(p, c.rest)
	c.rest, c.at = c.rest[n:], c.at+int64(n)
	return n, nil
}

// Close implements [io.Closer].
func (c *chunks) Close() error { return nil }

// Delete implements [Store].
func (s *Postgres) Delete(ctx context.Context, id uuid.UUID) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM blobs.blobs WHERE id = $1`, id); err != nil { // its chunks go with it
		return fmt.Errorf("delete blob %s: %w", id, err)
	}
	return nil
}

// eachPage is how many blobs are looked up at once.
const eachPage = 1000

// Each implements [Store].
func (s *Postgres) Each(ctx context.Context, f func(Stored) error) error {
	const q = `
SELECT id, coalesce(size, (SELECT coalesce(sum(octet_length(bytes)), 0)::bigint FROM blobs.chunks WHERE id = b.id)), begun_at
FROM blobs.blobs AS b WHERE id > $1 ORDER BY id LIMIT $2`
	after := uuid.Nil
	for {
		rows, _ := s.pool.Query(ctx, q, after, eachPage) // CollectRows returns its error
		page, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b Stored, err error) {
			return b, row.Scan(&b.ID, &b.Size, &b.At)
		})
		if err != nil {
			return fmt.Errorf("list blobs: %w", err)
		}
		for _, b := range page {
			if err := f(b); err != nil {
				return err
			}
			after = b.ID
		}
		if len(page) < eachPage {
			return nil
		}
	}
}
