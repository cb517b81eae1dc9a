// Package batch lets many who ask the same kind of question at the same time share
// one query: as much as a round trip costs, whoever comes while others are at work
// waits for the next one with all who have come by then.
package batch

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Bounds of the batches of one kind.
const (
	atOnce  = 2   // batches that are asked side by side: one slow answer does not hold up all
	maxSize = 256 // questions in a batch
	timeout = 15 * time.Second
)

// Queries asks in batches. It is safe for concurrent use.
type Queries[Q, A any] struct {
	ask func(ctx context.Context, questions []Q) ([]A, error)

	mu      sync.Mutex
	waiting []*asked[Q, A]
	running int
}

type asked[Q, A any] struct {
	question Q
	answer   A
	err      error
	done     chan struct{}
}

// New makes batches of questions for ask, which returns an answer to each, in their
// order, or an error for all of them. It is called after the questions were put, so
// that an answer is never older than its question.
func New[Q, A any](ask func(ctx context.Context, questions []Q) ([]A, error)) *Queries[Q, A] {
	return &Queries[Q, A]{ask: ask}
}

// Ask returns the answer to a question, or the error of ctx where it ends before.
func (b *Queries[Q, A]) Ask(ctx context.Context, question Q) (A, error) {
	a := &asked[Q, A]{question: question, done: make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, a)
	if b.running < atOnce {
		b.running++
		go b.run()
	}
	b.mu.Unlock()
	select {
	case <-a.done:
		return a.answer, a.err
	case <-ctx.Done():
		b.leave(a)
		var none A
		return none, ctx.Err()
	}
}

// leave takes back a question that is in no batch yet.
func (b *Queries[Q, A]) leave(a *asked[Q, A]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = slices.DeleteFunc(b.waiting, func(w *asked[Q, A]) bool { return w == a })
}

// run asks for as long as somebody waits.
func (b *Queries[Q, A]) run() {
	for {
		runtime.Gosched() // who is about to ask joins
		batch := b.next()
		if len(batch) == 0 {
			return
		}
		b.answer(batch)
	}
}

// next takes those who wait, at most maxSize; when there are none, the run is over.
func (b *Queries[Q, A]) next() []*asked[Q, A] {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.waiting), maxSize)
	if n == 0 {
		b.running--
		return nil
	}
	batch := slices.Clone(b.waiting[:n])
	b.waiting = slices.Delete(b.waiting, 0, n)
	return batch
}

func (b *Queries[Q, A]) answer(batch []*asked[Q, A]) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	questions := make([]Q, len(batch))
	for i, a := range batch {
		questions[i] = a.question
	}
	answers, err := b.try(ctx, questions)
	for i, a := range batch {
		if err != nil {
			a.err = err
		} else {
			a.answer = answers[i]
		}
		close(a.done)
	}
}

// try asks, with a panic as an error: nobody who waits would learn of it.
func (b *Queries[Q, A]) try(ctx context.Context, questions []Q) (answers []A, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return b.ask(ctx, questions)
}
