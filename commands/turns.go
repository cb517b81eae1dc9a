package commands

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"
)

// queues lets the commands of a process on one stream come one after the other, in the
// order in which they came: of two at once one would lose, load the stream again and
// decide again. It is safe for concurrent use; one that is nil lets all go at once.
type queues struct {
	mu      sync.Mutex
	waiting map[uuid.UUID][]chan struct{} // behind the one whose turn it is; no entry: it is nobody's
}

func newQueues() *queues { return &queues{waiting: map[uuid.UUID][]chan struct{}{}} }

// take waits for the turn on a stream. Whoever got it MUST call done.
func (q *queues) take(ctx context.Context, id uuid.UUID) (done func(), err error) {
	if q == nil {
		return func() {}, nil
	}
	q.mu.Lock()
	behind, busy := q.waiting[id]
	if !busy {
		q.waiting[id] = nil
		q.mu.Unlock()
		return func() { q.pass(id) }, nil
	}
	turn := make(chan struct{})
	q.waiting[id] = append(behind, turn)
	q.mu.Unlock()
	select {
	case <-turn:
		return func() { q.pass(id) }, nil
	case <-ctx.Done():
		q.leave(id, turn)
		return nil, fmt.Errorf("waiting for the command before: %w", ctx.Err())
	}
}

// pass gives the turn to who waits longest.
func (q *queues) pass(id uuid.UUID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.waiting[id]
	if len(waiting) == 0 {
		delete(q.waiting, id)
		return
	}
	close(waiting[0])
	q.waiting[id] = waiting[1:]
}

// leave takes back a turn that is waited for, or passes on one that has just come.
func (q *queues) leave(id uuid.UUID, turn chan struct{}) {
	q.mu.Lock()
	for i, w := range q.waiting[id] {
		if w == turn {
			q.waiting[id] = append(q.waiting[id][:i:i], q.waiting[id][i+1:]...)
			q.mu.Unlock()
			return
		}
	}
	q.mu.Unlock()
	q.pass(id)
}
