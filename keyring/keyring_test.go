package keyring_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/keyring"
	"helpdesk/test/keys"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func master(t *testing.T, text string) keyring.Master {
	t.Helper()
	m, err := keyring.ParseMaster(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func open(t *testing.T, pool *pgxpool.Pool) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(t.Context(), pool, master(t, keys.Master))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sealed returns a text sealed for a person, and fails the test when there is
// no key to seal it with.
func sealed(t *testing.T, r *keyring.Ring, person uuid.UUID) []byte {
	t.Helper()
	key, ok, err := r.Sealing(t.Context(), person)
	if err != nil || !ok {
		t.Fatalf("a key to seal with: %v, %v", ok, err)
	}
	return key.Seal(nil, make([]byte, key.NonceSize()), []byte("text"), nil)
}

// opens reports whether the ring opens a sealed text of a person.
func opens(t *testing.T, r *keyring.Ring, person uuid.UUID, box []byte) bool {
	t.Helper()
	found, err := r.Opening(t.Context(), []uuid.UUID{person})
	if err != nil {
		t.Fatal(err)
	}
	key, ok := found[person]
	if !ok {
		return false
	}
	text, err := key.Open(nil, make([]byte, key.NonceSize()), box, nil)
	return err == nil && string(text) == "text"
}

func destroy(t *testing.T, pool *pgxpool.Pool, person uuid.UUID) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return keyring.Destroy(person)(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func TestEveryProcessHasTheSameKeysOfPeople(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	rings := []*keyring.Ring{open(t, pool), open(t, pool), open(t, pool)}
	ann, bob := uuid.New(), uuid.New()
	boxes := make([][]byte, 30)
	var wg sync.WaitGroup
	for i := range boxes { // all at once: somebody makes the key first
		wg.Go(func() { boxes[i] = sealed(t, rings[i%len(rings)], ann) })
	}
	wg.Wait()
	for i, box := range boxes {
		if !opens(t, rings[(i+1)%len(rings)], ann, box) {
			t.Errorf("box %d does not open in another process", i)
		}
		if opens(t, rings[0], bob, box) {
			t.Errorf("box %d opens as somebody else's", i)
		}
	}
	sealed(t, rings[0], bob)
	if opens(t, rings[0], bob, boxes[0]) {
		t.Error("a box of Ann's opens with Bob's key")
	}
	var kept string
	if err := pool.QueryRow(t.Context(), `SELECT string_agg(length(wrapped_key)::text, ' ') FROM person_keys`).Scan(&kept); err != nil || kept != "60 60" {
		t.Errorf("stored are %q bytes, %v; want a nonce, a key and a tag each", kept, err)
	}
}

func TestADestroyedKeyIsForgottenEverywhereAndNeverMadeAgain(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	first, second := open(t, pool), open(t, pool)
	ann, bob, eve := uuid.New(), uuid.New(), uuid.New()
	box, other := sealed(t, first, ann), sealed(t, first, bob)
	if !opens(t, second, ann, box) {
		t.Fatal("it does not open before")
	}
	destroy(t, pool, ann)
	destroy(t, pool, eve)    // who had none
	first.Later(time.Second) // when it asks by itself
	if err := second.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*keyring.Ring{first, second, open(t, pool)} {
		if opens(t, r, ann, box) {
			t.Error("it still opens")
		}
		for _, person := range []uuid.UUID{ann, eve} {
			if _, ok, err := r.Sealing(t.Context(), person); ok || err != nil {
				t.Errorf("there is a key to seal with again: %v, %v", ok, err)
			}
		}
		if !opens(t, r, bob, other) {
			t.Error("and another's does not")
		}
	}
	destroy(t, pool, ann) // which is allowed
}

func TestAnotherMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	open(t, pool)
	open(t, pool)
	other := master(t, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	if _, err := keyring.Open(t.Context(), pool, other); !errors.Is(err, keyring.ErrOtherMaster) {
		t.Errorf("got %v, want %v", err, keyring.ErrOtherMaster)
	}
	for name, text := range map[string]string{
		"nothing": "", "too short": "AAAA", "not base64": "?" + keys.Master[1:], "too long": keys.Master[:43] + "AAAA=",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := keyring.ParseMaster(text); !errors.Is(err, keyring.ErrMaster) {
				t.Errorf("got %v, want %v", err, keyring.ErrMaster)
			}
		})
	}
	if m := master(t, " "+keys.Master+"\n"); m.String() != keys.Master || m.Fingerprint() == other.Fingerprint() {
		t.Error("what was parsed is another key")
	}
}

func TestAKeyThatWasAlteredOrMovedIsNotUsed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	pool := db.Pool(t)
	ann, bob := uuid.New(), uuid.New()
	for _, person := range []uuid.UUID{ann, bob} {
		sealed(t, open(t, pool), person)
	}
	const swap = `UPDATE person_keys SET wrapped_key = (SELECT wrapped_key FROM person_keys WHERE person_id = $2) WHERE person_id = $1`
	if _, err := pool.Exec(t.Context(), swap, ann, bob); err != nil {
		t.Fatal(err)
	}
	if found, err := open(t, pool).Opening(t.Context(), []uuid.UUID{ann}); err == nil {
		t.Errorf("Bob's key is taken for Ann's: %v", found)
	}
}

func TestTheMasterKeyIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "master.key")
	masters, made := make([]keyring.Master, 8), make([]bool, 8)
	var wg sync.WaitGroup
	for i := range masters {
		wg.Go(func() {
			var err error
			if masters[i], made[i], err = keyring.MasterFile(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	makers := 0
	for i, m := range masters {
		if m != masters[0] {
			t.Error("two processes have two master keys")
		}
		if made[i] {
			makers++
		}
	}
	if makers != 1 {
		t.Errorf("made by %d", makers)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.WriteFile(path, []byte("cut sho"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := keyring.MasterFile(path); !errors.Is(err, keyring.ErrMaster) {
		t.Errorf("a broken file: got %v, want %v", err, keyring.ErrMaster)
	}
}

func TestARingThatCannotAskAnswersNoKey(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	r := open(t, pool)
	ann := uuid.New()
	sealed(t, r, ann)
	r.Later(time.Second)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := r.Opening(ended, []uuid.UUID{ann}); err == nil {
		t.Errorf("it answers %v, though the key may be destroyed", found)
	}
}
