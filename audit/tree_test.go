package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"math/bits"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"helpdesk/test/kit"
)

// leafAt is a leaf of a tree made up.
func leafAt(i uint64) []byte {
	return LeafHash(binary.BigEndian.AppendUint64(nil, i))
}

// rootOf is RFC 6962 §2.1 word by word.
func rootOf(leaves [][]byte) []byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1 << (bits.Len(uint(len(leaves)-1)) - 1)
	sum := sha256.Sum256(bytes.Join([][]byte{{1}, rootOf(leaves[:k]), rootOf(leaves[k:])}, nil))
	return sum[:]
}

// TestATreeIsTheSameHoweverItGrows grows a tree in pages, each time from its
// edge alone as it was stored, and compares root and tiles with the definition.
func TestATreeIsTheSameHoweverItGrows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var leaves [][]byte
		var stored []edge
		full := map[[2]uint64][]byte{}
		for _, page := range rapid.SliceOfN(rapid.IntRange(1, 700), 1, 5).Draw(rt, "pages") {
			grown, err := newTree(uint64(len(leaves)), stored)
			if err != nil {
				rt.Fatal(err)
			}
			grown.full = func(level, index uint64, hashes []byte) { full[[2]uint64{level, index}] = hashes }
			for range page {
				leaf := leafAt(uint64(len(leaves)))
				leaves = append(leaves, leaf)
				if err := grown.add(leaf); err != nil {
					rt.Fatal(err)
				}
			}
			stored = grown.edge
			if root, err := grown.root(); err != nil || !bytes.Equal(root, rootOf(leaves)) {
				rt.Fatalf("root of %d leaves: got %x, %v, want %x", len(leaves), root, err, rootOf(leaves))
			}
		}
		for level, width := uint64(0), 1; len(leaves)/width > 0; level, width = level+1, width*tileWidth {
			var hashes []byte
			for i := uint64(0); full[[2]uint64{level, i}] != nil; i++ {
				hashes = append(hashes, full[[2]uint64{level, i}]...)
			}
			hashes = append(hashes, stored[level].hashes...)
			for i := range len(leaves) / width {
				if want := rootOf(leaves[i*width : (i+1)*width]); !bytes.Equal(hashes[i*hashSize:(i+1)*hashSize], want) {
					rt.Fatalf("hash %d of level %d: got %x, want %x", i, level, hashes[i*hashSize:(i+1)*hashSize], want)
				}
			}
		}
	})
}

func TestATreeOfTilesThatDoNotFitIsRefused(t *testing.T) {
	for _, size := range []uint64{1, 255, 257, 70000} {
		if _, err := newTree(size, []edge{{hashes: make([]byte, 2*hashSize)}}); !errors.Is(err, errEdge) {
			t.Errorf("size %d: got %v, want %v", size, err, errEdge)
		}
	}
}

// TestTheTreeStopsAtAHole removes an event that the tree does not have yet: it
// must not grow past it, nor may anything be set aside.
func TestTheTreeStopsAtAHole(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]string{
		"in the middle": `DELETE FROM events WHERE position = 25`,
		"at the head":   `DELETE FROM events WHERE position > 24`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newLog(t)
			d.fill(t, 20, 4)
			d.grow(t)
			d.sign(t)
			d.fill(t, 10, 1)
			d.tamper(t, tamper)
			said := &told{}
			stop := d.follow(t, slog.New(slog.NewTextHandler(said, nil)))
			kit.Poll(t, "the log line", func() bool { return said.holds("a follower that needs every event has stopped") })
			stop()
			if !said.holds("position 25: a position is missing") {
				t.Errorf("the hole is not named:\n%s", said)
			}
			if size := d.treeSize(t); size != 20 {
				t.Errorf("the tree has grown to %d", size)
			}
			if err := d.signer().Sign(t.Context()); err != nil {
				t.Error(err)
			}
			if c, err := NewReader(d.Pool, d.Store).Checkpoint(t.Context()); err != nil || c.Size != 20 {
				t.Errorf("signed: %d, %v", c.Size, err)
			}
			var failed int
			if err := d.Pool.QueryRow(t.Context(), `SELECT count(*) FROM failed_events`).Scan(&failed); err != nil || failed != 0 {
				t.Errorf("%d events are failed, %v", failed, err)
			}
		})
	}
}

// TestTheTreeTakesWhatThisProgramDoesNotKnow appends an event of a later version
// of the program: the tree is not concerned with what it says.
func TestTheTreeTakesWhatThisProgramDoesNotKnow(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.fill(t, 2, 1)
	d.tamper(t, `UPDATE events SET type = 'ticket.teleported', data = '[]' WHERE position = 2`)
	d.grow(t)
	d.sign(t)
	if _, err := d.verify(t); err != nil {
		t.Error(err)
	}
}

// told keeps what a logger says.
type told struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *told) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *told) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *told) holds(part string) bool { return strings.Contains(s.String(), part) }
