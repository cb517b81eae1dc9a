package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"helpdesk/test/kit"
)

// signedSizes returns the sizes in a file of checkpoints.
func (d *signedLog) signedSizes(t testing.TB, file string) (sizes []int64) {
	t.Helper()
	all, err := openSigned([]string{file}, d.against(t).Keys)
	if err != nil {
		t.Fatal(err)
	}
	defer all.close()
	for c := all.peek(); c != nil; c = all.peek() {
		sizes = append(sizes, c.Size)
		if err := all.take(); err != nil {
			t.Fatal(err)
		}
	}
	return sizes
}

func (d *signedLog) wantSigned(t testing.TB, want ...int64) {
	t.Helper()
	if diff := cmp.Diff(want, d.signedSizes(t, d.dir.Checkpoints())); diff != "" {
		t.Errorf("sizes that were signed (-want +got):\n%s", diff)
	}
}

// refused signs and wants it refused, with nothing written.
func (d *signedLog) refused(t testing.TB, want error) {
	t.Helper()
	before, err := os.ReadFile(d.dir.Checkpoints())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := d.signer().Sign(t.Context()); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if after, _ := os.ReadFile(d.dir.Checkpoints()); !bytes.Equal(before, after) { // compared above
		t.Errorf("the file of checkpoints has changed: %s", after)
	}
}

func TestACheckpointIsSignedWhenTheTreeHasGrown(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	if err := d.signer().Sign(t.Context()); err != nil { // of an empty tree there is none
		t.Fatal(err)
	}
	for _, n := range []int{1, 300, 5} {
		d.fill(t, n, 10)
		d.grow(t)
		d.sign(t)
		d.sign(t) // a restart, and nothing new
	}
	d.wantSigned(t, 1, 301, 306)
	if info, err := os.Stat(filepath.Join(string(d.dir), keyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info.Mode(), err)
	}
}

func TestAShorterTreeIsNotSigned(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.fill(t, 30, 3)
	d.grow(t)
	d.sign(t)
	for _, sql := range []string{
		`UPDATE audit.edge SET hashes = substr(hashes, 1, 20 * 32) WHERE level = 0`,
		`UPDATE audit.keys SET size = 20`, // as if 20 had been signed
	} {
		d.tamper(t, sql)
		d.refused(t, ErrShrunk)
	}
}

func TestATreeThatWasAlteredIsNotSigned(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"a hash at the edge": `UPDATE audit.edge SET hashes = set_byte(hashes, 5, get_byte(hashes, 5) # 1) WHERE level = 0`,
		"a hash of a tile":   `UPDATE audit.tiles SET hashes = set_byte(hashes, 5, get_byte(hashes, 5) # 1)`,
		"a hash above":       `UPDATE audit.edge SET hashes = set_byte(hashes, 5, get_byte(hashes, 5) # 1) WHERE level = 1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newLog(t)
			d.fill(t, 266, 19)
			d.grow(t)
			d.sign(t)
			d.tamper(t, sql)
			d.fill(t, 1, 1)
			d.grow(t)
			if name == "a hash of a tile" { // of which neither proof nor root has a need: verify finds it
				d.sign(t)
				if _, err := d.verify(t); err == nil {
					t.Error("it is verified")
				}
				return
			}
			d.refused(t, ErrForked)
			// Without the newest checkpoint in the database all the same.
			d.tamper(t, `UPDATE audit.keys SET size = 0, checkpoint = NULL`)
			d.refused(t, ErrForked)
		})
	}
}

func TestAForgedCheckpointInTheDatabaseIsNotBuiltOn(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.fill(t, 3, 1)
	d.grow(t)
	d.sign(t)
	d.tamper(t, `UPDATE audit.keys SET checkpoint = replace(checkpoint, E'\n3\n', E'\n2\n')`)
	d.fill(t, 1, 1)
	d.grow(t)
	d.refused(t, errCheckpoint)
}

func TestOnlyTheLogsKeySigns(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.fill(t, 1, 1)
	d.grow(t)
	d.sign(t)
	d.fill(t, 1, 1)
	d.grow(t)
	first := d.dir

	d.dir = Dir(t.TempDir()) // a process elsewhere
	d.refused(t, ErrNoKey)
	if exists(d.dir.path(keyFile)) {
		t.Error("it made a key of its own")
	}
	if _, err := d.dir.MakeKey("desk.example.com"); err != nil {
		t.Fatal(err)
	}
	d.refused(t, ErrOtherKey)

	given := NewSigner(d.Pool, SignerConfig{Dir: Dir(t.TempDir()), KeyFile: first.path(keyFile), Logger: quiet})
	if err := given.Sign(t.Context()); err != nil {
		t.Errorf("given the log's key: %v", err)
	}
	d.dir = first
	d.fill(t, 1, 1)
	d.grow(t)
	d.sign(t)
	d.wantSigned(t, 1, 3) // the one of size 2 is in the other folder
}

func TestANewKeyBeginsALineOfItsOwn(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.fill(t, 1, 1)
	d.grow(t)
	running := d.signer()
	if err := running.Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.fill(t, 1, 1)
	d.grow(t)
	key, err := Renew(t.Context(), d.Pool, d.dir, "desk.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Sign(t.Context()); err != nil { // it finds the new key by itself
		t.Fatal(err)
	}
	d.wantSigned(t, 2)
	vkeys, err := d.dir.VKeys()
	if err != nil || len(vkeys) != 2 || vkeys[1] != key.VKey() {
		t.Errorf("verifier keys: %v, %v", vkeys, err)
	}
	former, err := filepath.Glob(d.dir.path(checkpointsFile + ".*"))
	if err != nil || len(former) != 1 {
		t.Fatalf("what the former key signed: %v, %v", former, err)
	}
	if got, err := d.verify(t, former...); err != nil || got.Count != 2 {
		t.Errorf("with both: got %+v, %v", got, err)
	}
}

// TestManyProcessesSignOneLine has processes with one folder sign while the tree
// grows: sizes never fall, and nothing is signed twice.
func TestManyProcessesSignOneLine(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.follow(t, quiet)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var group errgroup.Group
	for range 3 {
		s := d.signer()
		group.Go(func() error {
			for ctx.Err() == nil {
				if err := s.Sign(ctx); err != nil && ctx.Err() == nil {
					return err
				}
			}
			return nil
		})
	}
	d.fill(t, 200, 2)
	kit.Poll(t, "the tree", func() bool { return d.treeSize(t) == 200 })
	stop()
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	d.sign(t)
	sizes := d.signedSizes(t, d.dir.Checkpoints())
	for i := 1; i < len(sizes); i++ {
		if sizes[i] <= sizes[i-1] {
			t.Errorf("sizes %v", sizes)
		}
	}
	if got, err := d.verify(t); err != nil || got.Checkpoint.Size != 200 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestASignatureOutlivesACrash ends the work between the file and the database,
// and in the middle of the file.
func TestASignatureOutlivesACrash(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.fill(t, 3, 1)
	d.grow(t)
	signed := d.sign(t)
	d.tamper(t, `UPDATE audit.keys SET size = 0, checkpoint = NULL, signed_at = NULL`)
	if got := d.sign(t); !bytes.Equal(got.Note, signed.Note) {
		t.Errorf("published is %s, and signed was %s", got.Note, signed.Note)
	}
	d.wantSigned(t, 3)

	d.fill(t, 1, 1)
	d.grow(t)
	half := append(append(bytes.Clone(signed.Note), '\n'), signed.Note[:len(signed.Note)-20]...)
	write(t, d.dir.Checkpoints(), half)
	d.wantSigned(t, 3)
	d.sign(t)
	d.wantSigned(t, 3, 4)
}

func TestALongFileOfCheckpointsIsReadFromItsEnd(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	key, err := d.dir.MakeKey("desk.example.com")
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	var last Checkpoint
	for size := int64(1); file.Len() < 3*maxNote; size++ {
		if last, err = signCheckpoint(size, make([]byte, hashSize), key.signer); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&file, "%s\n", last.Note)
	}
	write(t, d.dir.Checkpoints(), file.Bytes())
	if text, err := newestIn(d.dir.Checkpoints()); err != nil || !bytes.Equal(text, last.Note) {
		t.Fatalf("got %q, %v, want %q", text, err, last.Note)
	}
}

// sunk is a sink that fails as often as it is told to.
type sunk struct {
	failures int
	got      []string
}

func (s *sunk) Deliver(_ context.Context, checkpoint []byte) error {
	if s.failures--; s.failures >= 0 {
		return errors.New("away")
	}
	size := strings.Split(string(checkpoint), "\n")[1]
	s.got = append(s.got, size)
	return nil
}

func TestAWitnessIsGivenTheNewestNowAndThen(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	sink := &sunk{failures: 1}
	now := time.Now()
	give := func(at time.Time, want ...string) {
		t.Helper()
		// A witness of its own each time: the folder knows what was delivered.
		_, err := NewWitness(d.dir, sink, WitnessConfig{Every: time.Hour, Logger: quiet}).runOnce(t.Context(), at)
		if (err != nil) != (len(want) == 0) {
			t.Errorf("got %v", err)
		}
		if err == nil && !cmp.Equal(sink.got, want) {
			t.Errorf("delivered: got %v, want %v", sink.got, want)
		}
	}
	grow := func() {
		d.fill(t, 1, 1)
		d.grow(t)
		d.sign(t)
	}
	grow()
	give(now) // away
	give(now, "1")
	give(now.Add(2*time.Hour), "1") // nothing is new
	grow()
	grow()
	give(now.Add(time.Minute), "1") // too early
	give(now.Add(2*time.Hour), "1", "3")
}
