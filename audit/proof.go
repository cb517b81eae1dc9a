package audit

import (
	"context"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
)

// nodes reads nodes of the tree from its tiles, each tile once. It belongs to
// one request.
type nodes struct {
	load  func(ctx context.Context, level, index uint64) ([]byte, error)
	tiles map[[2]uint64][]byte
}

func newNodes(q querier) *nodes {
	return &nodes{tiles: map[[2]uint64][]byte{}, load: func(ctx context.Context, level, index uint64) ([]byte, error) {
		return loadTile(ctx, q, level, index)
	}}
}

// node returns the hash of a node that stands over leaves that are all there.
func (n *nodes) node(ctx context.Context, id compact.NodeID) ([]byte, error) {
	level, index, in, at := layout.NodeCoordsToTileAddress(uint64(id.Level), id.Index)
	key := [2]uint64{level, index}
	tile, ok := n.tiles[key]
	if !ok {
		var err error
		if tile, err = n.load(ctx, level, index); err != nil {
			return nil, err
		}
		n.tiles[key] = tile
	}
	width := uint64(1) << in // hashes of the tile below the node
	from, to := at*width*hashSize, (at+1)*width*hashSize
	if to > uint64(len(tile)) {
		return nil, fmt.Errorf("%w: tile %d/%d has %d bytes, and %d are needed", errEdge, level, index, len(tile), to)
	}
	roots, err := subtrees(tile[from:to])
	if err != nil {
		return nil, err
	}
	return roots[0], nil
}

// all returns the hashes of a proof.
func (n *nodes) all(ctx context.Context, of proof.Nodes) ([][]byte, error) {
	hashes := make([][]byte, len(of.IDs))
	for i, id := range of.IDs {
		var err error
		if hashes[i], err = n.node(ctx, id); err != nil {
			return nil, err
		}
	}
	return of.Rehash(hashes, rfc6962.DefaultHasher.HashChildren)
}

// root returns the root of the tree as it was at a size.
func (n *nodes) root(ctx context.Context, size uint64) ([]byte, error) {
	var roots [][]byte
	for _, id := range compact.RangeNodes(0, size, nil) {
		root, err := n.node(ctx, id)
		if err != nil {
			return nil, err
		}
		roots = append(roots, root)
	}
	r, err := ranges.NewRange(0, size, roots)
	if err != nil {
		return nil, err
	}
	return (&tree{whole: r}).root()
}

func (n *nodes) inclusion(ctx context.Context, index, size uint64) ([][]byte, error) {
	of, err := proof.Inclusion(index, size)
	if err != nil {
		return nil, err
	}
	return n.all(ctx, of)
}

func (n *nodes) consistency(ctx context.Context, from, to uint64) ([][]byte, error) {
	of, err := proof.Consistency(from, to)
	if err != nil {
		return nil, err
	}
	return n.all(ctx, of)
}

func (n *nodes) leaf(ctx context.Context, index uint64) ([]byte, error) {
	return n.node(ctx, compact.NewNodeID(0, index))
}
