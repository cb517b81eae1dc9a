package follow

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// ErrNotYet is the error when followers did not come far enough in time.
var ErrNotYet = &domain.Error{
	Kind: domain.KindUnavailable, Code: "not_yet",
	Message: "the read side has not caught up to that position yet",
}

// freshnessPoll is how often waiting readers look when no follower of this
// process tells them, as in a process that only serves HTTP.
const freshnessPoll = 5 * time.Millisecond

// followedAtMost is how many positions a follower comes on in a second at best.
// Nobody waits for one that would have to be quicker.
const followedAtMost = 100_000

// Freshness lets readers wait until followers have applied a position: the
// test behind reading one's own writes. A follower that is behind has applied
// it too when there is nothing in between that is for it. A paused one is not
// waited for: what it serves is old until it is resumed. One that fills its tables
// from the beginning of a long log, as after an upgrade, is waited for in vain, which
// readers are told at once. It asks the database every time, for a restored backup
// moves checkpoints back. It is safe
// for concurrent use; however many wait, one query at a time serves them all.
type Freshness struct {
	pool    *pgxpool.Pool
	names   []string
	types   map[string][]string // of the events a follower wants; nil: of all
	applied *eventstore.Notifier

	mu      sync.Mutex
	waiters []*reader
	running bool // whether a look-out is at work
	wg      sync.WaitGroup
}

type reader struct {
	position int64
	within   int64      // how far before its position a follower still comes there in time
	told     chan error // whether the position was reached; has room for one
}

// NewFreshness makes the test for followers, of which it needs names and types.
// applied is the notifier they notifies.
func NewFreshness(pool *pgxpool.Pool, applied *eventstore.Notifier, followers ...Follower) *Freshness {
	f := &Freshness{pool: pool, types: map[string][]string{}, applied: applied}
	for _, follower := range followers {
		f.names = append(f.names, follower.Name)
		f.types[follower.Name] = follower.Types
	}
	return f
}

// Wait returns once every follower has applied or failed the events up to
// position, and [ErrNotYet] when ctx ends before, or when one of them is too far
// behind to come there meanwhile.
func (f *Freshness) Wait(ctx context.Context, position int64) error {
	if position <= 0 || len(f.names) == 0 {
		return nil
	}
	r := &reader{position: position, within: math.MaxInt64, told: make(chan error, 1)}
	if deadline, ok := ctx.Deadline(); ok {
		r.within = int64(time.Until(deadline).Seconds() * followedAtMost)
	}
	f.mu.Lock()
	f.waiters = append(f.waiters, r)
	if !f.running {
		f.running = true
		f.wg.Go(f.lookOut)
	}
	f.mu.Unlock()
	select {
	case err := <-r.told:
		return err
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
	woken, stop := f.applied.Listen()
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
		case <-woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// waiting returns those who wait now: only they may be let go by a look that
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

// release lets go those of waiting whose position was reached, or will not be in
// time, and reports whether there was one.
func (f *Freshness) release(waiting []*reader, reached int64) bool {
	gone := map[*reader]bool{}
	for _, r := range waiting {
		switch {
		case r.position <= reached:
			r.told <- nil
		case r.position-reached > r.within:
			r.told <- fmt.Errorf("wait for position %d at %d: %w", r.position, reached, ErrNotYet)
		default:
			continue
		}
		gone[r] = true
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

// reachedSQL returns how far the followers are, where the head of the log is,
// and the types of what lies between where that is not much.
const reachedSQL = `
SELECT c.name, c.position, head.position, c.position >= head.position - 200,
    ARRAY(SELECT type FROM events WHERE position > c.position AND c.position >= head.position - 200),
    c.paused_at IS NOT NULL
FROM checkpoints AS c CROSS JOIN log_head AS head
WHERE c.name = ANY ($1) AND head.id = 1`

// reached returns the position all followers have come to; 0 while one of them
// has no checkpoint yet. One that is a little behind, with nothing of its types
// before it, is as good as at the head.
func (f *Freshness) reached() (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	rows, _ := f.pool.Query(ctx, reachedSQL, f.names) // CollectRows returns its error
	places, err := pgx.CollectRows(rows, pgx.RowToStructByPos[place])
	if err != nil {
		return 0, fmt.Errorf("read the checkpoints: %w", err)
	}
	if len(places) < len(f.names) {
		return 0, nil
	}
	reached := int64(math.MaxInt64)
	for _, p := range places {
		reached = min(reached, p.reached(f.types[p.Name]))
	}
	return reached, nil
}

// place is where a follower is.
type place struct {
	Name     string
	Position int64
	Head     int64
	Known    bool     // whether Before is
	Before   []string // types of the events between Position and Head
	Paused   bool
}

// reached returns how far the follower has come with events of its types. Nobody
// is to wait for one that an operator has paused.
func (p place) reached(types []string) int64 {
	if p.Paused {
		return max(p.Head, p.Position)
	}
	if !p.Known || slices.ContainsFunc(p.Before, func(t string) bool { return types == nil || slices.Contains(types, t) }) {
		return p.Position
	}
	return max(p.Head, p.Position)
}
