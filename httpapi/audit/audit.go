// Package audit is the log as a Merkle tree, for public tools to verify.
package audit

import (
	"context"
	"net/http"
	"strconv"

	"github.com/transparency-dev/tessera/api/layout"

	"helpdesk/audit"
	"helpdesk/domain"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
)

// Tree is what is stored of the tree over the log; see [audit.Reader].
type Tree interface {
	Checkpoint(ctx context.Context) (audit.Checkpoint, error)
	Tile(ctx context.Context, level, index uint64, width int) ([]byte, error)
	Entries(ctx context.Context, index uint64, width int) ([]byte, error)
}

// Proofs proves what is in the tree and how it has grown; see [audit.Reader].
type Proofs interface {
	Inclusion(ctx context.Context, position, size int64) (audit.Inclusion, error)
	Consistency(ctx context.Context, from, to int64) (audit.Consistency, error)
}

// Resource is the calls on the tree.
type Resource struct {
	Tree   Tree
	Proofs Proofs
}

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	return httpapi.Tagged("Audit", "The log as a Merkle tree, for public tools to verify.",
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/audit/inclusion/", ID: "auditInclusion",
			Summary: "Prove that an event is in the log",
			About:   "For admins and auditors. Proofs are for whoever does not take the service's word: docs/audit-log.md says how to verify them.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.inclusion), Dear: true,
			Also: []int{http.StatusForbidden, http.StatusNotFound},
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/audit/consistency/", ID: "auditConsistency",
			Summary: "Prove that the log has only grown",
			About:   "For admins and auditors.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.consistency), Dear: true,
			Also: []int{http.StatusForbidden, http.StatusNotFound},
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/audit/checkpoint/", ID: "auditCheckpoint",
			Summary: "Read the newest signed checkpoint",
			About:   "For admins and auditors. A signed note (C2SP tlog-checkpoint): name of the log, size and root of the tree, signature.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.BytesOf("text/plain; charset=utf-8", r.checkpoint),
			Also:  []int{http.StatusForbidden, http.StatusNotFound},
			Never: []int{http.StatusTooManyRequests},
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/audit/tile/{level}/{rest}/", ID: "auditTile",
			Summary: "Read a tile of the tree, or a bundle of entries",
			About:   "For admins and auditors. As C2SP tlog-tiles has it, with /audit as prefix: 256 hashes of 32 bytes, or 256 entries each after its length in two bytes; fewer for a partial one.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.BytesOf("application/octet-stream", r.tile),
			Also:  []int{http.StatusForbidden},
			Never: []int{http.StatusTooManyRequests},
		},
	)
}

// InclusionQuery is the parameters of a proof of inclusion.
type InclusionQuery struct {
	Position int64                `query:"position" required:"true" minimum:"1" description:"Of the event."`
	Size     bind.Optional[int64] `query:"size" minimum:"1" description:"Events in the tree; as in the newest checkpoint when left out."`
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

// Example is the body, or the answer, as the document shows it.
func (InclusionProof) Example() string {
	return `{"position": 1, "leaf_index": 0, "leaf_hash": "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hREBHBodUhM=", "tree_size": 1,
		"root_hash": "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hREBHBodUhM=", "hashes": [], "checkpoint": null}`
}

// ConsistencyQuery is the parameters of a proof of consistency.
type ConsistencyQuery struct {
	From int64                `query:"from" required:"true" minimum:"1" description:"Events in the smaller tree."`
	To   bind.Optional[int64] `query:"to" minimum:"1" description:"Events in the larger tree; as in the newest checkpoint when left out."`
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

// Example is the body, or the answer, as the document shows it.
func (ConsistencyProof) Example() string {
	return `{"from": 1, "to": 1, "from_root": "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hREBHBodUhM=",
		"to_root": "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hREBHBodUhM=", "hashes": [], "checkpoint": null}`
}

// TilePath names a tile or a bundle (C2SP tlog-tiles).
type TilePath struct {
	Level string `path:"level" description:"Level of the tile, 0 for the hashes of entries; or \"entries\" for a bundle of the entries themselves."`
	Index string `path:"rest" description:"Index of the tile in groups of three digits, x001/x234/067; .p/N after it: only its first N."`
}

func (r Resource) inclusion(ctx context.Context, c *httpapi.Call, in InclusionQuery) (InclusionProof, error) {
	if err := httpapi.MayOversee(c.Actor); err != nil {
		return InclusionProof{}, err
	}
	if in.Size.Set && in.Size.Value < in.Position {
		return InclusionProof{}, problem.Param("position", "range", "must not be beyond size")
	}
	p, err := r.Proofs.Inclusion(ctx, in.Position, in.Size.Value)
	return InclusionProof{
		Position: p.Position, LeafIndex: p.Position - 1, LeafHash: p.LeafHash, TreeSize: p.Size, RootHash: p.Root,
		Hashes: list(p.Hashes), Checkpoint: noteOf(p.Signed),
	}, err
}

func (r Resource) consistency(ctx context.Context, c *httpapi.Call, in ConsistencyQuery) (ConsistencyProof, error) {
	if err := httpapi.MayOversee(c.Actor); err != nil {
		return ConsistencyProof{}, err
	}
	if in.To.Set && in.To.Value < in.From {
		return ConsistencyProof{}, problem.Param("from", "range", "must not be beyond to")
	}
	p, err := r.Proofs.Consistency(ctx, in.From, in.To.Value)
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

func (r Resource) checkpoint(ctx context.Context, c *httpapi.Call, _ httpapi.Empty) (httpapi.Bytes, error) {
	if err := httpapi.MayOversee(c.Actor); err != nil {
		return nil, err
	}
	signed, err := r.Tree.Checkpoint(ctx)
	return signed.Note, err
}

// lasting is for what never changes once it is there. Caches that others share
// do not get it.
const lasting = "private, max-age=31536000, immutable"

func (r Resource) tile(ctx context.Context, c *httpapi.Call, in TilePath) (out httpapi.Bytes, err error) {
	if err := httpapi.MayOversee(c.Actor); err != nil {
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
		out, err = r.Tree.Entries(ctx, index, width)
	} else {
		var level uint64
		if level, err = layout.ParseTileLevel(in.Level); err != nil || in.Level != strconv.FormatUint(level, 10) {
			return nil, domain.ErrNotFound
		}
		out, err = r.Tree.Tile(ctx, level, index, width)
	}
	if err != nil {
		return nil, err
	}
	c.Header.Set("Cache-Control", lasting)
	return out, nil
}
