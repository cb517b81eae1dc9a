package auth

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/alexedwards/argon2id"
)

// cheap is a hash that costs next to nothing.
var cheap = HashConfig{MemoryKiB: 64, Iterations: 1}

func newHasher(t testing.TB, config HashConfig) *Hasher {
	t.Helper()
	h, err := NewHasher(config)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustHash(t testing.TB, h *Hasher, password string) string {
	t.Helper()
	hash, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestVerify(t *testing.T) {
	t.Parallel()
	h := newHasher(t, cheap)
	hash := mustHash(t, h, "seven grey herons")
	older := mustHash(t, newHasher(t, HashConfig{MemoryKiB: 32, Iterations: 2}), "seven grey herons")
	tests := []struct {
		name                   string
		password, hash         string
		wantMatch, wantCurrent bool
	}{
		{"the password matches", "seven grey herons", hash, true, true},
		{"another does not", "seven grey heron", hash, false, true},
		{"case makes a difference", "Seven grey herons", hash, false, true},
		{"a space at the end makes a difference", "seven grey herons ", hash, false, true},
		{"none at all does not match", "", hash, false, true},
		{"the password matches a hash of other parameters", "seven grey herons", older, true, false},
		{"nothing matches where there is no password", "seven grey herons", NoPassword, false, true},
		{"not even what stands for that", NoPassword, NoPassword, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			match, current, err := h.verify(t.Context(), tt.password, tt.hash)
			if err != nil {
				t.Fatal(err)
			}
			if match != tt.wantMatch || current != tt.wantCurrent {
				t.Errorf("got match %t, current %t, want %t, %t", match, current, tt.wantMatch, tt.wantCurrent)
			}
		})
	}
}

func TestHashIsSaltedAndNamesItsParameters(t *testing.T) {
	t.Parallel()
	h := newHasher(t, cheap)
	one, two := mustHash(t, h, "seven grey herons"), mustHash(t, h, "seven grey herons")
	if one == two {
		t.Error("the same password hashed to the same text twice")
	}
	if want := "$argon2id$v=19$m=64,t=1,p=1$"; !strings.HasPrefix(one, want) {
		t.Errorf("got %s, want it to begin with %s", one, want)
	}
}

func TestDefaultsAreThoseOfOWASP(t *testing.T) {
	t.Parallel()
	h := newHasher(t, HashConfig{})
	want := argon2id.Params{Memory: 19456, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	if h.params != want {
		t.Errorf("got %+v, want %+v", h.params, want)
	}
}

// TestFewHashesAreMadeAtOnce counts those that are worked on at the same time where many
// are asked for, by default: each takes 19 MiB.
func TestFewHashesAreMadeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, cheap)
		var at atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		for range 24 {
			go func() {
				if h.enter(ctx) == nil {
					at.Add(1)
				}
			}()
		}
		synctest.Wait() // those without a turn wait
		if got, want := at.Load(), int64(min(max(runtime.GOMAXPROCS(0)/2, 1), 4)); got != want {
			t.Errorf("%d at the same time, want %d", got, want)
		}
		cancel()
	})
}

func TestAHashInNoFormatIsAnError(t *testing.T) {
	t.Parallel()
	h := newHasher(t, cheap)
	for _, hash := range []string{"", "seven grey herons", "$2a$10$abcdefghijklmnopqrstuv"} {
		if match, err := h.Verify(t.Context(), "seven grey herons", hash); match || err == nil {
			t.Errorf("%q: got %t, %v, want an error", hash, match, err)
		}
	}
}

func TestHashingWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	h := newHasher(t, HashConfig{MemoryKiB: 64, Iterations: 1, Concurrency: 1})
	if err := h.enter(t.Context()); err != nil { // somebody has the only turn
		t.Fatal(err)
	}
	impatient, giveUp := context.WithCancel(t.Context())
	refused := make(chan error)
	go func() {
		_, err := h.Hash(impatient, "seven grey herons")
		refused <- err
	}()
	giveUp()
	if err := <-refused; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v without a turn, want %v", err, context.Canceled)
	}
	patient := make(chan error)
	go func() {
		_, err := h.Hash(t.Context(), "seven grey herons")
		patient <- err
	}()
	h.leave()
	if err := <-patient; err != nil {
		t.Errorf("got %v when the turn was free again", err)
	}
	if _, err := h.Verify(impatient, "seven grey herons", h.dummy); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after ctx ended, want %v", err, context.Canceled)
	}
}

// BenchmarkVerify measures what a sign-in costs.
func BenchmarkVerify(b *testing.B) {
	h := newHasher(b, HashConfig{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Verify(b.Context(), "seven grey herons", h.dummy); err != nil {
			b.Fatal(err)
		}
	}
}
