package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"helpdesk/eventstore"
)

// Fault is the first thing about a log that is not as it was signed.
type Fault struct {
	Position int64 // the first event that is, or may be, at fault
	Last     int64 // the last of them, when it is not known which it is; else 0
	Why      string
}

func (f *Fault) Error() string {
	if f.Last > f.Position {
		return fmt.Sprintf("positions %d to %d: %s", f.Position, f.Last, f.Why)
	}
	return fmt.Sprintf("position %d: %s", f.Position, f.Why)
}

// Bounds is what a source says of itself.
type Bounds struct {
	Head int64 // of the log
	Last int64 // position of the newest event
	Tree int64 // size of the stored tree
}

// Source is a log to verify, with the tree that is stored beside it. Nothing of
// it is believed.
type Source interface {
	Bounds(ctx context.Context) (Bounds, error)
	// Events calls visit for each event in the order of positions, up to one. An
	// event that cannot be read is a [*Fault].
	Events(ctx context.Context, upto int64, visit func(*eventstore.Recorded) error) error
	// Tile returns what is there of a tile of the tree, nil for nothing. known is
	// false for a level that the source does not keep.
	Tile(ctx context.Context, level, index uint64) (hashes []byte, known bool, err error)
}

// VerifyConfig is what a log is held against.
type VerifyConfig struct {
	Keys []note.Verifier // any of them may have signed
	// Files are files of checkpoints, oldest first in each of them.
	Files []string
	// Progress, when not nil, is called now and then with how far it is.
	Progress func(done, of int64)
}

// Verified is what was found of a log that is in order.
type Verified struct {
	Events     int64
	Root       []byte     // of the tree over all of them
	Checkpoint Checkpoint // the newest that the log was held against
	Count      int        // of checkpoints it was held against
	Untreed    int64      // newest events that the stored tree has not taken in yet
}

// ErrNothingSigned: there is no checkpoint to hold a log against.
var ErrNothingSigned = errors.New("there is no signed checkpoint to hold the log against")

// Verify reads a whole log and makes its tree anew. Its error is a [*Fault] that
// names the first position at fault, or says why the log cannot be verified. It
// needs the same memory for a log of any length, and room for 28 bytes an event
// in the folder for temporary files.
func Verify(ctx context.Context, source Source, config VerifyConfig) (Verified, error) {
	v := &verification{source: source, config: config, tile: noTile}
	var err error
	if v.signed, err = openSigned(config.Files, config.Keys); err != nil {
		return Verified{}, err
	}
	defer v.signed.close()
	if v.versions, err = newVersions(); err != nil {
		return Verified{}, err
	}
	defer v.versions.close()
	if v.tree, err = newTree(0, nil); err != nil {
		return Verified{}, err
	}
	v.tree.full = v.noteUpper
	err = v.run(ctx)
	if fault := (*Fault)(nil); err != nil && !errors.As(err, &fault) {
		return Verified{}, err
	}
	return v.conclude(err)
}

const noTile = ^uint64(0)

// verification is a log being verified.
type verification struct {
	source   Source
	config   VerifyConfig
	signed   *signedFiles
	versions *versions
	tree     *tree
	bounds   Bounds
	out      Verified

	tile     uint64 // index of the stored tile of level 0 at hand
	hashes   []byte // of it
	upper    []upperTile
	room     []byte
	recorded time.Time
}

// upperTile is a tile above level 0 that is to be compared.
type upperTile struct {
	level, index uint64
	hashes       []byte
}

func (v *verification) run(ctx context.Context) (err error) {
	if v.bounds, err = v.source.Bounds(ctx); err != nil {
		return err
	}
	err = v.source.Events(ctx, v.bounds.Head, func(e *eventstore.Recorded) error { return v.event(ctx, e) })
	if err != nil {
		return err
	}
	return v.end()
}

// event takes in the next event.
func (v *verification) event(ctx context.Context, e *eventstore.Recorded) error {
	at := int64(v.tree.size()) + 1
	if e.Position != at {
		return v.missing(at, fmt.Sprintf("the next event is at %d", e.Position))
	}
	leaf, room, err := leafOf(v.room, e)
	if v.room = room; err != nil {
		return &Fault{Position: at, Why: err.Error()}
	}
	if err := v.compareLeaf(ctx, at, leaf); err != nil {
		return err
	}
	if e.RecordedAt.Before(v.recorded) {
		return &Fault{Position: at, Why: "it was recorded before the event in front of it"}
	}
	v.recorded = e.RecordedAt
	if err := v.versions.add(e); err != nil {
		return err
	}
	if err := v.tree.add(leaf); err != nil {
		return err
	}
	if at == v.bounds.Tree {
		v.noteEdge()
	}
	if err := v.compareTiles(ctx); err != nil {
		return err
	}
	if v.config.Progress != nil && at%4096 == 0 {
		v.config.Progress(at, v.bounds.Head)
	}
	return v.compareSigned(at)
}

// compareLeaf holds the hash of an event against that of the stored tree.
func (v *verification) compareLeaf(ctx context.Context, at int64, leaf []byte) error {
	if at > v.bounds.Tree {
		return nil
	}
	index := uint64(at-1) / tileWidth
	if v.tile != index {
		hashes, _, err := v.source.Tile(ctx, 0, index)
		if err != nil {
			return err
		}
		v.tile, v.hashes = index, hashes
	}
	in := (at - 1) % tileWidth * hashSize
	switch {
	case int64(len(v.hashes)) < in+hashSize:
		return &Fault{Position: at, Why: "the stored tree has no hash of it: tiles are gone"}
	case !bytes.Equal(v.hashes[in:in+hashSize], leaf):
		return &Fault{Position: at, Why: fmt.Sprintf("its hash is %s, and the tree has %s: it is not the event that was recorded here",
			short(leaf), short(v.hashes[in:in+hashSize]))}
	}
	return nil
}

func short(hash []byte) string { return hex.EncodeToString(hash[:8]) + "…" }

// noteUpper notes a tile that the events make, to be compared.
func (v *verification) noteUpper(level, index uint64, hashes []byte) {
	if level > 0 {
		v.upper = append(v.upper, upperTile{level, index, hashes})
	}
}

// noteEdge notes the tiles at the right edge, to be compared.
func (v *verification) noteEdge() {
	for level, e := range v.tree.edge {
		if level > 0 && len(e.hashes) > 0 {
			v.noteUpper(uint64(level), e.index, e.hashes)
		}
	}
}

// compareTiles holds the tiles that were noted against the stored ones, which
// may have grown since.
func (v *verification) compareTiles(ctx context.Context) error {
	for _, made := range v.upper {
		stored, known, err := v.source.Tile(ctx, made.level, made.index)
		if err != nil {
			return err
		}
		if known && !bytes.HasPrefix(stored, made.hashes) {
			first := made.index<<(tileHeight*(made.level+1)) + 1
			return &Fault{Position: int64(first), Last: int64(v.tree.size()),
				Why: fmt.Sprintf("the stored tile %d/%d is not that of the events: the tree was altered", made.level, made.index)}
		}
	}
	v.upper = v.upper[:0]
	return nil
}

// compareSigned holds the tree against the checkpoints of its present size.
func (v *verification) compareSigned(at int64) error {
	for {
		next := v.signed.peek()
		if next == nil || next.Size > at {
			return nil
		}
		root, err := v.tree.root()
		if err != nil {
			return err
		}
		if next.Size > 0 && !bytes.Equal(root, next.Root) {
			return &Fault{Position: v.out.Checkpoint.Size + 1, Last: next.Size, Why: fmt.Sprintf(
				"the checkpoint of size %d has another root: one of these events was altered, and the stored tree with it", next.Size)}
		}
		v.out.Checkpoint, v.out.Count = *next, v.out.Count+1
		if err := v.signed.take(); err != nil {
			return err
		}
	}
}

// end looks at what is said to come after the last event.
func (v *verification) end() error {
	at := int64(v.tree.size()) + 1
	if at <= v.bounds.Tree || at <= v.bounds.Head || v.signed.peek() != nil {
		return v.missing(at, "the log ends before it")
	}
	// Only now: what was put in further in front moved a genuine event to the end.
	if v.bounds.Last > v.bounds.Head {
		return &Fault{Position: v.bounds.Head + 1, Why: fmt.Sprintf("it is in the log, whose head is at %d: it was put in behind", v.bounds.Head)}
	}
	return nil
}

// missing returns the fault of an event that is not there, with what shows that
// there was one.
func (v *verification) missing(at int64, seen string) error {
	proof := ""
	switch next := v.signed.peek(); {
	case next != nil:
		proof = fmt.Sprintf("; a checkpoint of size %d is signed", next.Size)
	case at <= v.bounds.Tree:
		proof = "; the tree has its hash"
	case at <= v.bounds.Head:
		proof = fmt.Sprintf("; the head of the log is at %d", v.bounds.Head)
	}
	return &Fault{Position: at, Why: "the event is missing: " + seen + proof}
}

// conclude returns the first fault, for one of the versions may come before the
// one that was met, or what was found.
func (v *verification) conclude(met error) (Verified, error) {
	fault, _ := errors.AsType[*Fault](met)
	broken, err := v.versions.check()
	switch {
	case err != nil:
		return Verified{}, err
	case broken != nil && (fault == nil || broken.Position < max(fault.Position, fault.Last+1)): // within a span it says more
		return Verified{}, broken
	case fault != nil:
		return Verified{}, fault
	}
	v.out.Events = int64(v.tree.size())
	v.out.Untreed = max(v.out.Events-v.bounds.Tree, 0)
	if v.out.Root, err = v.tree.root(); err != nil {
		return Verified{}, err
	}
	if v.out.Count == 0 && v.out.Events > 0 {
		return v.out, ErrNothingSigned
	}
	return v.out, nil
}
