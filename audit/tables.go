package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// FollowerName is the name of the tree's follower, and of its checkpoint.
const FollowerName = "audit_tree"

// Follower returns the follower that grows the tree with the log. grown is
// called when it may have grown; it must not block.
func Follower(grown func()) follow.Follower {
	return follow.Follower{Name: FollowerName, Whole: grow, Committed: grown}
}

// grow adds a page of events to the tree.
func grow(ctx context.Context, tx pgx.Tx, events []eventstore.Recorded) error {
	t, err := loadTree(ctx, tx)
	if err != nil {
		return err
	}
	var filled tiles
	t.full = func(level, index uint64, hashes []byte) { filled.add(level, index, hashes) }
	var room []byte
	for i := range events {
		e := &events[i]
		if next := int64(t.size()) + 1; e.Position != next {
			return fmt.Errorf("position %d: %w: the tree ends before %d", next, follow.ErrHole, e.Position)
		}
		var leaf []byte
		if leaf, room, err = leafOf(room, e); err != nil {
			return fmt.Errorf("position %d: %w", e.Position, err)
		}
		if err := t.add(leaf); err != nil {
			return fmt.Errorf("position %d: %w", e.Position, err)
		}
	}
	return t.store(ctx, tx, filled)
}

// tiles are rows of a table of tiles.
type tiles struct {
	levels  []int16
	indexes []int64
	hashes  [][]byte
}

func (s *tiles) add(level, index uint64, hashes []byte) {
	s.levels, s.indexes, s.hashes = append(s.levels, int16(level)), append(s.indexes, int64(index)), append(s.hashes, hashes)
}

const (
	insertTilesSQL = `INSERT INTO audit.tiles (level, tile_index, hashes)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])`

	writeEdgeSQL = `INSERT INTO audit.edge (level, tile_index, hashes)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])
ON CONFLICT (level) DO UPDATE SET tile_index = excluded.tile_index, hashes = excluded.hashes`
)

// store writes the tiles that were filled, and what changed of the edge, in one
// round trip.
func (t *tree) store(ctx context.Context, tx pgx.Tx, filled tiles) (err error) {
	var edges tiles
	for level, e := range t.edge {
		if !e.changed {
			continue
		}
		if e.hashes == nil {
			e.hashes = []byte{} // null otherwise
		}
		edges.add(uint64(level), e.index, e.hashes)
	}
	var b pgx.Batch
	if len(filled.levels) > 0 {
		b.Queue(insertTilesSQL, filled.levels, filled.indexes, filled.hashes)
	}
	b.Queue(writeEdgeSQL, edges.levels, edges.indexes, edges.hashes)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("write the tree: %w", err)
	}
	return nil
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

var (
	_ querier = (*pgxpool.Pool)(nil)
	_ querier = pgx.Tx(nil)
)

// errNoEdge is the error for a tree without the row that says how large it is.
var errNoEdge = errors.New("audit.edge has no row for level 0")

// loadTree returns the tree as it is stored.
func loadTree(ctx context.Context, q querier) (*tree, error) {
	const sql = `SELECT level, tile_index, hashes FROM audit.edge ORDER BY level`
	rows, _ := q.Query(ctx, sql) // ForEachRow returns its error
	var edges []edge
	var level, index int64
	var hashes []byte
	_, err := pgx.ForEachRow(rows, []any{&level, &index, &hashes}, func() error {
		if level != int64(len(edges)) {
			return fmt.Errorf("%w: level %d comes after %d levels", errEdge, level, len(edges))
		}
		edges = append(edges, edge{index: uint64(index), hashes: append(make([]byte, 0, tileBytes), hashes...)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the edge of the tree: %w", err)
	}
	if len(edges) == 0 {
		return nil, errNoEdge
	}
	return newTree(edges[0].index*tileWidth+uint64(len(edges[0].hashes)/hashSize), edges)
}

// treeSizeSQL returns how large the stored tree is.
const treeSizeSQL = `SELECT tile_index * 256 + octet_length(hashes) / 32 FROM audit.edge WHERE level = 0`

// tileSQL returns what is there of a tile, full or not.
const tileSQL = `SELECT hashes FROM audit.tiles WHERE level = $1 AND tile_index = $2
UNION ALL
SELECT hashes FROM audit.edge WHERE level = $1 AND tile_index = $2`

// loadTile returns the hashes that are there of a tile, nil for none.
func loadTile(ctx context.Context, q querier, level, index uint64) (hashes []byte, err error) {
	err = q.QueryRow(ctx, tileSQL, int64(level), int64(index)).Scan(&hashes)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read tile %d/%d: %w", level, index, err)
	}
	return hashes, nil
}
