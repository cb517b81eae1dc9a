package saga

import (
	"context"
	"sync"
)

// together carries out calls that come while others are under way in one: what each
// asks for, and whether it was done.
type together[T comparable] struct {
	do   func(ctx context.Context, all []T) (done []T, err error)
	turn chan struct{} // one at a time is at it

	mu      sync.Mutex
	waiting []*asked[T]
}

// asked is a call that waits.
type asked[T comparable] struct {
	what  T
	ended chan struct{}
	done  bool
	err   error
}

func newTogether[T comparable](do func(ctx context.Context, all []T) (done []T, err error)) *together[T] {
	return &together[T]{do: do, turn: make(chan struct{}, 1)}
}

// Do reports whether what was asked for was done. It waits as long as do takes, twice
// at most.
func (g *together[T]) Do(what T) (done bool, err error) {
	mine := &asked[T]{what: what, ended: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, mine)
	g.mu.Unlock()
	select {
	case <-mine.ended:
	case g.turn <- struct{}{}:
		g.run()
		<-g.turn
	}
	<-mine.ended
	return mine.done, mine.err
}

// run carries out all that waits.
func (g *together[T]) run() {
	g.mu.Lock()
	all := g.waiting
	g.waiting = nil
	g.mu.Unlock()
	if len(all) == 0 { // somebody took mine along
		return
	}
	what := make([]T, len(all))
	for i, a := range all {
		what[i] = a.what
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
	defer cancel()
	done, err := g.do(ctx, what)
	were := make(map[T]bool, len(done))
	for _, one := range done {
		were[one] = true
	}
	for _, a := range all {
		a.done, a.err = were[a.what], err
		close(a.ended)
	}
}
