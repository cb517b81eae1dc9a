package audit

import (
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
)

const (
	hashSize   = 32 // of SHA-256
	tileWidth  = layout.TileWidth
	tileHeight = layout.TileHeight
	tileBytes  = tileWidth * hashSize
)

// ranges makes the compact ranges of the tree.
var ranges = &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}

// tree grows by leaves at its right edge and tells of the tiles that fill up. It
// holds the edge alone: a few kilobytes, whatever its size.
type tree struct {
	whole *compact.Range
	edge  []edge // by level
	// full, when not nil, is told of a tile that is full. hashes are the caller's.
	full func(level, index uint64, hashes []byte)
}

// edge is a tile that is not full.
type edge struct {
	index   uint64 // of the tile in its level
	hashes  []byte
	changed bool // since it was loaded
}

// errEdge is the error for tiles that do not fit together.
var errEdge = errors.New("the tiles at the edge of the tree do not fit its size")

// newTree makes a tree of a size from the tiles at its edge, level by level;
// those of levels that have none may be left out.
func newTree(size uint64, edges []edge) (*tree, error) {
	t := &tree{}
	var nodes [][]byte
	for level := uint64(0); size>>(level*tileHeight) > 0; level++ {
		count := size >> (level * tileHeight) // nodes of the level
		e := edge{index: count / tileWidth}
		if level < uint64(len(edges)) {
			e.hashes = edges[level].hashes
		}
		if uint64(len(e.hashes)) != count%tileWidth*hashSize {
			return nil, fmt.Errorf("%w: level %d has %d bytes", errEdge, level, len(e.hashes))
		}
		t.edge = append(t.edge, e)
	}
	for level := len(t.edge) - 1; level >= 0; level-- { // the largest subtrees first
		roots, err := subtrees(t.edge[level].hashes)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, roots...)
	}
	var err error
	if t.whole, err = ranges.NewRange(0, size, nodes); err != nil {
		return nil, fmt.Errorf("%w: %w", errEdge, err)
	}
	return t, nil
}

// subtrees returns the roots of the largest perfect trees over the hashes, from
// left to right.
func subtrees(hashes []byte) ([][]byte, error) {
	r := ranges.NewEmptyRange(0)
	for ; len(hashes) > 0; hashes = hashes[hashSize:] {
		if err := r.Append(hashes[:hashSize:hashSize], nil); err != nil {
			return nil, fmt.Errorf("%w: %w", errEdge, err)
		}
	}
	return r.Hashes(), nil
}

// add appends a leaf, which is the tree's from then on.
func (t *tree) add(leaf []byte) error {
	return t.whole.Append(leaf, t.visit)
}

// visit is told of every node that is new. Tiles hold those of each eighth level.
func (t *tree) visit(id compact.NodeID, hash []byte) {
	if id.Level%tileHeight != 0 {
		return
	}
	level := uint64(id.Level / tileHeight)
	if level == uint64(len(t.edge)) {
		t.edge = append(t.edge, edge{})
	}
	e := &t.edge[level]
	if e.hashes == nil {
		e.hashes = make([]byte, 0, tileBytes)
	}
	e.hashes, e.changed = append(e.hashes, hash...), true
	if len(e.hashes) == tileBytes {
		if t.full != nil {
			t.full(level, e.index, e.hashes)
		}
		*e = edge{index: e.index + 1, changed: true}
	}
}

func (t *tree) size() uint64 { return t.whole.End() }

// root returns the root hash (RFC 6962 §2.1).
func (t *tree) root() ([]byte, error) {
	if t.size() == 0 {
		return rfc6962.DefaultHasher.EmptyRoot(), nil
	}
	return t.whole.GetRootHash(nil)
}
