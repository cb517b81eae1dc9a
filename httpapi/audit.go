package httpapi

import (
	"context"
	"strconv"

	"github.com/transparency-dev/tessera/api/layout"

	"helpdesk/audit"
	"helpdesk/domain"
)

// InclusionQuery is the parameters of a proof of inclusion.
type InclusionQuery struct {
	Position int64           `query:"position" required:"true" minimum:"1" description:"Of the event."`
	Size     Optional[int64] `query:"size" minimum:"1" description:"Events in the tree; as in the newest checkpoint when left out."`
}

// InclusionProof proves that an event is in the tree (RFC 6962 §2.1.1).
type InclusionProof struct {
	Position   int64    `json:"position" required:"true"`
	LeafIndex  int64    `json:"leaf_index" required:"true" description:"The position less 1."`
	LeafHash   []byte   `json:"leaf_hash" required:"true" description:"SHA-256 of a zero byte and the event's entry, in base64 as all hashes."`
	TreeSize   int64    `json:"tree_size" required:"true"`
	RootHash   []byte   `json:"root_hash" required:"true"`
	Hashes     [][]byte `json:"hashes" required:"true" nullable:"false" description:"The audit path, from the leaf up."`
	Checkpoint *string  `json:"checkpoint" required:"true" description:"The newest signed checkpoint, if it is of this tree."`
}

// ConsistencyQuery is the parameters of a proof of consistency.
type ConsistencyQuery struct {
	From int64           `query:"from" required:"true" minimum:"1" description:"Events in the smaller tree."`
	To   Optional[int64] `query:"to" minimum:"1" description:"Events in the larger tree; as in the newest checkpoint when left out."`
}

// ConsistencyProof proves that a tree has grown out of a smaller one (RFC 6962
// §2.1.2).
type ConsistencyProof struct {
	From       int64    `json:"from" required:"true"`
	To         int64    `json:"to" required:"true"`
	FromRoot   []byte   `json:"from_root" required:"true" description:"Root hash of the smaller tree, in base64 as all hashes."`
	ToRoot     []byte   `json:"to_root" required:"true"`
	Hashes     [][]byte `json:"hashes" required:"true" nullable:"false"`
	Checkpoint *string  `json:"checkpoint" required:"true" description:"The newest signed checkpoint, if it is of the larger tree."`
}

// TilePath names a tile or a bundle (C2SP tlog-tiles).
type TilePath struct {
	Level string `path:"level" description:"Level of the tile, 0 for the hashes of entries; or \"entries\" for a bundle of the entries themselves."`
	Index string `path:"rest" description:"Index of the tile in groups of three digits, x001/x234/067; .p/N after it: only its first N."`
}

func mayAudit(actor domain.Actor) error {
	if !seesPeople(actor) { // the same two roles: admin and auditor
		return domain.ErrForbidden
	}
	return nil
}

func (a *API) auditInclusion(ctx context.Context, c *Call, in InclusionQuery) (InclusionProof, error) {
	if err := mayAudit(c.Actor); err != nil {
		return InclusionProof{}, err
	}
	if in.Size.Set && in.Size.Value < in.Position {
		return InclusionProof{}, invalid(Violation{Pointer: "?position", Code: "range", Detail: "a tree of this size does not reach so far"})
	}
	p, err := a.Audit.Inclusion(ctx, in.Position, in.Size.Value)
	return InclusionProof{
		Position: p.Position, LeafIndex: p.Position - 1, LeafHash: p.LeafHash, TreeSize: p.Size, RootHash: p.Root,
		Hashes: list(p.Hashes), Checkpoint: noteOf(p.Signed),
	}, err
}

func (a *API) auditConsistency(ctx context.Context, c *Call, in ConsistencyQuery) (ConsistencyProof, error) {
	if err := mayAudit(c.Actor); err != nil {
		return ConsistencyProof{}, err
	}
	if in.To.Set && in.To.Value < in.From {
		return ConsistencyProof{}, invalid(Violation{Pointer: "?from", Code: "range", Detail: "a tree grows out of a smaller one"})
	}
	p, err := a.Audit.Consistency(ctx, in.From, in.To.Value)
	return ConsistencyProof{
		From: p.From, To: p.To, FromRoot: p.FromRoot, ToRoot: p.ToRoot, Hashes: list(p.Hashes), Checkpoint: noteOf(p.Signed),
	}, err
}

// list keeps an empty list from being null.
func list(hashes [][]byte) [][]byte {
	if hashes == nil {
		return [][]byte{}
	}
	return hashes
}

func noteOf(c *audit.Checkpoint) *string {
	if c == nil {
		return nil
	}
	text := string(c.Note)
	return &text
}

func (a *API) auditCheckpoint(ctx context.Context, c *Call, _ Empty) (Bytes, error) {
	if err := mayAudit(c.Actor); err != nil {
		return nil, err
	}
	signed, err := a.Audit.Checkpoint(ctx)
	return signed.Note, err
}

// lasting is for what never changes once it is there. Caches that others share
// do not get it.
const lasting = "private, max-age=31536000, immutable"

func (a *API) auditTile(ctx context.Context, c *Call, in TilePath) (out Bytes, err error) {
	if err := mayAudit(c.Actor); err != nil {
		return nil, err
	}
	index, partial, err := layout.ParseTileIndexPartial(in.Index)
	if err != nil || layout.NWithSuffix(0, index, partial) != in.Index {
		return nil, domain.ErrNotFound // there is one way to write each
	}
	width := int(partial)
	if width == 0 {
		width = layout.TileWidth
	}
	if in.Level == "entries" {
		out, err = a.Audit.Entries(ctx, index, width)
	} else {
		var level uint64
		if level, err = layout.ParseTileLevel(in.Level); err != nil || in.Level != strconv.FormatUint(level, 10) {
			return nil, domain.ErrNotFound
		}
		out, err = a.Audit.Tile(ctx, level, index, width)
	}
	if err != nil {
		return nil, err
	}
	c.header.Set("Cache-Control", lasting)
	return out, nil
}
