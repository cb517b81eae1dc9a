package projections

import (
	"context"
	"errors"
	"sync"
)

// Together has those who ask for the same at the same time read it once. Each is given
// what a reading found that began after they came, so that nobody is told what is older
// than their question: who comes while one is under way waits for the next, which is for
// all who came meanwhile. The zero value is ready. It is safe for concurrent use.
type Together[K comparable, V any] struct {
	mu   sync.Mutex
	next map[K]*reading[V] // those that have not begun
	last map[K]*reading[V] // of those that have not ended, the one that will be the last
}

type reading[V any] struct {
	before *reading[V]   // that is to end first; nil: none
	done   chan struct{} // closed at the end, when value and err are there
	value  V
	err    error
}

var errBrokenOff = errors.New("who read it for all broke off")

// Read returns what read returns, of whoever reads for all. When ctx ends before, which
// does not end a reading that is for others too, it returns its error.
func (t *Together[K, V]) Read(ctx context.Context, key K, read func(context.Context) (V, error)) (V, error) {
	r, first := t.join(key)
	if first {
		t.lead(ctx, key, r, read)
	}
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

// join returns the next reading; first: nobody else has asked for it.
func (t *Together[K, V]) join(key K) (r *reading[V], first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.next[key]; r != nil {
		return r, false
	}
	if t.next == nil {
		t.next, t.last = map[K]*reading[V]{}, map[K]*reading[V]{}
	}
	r = &reading[V]{before: t.last[key], done: make(chan struct{}), err: errBrokenOff}
	t.next[key], t.last[key] = r, r
	return r, true
}

// lead reads for all who have joined by the time that the reading before has ended.
func (t *Together[K, V]) lead(ctx context.Context, key K, r *reading[V], read func(context.Context) (V, error)) {
	if r.before != nil {
		<-r.before.done
		r.before = nil
	}
	t.mu.Lock()
	delete(t.next, key)
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.last[key] == r {
			delete(t.last, key)
		}
		close(r.done)
	}()
	r.value, r.err = read(context.WithoutCancel(ctx))
}
