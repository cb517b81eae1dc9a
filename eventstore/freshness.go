package eventstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
)

// ErrNotYet is the error when followers did not come far enough in time.
var ErrNotYet = &domain.Error{
	Kind: domain.KindUnavailable, Code: "not_yet",
	Message: "the read side has not caught up to that position yet",
}

// freshnessPoll is how often waiting readers look when no follower of this
// process tells them, as in a process that only serves HTTP.
const freshnessPoll = 5 * time.Millisecond

// Freshness lets readers wait until followers have applied a position: the
// test behind reading one's own writes. It asks the database every time, for a
// restored backup moves checkpoints back. It is safe
// for concurrent use; however many wait, one query at a time serves them all.
type Freshness struct {
	pool    *pgxpool.Pool
	names   []string
	applied *Bell

	mu      sync.Mutex
	waiters []*reader
	running bool // whether a look-out is at work
	wg      sync.WaitGroup
}

type reader struct {
	position int64
	reached  chan struct{}
}

// NewFreshness makes the test for the named followers. applied is the bell
// they ring.
func NewFreshness(pool *pgxpool.Pool, applied *Bell, names ...string) *Freshness {
	return &Freshness{pool: pool, names: names, applied: applied}
}

// Wait returns once every follower has applied or parked the events up to
// position, and [ErrNotYet] when ctx ends before.
func (f *Freshness) Wait(ctx context.Context, position int64) error {
	if position <= 0 || len(f.names) == 0 {
		return nil
	}
	r := &reader{position: position, reached: make(chan struct{})}
	f.mu.Lock()
	f.waiters = append(f.waiters, r)
	if !f.running {
		f.running = true
		f.wg.Go(f.lookOut)
	}
	f.mu.Unlock()
	select {
	case <-r.reached:
		return nil
	case <-ctx.Done():
		f.leave(r)
		return fmt.Errorf("wait for position %d: %w", position, ErrNotYet)
	}
}

// Close waits for the look-out, which ends with the last waiting reader.
func (f *Freshness) Close() { f.wg.Wait() }

func (f *Freshness) leave(r *reader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, w := range f.waiters {
		if w == r {
			f.waiters = append(f.waiters[:i], f.waiters[i+1:]...)
			return
		}
	}
}

// lookOut looks how far the followers are for as long as somebody waits.
func (f *Freshness) lookOut() {
	rung, stop := f.applied.Listen()
	defer stop()
	for {
		waiting := f.waiting()
		if waiting == nil {
			return
		}
		reached, err := f.reached()
		if err == nil && f.release(waiting, reached) {
			continue
		}
		timer := time.NewTimer(freshnessPoll)
		select {
		case <-rung:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// waiting answers those who wait now: only they may be let go by a look that
// begins now. It ends the look-out when nobody does.
func (f *Freshness) waiting() []*reader {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiters) == 0 {
		f.running = false
		return nil
	}
	return append([]*reader(nil), f.waiters...)
}

// release lets go those of waiting whose position was reached, and reports
// whether there was one.
func (f *Freshness) release(waiting []*reader, reached int64) bool {
	gone := map[*reader]bool{}
	for _, r := range waiting {
		if r.position <= reached {
			close(r.reached)
			gone[r] = true
		}
	}
	if len(gone) == 0 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var rest []*reader
	for _, r := range f.waiters {
		if !gone[r] {
			rest = append(rest, r)
		}
	}
	f.waiters = rest
	return true
}

// reached answers the position all followers have come to; 0 while one of them
// has no checkpoint yet.
func (f *Freshness) reached() (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	const q = `SELECT CASE WHEN count(*) = cardinality($1::text[]) THEN min(position) ELSE 0 END
FROM checkpoints WHERE name = ANY ($1)`
	var position int64
	if err := f.pool.QueryRow(ctx, q, f.names).Scan(&position); err != nil {
		return 0, fmt.Errorf("read the checkpoints: %w", err)
	}
	return position, nil
}
