package auth

import (
	"context"
	"fmt"
	"runtime"

	"github.com/alexedwards/argon2id"
)

// NoPassword is stored for an account nobody can sign in to with a password,
// somebody imported for instance. It matches nothing, and takes as long as any.
const NoPassword = "!"

// HashConfig is how costly a password is to hash. The zero value is ready to
// use: 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet,
// argon2id), 22 to 31 ms on the 2-core machine this was written on.
type HashConfig struct {
	// MemoryKiB is the memory of one hash. Default 19,456.
	MemoryKiB uint32
	// Iterations is the number of passes over that memory. Default 2.
	Iterations uint32
	// Parallelism is the number of lanes, each a goroutine. Default 1.
	Parallelism uint8
	// Concurrency is how many hashes are worked on at once, which bounds the
	// memory in use; the others wait. Default half of GOMAXPROCS, from 1 to 4: at
	// most 76 MiB at a time, and half of the processors are left to everybody else.
	Concurrency int
}

// hashesMost is how many hashes are worked on at once, however many processors there are.
const hashesMost = 4

// Hasher hashes passwords with argon2id and compares them. It is safe for
// concurrent use.
type Hasher struct {
	params argon2id.Params
	turns  chan struct{}
	dummy  string // of the same parameters; no password matches it
}

// NewHasher makes a hasher.
func NewHasher(config HashConfig) (*Hasher, error) {
	if config.MemoryKiB == 0 {
		config.MemoryKiB = 19 * 1024
	}
	if config.Iterations == 0 {
		config.Iterations = 2
	}
	if config.Parallelism == 0 {
		config.Parallelism = 1
	}
	if config.Concurrency == 0 {
		config.Concurrency = min(max(runtime.GOMAXPROCS(0)/2, 1), hashesMost)
	}
	h := &Hasher{
		params: argon2id.Params{
			Memory: config.MemoryKiB, Iterations: config.Iterations, Parallelism: config.Parallelism,
			SaltLength: 16, KeyLength: 32, // RFC 9106 §4
		},
		turns: make(chan struct{}, config.Concurrency),
	}
	var err error
	h.dummy, err = h.Hash(context.Background(), newToken())
	return h, err
}

// Hash returns password hashed with a new salt, in the PHC string format. When
// ctx ends before its turn comes it returns ctx's error.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	hash, err := argon2id.CreateHash(password, &h.params)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// Verify reports whether hash was made from password, whatever the parameters
// it was made with. A hash in no known format is an error; [NoPassword] is
// none and never matches.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (bool, error) {
	match, _, err := h.verify(ctx, password, hash)
	return match, err
}

// verify is [Hasher.Verify] that also reports whether hash has the present
// parameters.
func (h *Hasher) verify(ctx context.Context, password, hash string) (match, current bool, err error) {
	if hash == NoPassword {
		hash = h.dummy
	}
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.leave()
	match, params, err := argon2id.CheckHash(password, hash)
	if err != nil {
		return false, false, fmt.Errorf("verify a password: %w", err)
	}
	return match, *params == h.params, nil
}

func (h *Hasher) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil { // select would choose at random
		return fmt.Errorf("hash a password: %w", err)
	}
	select {
	case h.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a turn to hash a password: %w", ctx.Err())
	}
}

func (h *Hasher) leave() { <-h.turns }
