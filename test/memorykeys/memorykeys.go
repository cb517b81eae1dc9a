// Package memorykeys gives tests keys of people without a database.
package memorykeys

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"sync"

	"github.com/google/uuid"
)

// Ring is a ring of keys that come of the ids of people: what was sealed under one
// opens in another run. It is an eventstore.Keys.
type Ring struct {
	mu        sync.Mutex
	keys      map[uuid.UUID]cipher.AEAD
	destroyed map[uuid.UUID]bool
}

// New makes a ring in which no key is destroyed.
func New() *Ring {
	return &Ring{keys: map[uuid.UUID]cipher.AEAD{}, destroyed: map[uuid.UUID]bool{}}
}

// Sealing returns the key of a person; not ok when it was destroyed.
func (k *Ring) Sealing(_ context.Context, person uuid.UUID) (cipher.AEAD, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.destroyed[person] {
		return nil, false, nil
	}
	if k.keys[person] == nil {
		block, err := aes.NewCipher(append(person[:], person[:]...))
		if err != nil {
			return nil, false, err
		}
		if k.keys[person], err = cipher.NewGCM(block); err != nil {
			return nil, false, err
		}
	}
	return k.keys[person], true, nil
}

// Opening returns the keys of people that are in use and not destroyed.
func (k *Ring) Opening(_ context.Context, people []uuid.UUID) (map[uuid.UUID]cipher.AEAD, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	found := map[uuid.UUID]cipher.AEAD{}
	for _, person := range people {
		if key := k.keys[person]; key != nil {
			found[person] = key
		}
	}
	return found, nil
}

// Forget does nothing: nothing is remembered of destroyed keys.
func (*Ring) Forget(context.Context) error { return nil }

// Destroy destroys the key of a person.
func (k *Ring) Destroy(person uuid.UUID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, person)
	k.destroyed[person] = true
}
