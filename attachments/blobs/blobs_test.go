package blobs_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"

	"helpdesk/attachments/blobs"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// stores are all kinds of stores, empty.
func stores(t *testing.T) map[string]blobs.Store {
	folder, err := blobs.NewFolder(t.TempDir() + "/attachments")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]blobs.Store{"Postgres": blobs.NewPostgres(pgtest.New(t).Pool(t)), "a folder": folder}
}

// each tests all kinds of stores.
func each(t *testing.T, test func(t *testing.T, s blobs.Store)) {
	t.Parallel()
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

func noise(size int) []byte {
	b := make([]byte, size)
	rand.Read(b)
	return b
}

func put(t *testing.T, s blobs.Store, b []byte) uuid.UUID {
	t.Helper()
	id := uuid.New()
	if err := s.Put(t.Context(), id, iotest.HalfReader(bytes.NewReader(b))); err != nil {
		t.Fatal(err)
	}
	return id
}

func read(ctx context.Context, s blobs.Store, id uuid.UUID, from int64) ([]byte, error) {
	r, err := s.Open(ctx, id, from)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestABlobIsReadAsItWasPut(t *testing.T) {
	each(t, func(t *testing.T, s blobs.Store) {
		for _, size := range []int{0, 1, 256<<10 - 1, 256 << 10, 256<<10 + 1, 1 << 20} {
			t.Run(fmt.Sprint(size), func(t *testing.T) {
				b := noise(size)
				id := put(t, s, b)
				for _, from := range []int{0, 1, size / 2, size - 1, size} {
					if from < 0 || from > size {
						continue
					}
					got, err := read(t.Context(), s, id, int64(from))
					if err != nil || !bytes.Equal(got, b[from:]) {
						t.Errorf("from byte %d: %d bytes, %v", from, len(got), err)
					}
				}
			})
		}
	})
}

func TestABlobThatIsNotWholeIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, s blobs.Store) {
		broken := errors.New("the line broke")
		id := uuid.New()
		err := s.Put(t.Context(), id, io.MultiReader(bytes.NewReader(noise(300<<10)), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("putting it: %v", err)
		}
		if _, err := read(t.Context(), s, id, 0); !errors.Is(err, blobs.ErrMissing) {
			t.Errorf("reading it: %v", err)
		}
		other := put(t, s, []byte("whole"))
		if err := s.Put(t.Context(), other, bytes.NewReader(nil)); err == nil {
			t.Error("an id is used twice")
		}
		found := map[uuid.UUID]blobs.Stored{}
		list := func(b blobs.Stored) error { found[b.ID] = b; return nil }
		if err := s.Each(t.Context(), list); err != nil || len(found) != 2 || found[other].Size != 5 || time.Since(found[id].At) > time.Minute {
			t.Errorf("there are %v, %v", found, err)
		}
		for range 2 {
			if err := errors.Join(s.Delete(t.Context(), id), s.Delete(t.Context(), other)); err != nil {
				t.Error(err)
			}
		}
		clear(found)
		if err := s.Each(t.Context(), list); err != nil || len(found) != 0 {
			t.Errorf("left are %v, %v", found, err)
		}
		if _, err := read(t.Context(), s, other, 0); !errors.Is(err, blobs.ErrMissing) {
			t.Errorf("reading it once deleted: %v", err)
		}
	})
}

func TestASealedBlobIsReadAtAnyPlace(t *testing.T) {
	each(t, func(t *testing.T, s blobs.Store) {
		b, key := noise(300_000), blobs.NewKey()
		sealed, err := blobs.Seal(bytes.NewReader(b), key)
		if err != nil {
			t.Fatal(err)
		}
		id := uuid.New()
		if err := s.Put(t.Context(), id, sealed); err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(blobs.OpenSealed(t.Context(), s, id, key, int64(len(b))), b); err != nil {
			t.Error(err)
		}
		r := blobs.OpenSealed(t.Context(), s, id, key, int64(len(b)))
		defer r.Close()
		for _, at := range []int64{299_999, 0, 65_536, 65_535, 131_073} {
			piece := make([]byte, min(1000, len(b)-int(at)))
			if _, err := r.Seek(at, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(r, piece); err != nil || !bytes.Equal(piece, b[at:int(at)+len(piece)]) {
				t.Errorf("at %d: %v", at, err)
			}
		}
	})
}

func TestASealedBlobThatWasAlteredDoesNotOpen(t *testing.T) {
	t.Parallel()
	folder, err := blobs.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const segment = 64<<10 + 32
	b, key := noise(200_000), blobs.NewKey()
	r, _ := blobs.Seal(bytes.NewReader(b), key)
	sealed, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(sealed)
	flipped[100] ^= 1
	swapped := append(append(bytes.Clone(sealed[segment:2*segment]), sealed[:segment]...), sealed[2*segment:]...)
	for name, c := range map[string]struct{ sealed, key []byte }{
		"a bit": {flipped, key}, "the order": {swapped, key}, "its end": {sealed[:2*segment], key}, "its beginning": {sealed[segment:], key},
		"another's key": {sealed, blobs.NewKey()}, "all of it": {nil, key},
	} {
		t.Run(name, func(t *testing.T) {
			id := put(t, folder, c.sealed)
			opened := blobs.OpenSealed(t.Context(), folder, id, c.key, int64(len(b)))
			defer opened.Close()
			if got, err := io.ReadAll(opened); err == nil {
				t.Errorf("it opens, to %d bytes", len(got))
			}
		})
	}
}
