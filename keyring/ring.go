package keyring

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
)

// recheck is how long a ring trusts what it knows before it asks which keys
// were destroyed meanwhile.
const recheck = time.Second

// capacity bounds the keys a ring remembers, at some 200 bytes each.
const capacity = 200_000

// Ring returns the keys of people and remembers them. It is safe for concurrent
// use. It implements [eventstore.Keys].
type Ring struct {
	pool   *pgxpool.Pool
	master Master
	now    func() time.Time

	mu      sync.Mutex
	keys    map[uuid.UUID]cipher.AEAD // nil: destroyed
	checked time.Time                 // when destroyed keys were last asked for
	upto    time.Time                 // by the database's clock, of that question
}

// ErrOtherMaster is the error for a master key that the database's keys are not
// wrapped with.
var ErrOtherMaster = errors.New("the personal texts in this database were sealed under another master key")

// Open returns the ring of a database: [ErrOtherMaster] when its keys are
// wrapped by another master key. The first to open it makes its master known.
func Open(ctx context.Context, pool *pgxpool.Pool, master Master) (*Ring, error) {
	const known = `
WITH made AS (INSERT INTO master_key (fingerprint) VALUES ($1) ON CONFLICT (id) DO NOTHING)
SELECT fingerprint FROM master_key`
	var fingerprint string
	err := pool.QueryRow(ctx, known, master.Fingerprint()).Scan(&fingerprint)
	if errors.Is(err, pgx.ErrNoRows) { // made just now, which the statement does not see
		err = pool.QueryRow(ctx, `SELECT fingerprint FROM master_key`).Scan(&fingerprint)
	}
	if err != nil {
		return nil, fmt.Errorf("look for the master key: %w", err)
	}
	if fingerprint != master.Fingerprint() {
		return nil, fmt.Errorf("%w: theirs is %s, the one given is %s", ErrOtherMaster, fingerprint, master.Fingerprint())
	}
	return &Ring{pool: pool, master: master, now: time.Now, keys: map[uuid.UUID]cipher.AEAD{}}, nil
}

// Begun reports whether the keys of a database are wrapped with a master key.
func Begun(ctx context.Context, pool *pgxpool.Pool) (begun bool, err error) {
	if err := pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM master_key)`).Scan(&begun); err != nil {
		return false, fmt.Errorf("look for the master key: %w", err)
	}
	return begun, nil
}

// Sealing returns the key of a person, which is made where there is none; not
// ok when it was destroyed.
func (r *Ring) Sealing(ctx context.Context, person uuid.UUID) (key cipher.AEAD, ok bool, err error) {
	keys, err := r.Opening(ctx, []uuid.UUID{person})
	if err != nil {
		return nil, false, err
	}
	if keys[person] == nil && !r.destroyed(person) {
		if err := r.make(ctx, person); err != nil {
			return nil, false, err
		}
		if keys, err = r.Opening(ctx, []uuid.UUID{person}); err != nil {
			return nil, false, err
		}
	}
	key, ok = keys[person]
	return key, ok, nil
}

// Opening returns the keys of people; those who have none, or whose key was
// destroyed, are missing.
func (r *Ring) Opening(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]cipher.AEAD, error) {
	if len(people) == 0 {
		return nil, nil
	}
	if err := r.forgetDestroyed(ctx); err != nil {
		return nil, err
	}
	found, missing := r.remembered(people)
	if len(missing) == 0 {
		return found, nil
	}
	loaded, err := r.load(ctx, missing)
	if err != nil {
		return nil, err
	}
	for person, key := range loaded {
		if key != nil {
			found[person] = key
		}
	}
	return found, nil
}

// remembered returns the keys that are known, and who else is to be looked for.
func (r *Ring) remembered(people []uuid.UUID) (found map[uuid.UUID]cipher.AEAD, missing []uuid.UUID) {
	found = make(map[uuid.UUID]cipher.AEAD, len(people))
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, person := range people {
		key, known := r.keys[person]
		switch {
		case !known:
			missing = append(missing, person)
		case key != nil:
			found[person] = key
		}
	}
	return found, missing
}

func (r *Ring) destroyed(person uuid.UUID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, known := r.keys[person]
	return known && key == nil
}

// load reads keys and remembers them.
func (r *Ring) load(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]cipher.AEAD, error) {
	const q = `SELECT person_id, wrapped_key FROM person_keys WHERE person_id = ANY ($1)`
	rows, _ := r.pool.Query(ctx, q, people) // CollectRows returns its error
	stored, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Person  uuid.UUID
		Wrapped []byte
	}])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("read the keys of people: %w", err))
	}
	keys := make(map[uuid.UUID]cipher.AEAD, len(stored))
	for _, s := range stored {
		keys[s.Person] = nil
		if s.Wrapped == nil {
			continue
		}
		raw, err := r.master.unwrap(s.Person[:], s.Wrapped)
		if err != nil {
			return nil, fmt.Errorf("unwrap the key of %s: %w", s.Person, err)
		}
		if keys[s.Person], err = newAEAD(raw); err != nil {
			return nil, fmt.Errorf("use the key of %s: %w", s.Person, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys)+len(keys) > capacity {
		clear(r.keys)
	}
	for person, key := range keys {
		if known, ok := r.keys[person]; !ok || known != nil { // a destroyed key stays destroyed
			r.keys[person] = key
		}
	}
	return keys, nil
}

// make makes the key of a person, unless another process was first.
func (r *Ring) make(ctx context.Context, person uuid.UUID) error {
	key := make([]byte, keySize)
	rand.Read(key) // never fails: crypto/rand
	wrapped, err := r.master.wrap(person[:], key)
	if err != nil {
		return fmt.Errorf("wrap the key of %s: %w", person, err)
	}
	const q = `INSERT INTO person_keys (person_id, wrapped_key) VALUES ($1, $2) ON CONFLICT (person_id) DO NOTHING`
	if _, err := r.pool.Exec(ctx, q, person, wrapped); err != nil {
		return eventstore.Unreachable(fmt.Errorf("store the key of %s: %w", person, err))
	}
	return nil
}

// forgetDestroyed is [Ring.Forget], unless that was a moment ago. A ring that
// cannot ask returns no key.
func (r *Ring) forgetDestroyed(ctx context.Context) error {
	r.mu.Lock()
	fresh := r.now().Sub(r.checked) < recheck
	r.mu.Unlock()
	if fresh {
		return nil
	}
	return r.Forget(ctx)
}

// Forget forgets the keys that were destroyed until now.
func (r *Ring) Forget(ctx context.Context) error {
	began := r.now()
	r.mu.Lock()
	since := r.upto
	r.mu.Unlock()
	// A transaction that was under way at the last question may have an earlier
	// time: hence the minute, which is far above what an erasure's takes.
	const q = `
SELECT clock_timestamp(), coalesce(array_agg(person_id) FILTER (WHERE person_id IS NOT NULL), '{}')
FROM person_keys WHERE destroyed_at >= $1::timestamptz - interval '1 minute'`
	var upto time.Time
	var destroyed []uuid.UUID
	if err := r.pool.QueryRow(ctx, q, since).Scan(&upto, &destroyed); err != nil {
		return eventstore.Unreachable(fmt.Errorf("ask for destroyed keys: %w", err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, person := range destroyed {
		r.keys[person] = nil
	}
	r.checked, r.upto = began, upto
	return nil
}

// Destroy destroys a person's key for good within a transaction, and keeps one
// from ever being made. For somebody whose key is destroyed already it changes
// nothing.
func Destroy(person uuid.UUID) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		const q = `
INSERT INTO person_keys (person_id, destroyed_at) VALUES ($1, clock_timestamp())
ON CONFLICT (person_id) DO UPDATE SET
    wrapped_key = NULL,
    destroyed_at = coalesce(person_keys.destroyed_at, excluded.destroyed_at)`
		if _, err := tx.Exec(ctx, q, person); err != nil {
			return fmt.Errorf("destroy the key of %s: %w", person, err)
		}
		return nil
	}
}
