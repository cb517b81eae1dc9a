package follow

import (
	"context"
	"fmt"
	"math"
	"runtime"
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
	Message: "what is read has not come so far yet: try again",
}

// ErrPaused is the error of a read that must not be older than a position which a
// paused follower has not come to.
var ErrPaused = &domain.Error{
	Kind: domain.KindUnavailable, Code: "projection_paused",
	Message: "an operator has paused what this is read from; try again once it is resumed",
}

// freshnessPoll is how often waiting readers look when no follower of this
// process tells them, as in a process that only serves HTTP.
const freshnessPoll = 5 * time.Millisecond

// followedAtMost is how many positions a follower comes on in a second at best.
// Nobody waits for one that would have to be quicker.
const followedAtMost = 100_000

// Freshness lets readers wait until followers have come far enough: to a position
// ([Freshness.Wait]), or to where the log was when the reader came
// ([Freshness.Await]). A follower that is behind is as good as at the head when
// there is nothing in between that is for it. One that fills its tables from the
// beginning of a long log, as after an upgrade, is waited for in vain, which readers
// are told at once. It asks the database every time, for other processes append too, and
// a restored backup moves checkpoints back. It is safe for concurrent use; however
// many wait, one query at a time serves them all.
type Freshness struct {
	pool     *pgxpool.Pool
	names    []string
	types    map[string][]string // of the events a follower wants; nil: of all
	versions map[string]int      // of the code of a follower
	applied  *eventstore.Notifier

	mu      sync.Mutex
	waiters []*reader
	running bool // whether a look-out is at work
	wg      sync.WaitGroup
}

// Served is how new the followers' tables are that a reader is let go to.
type Served struct {
	// Paused: an operator holds one of them at Position, with events for it
	// beyond.
	Paused   bool
	Position int64
	Upto     int64    // the position that was wanted
	Reached  []string // followers that have reached it, those that were not named too
	Outdated []string // followers whose tables another version of the code built
}

// reader is somebody who waits.
type reader struct {
	names   []string
	minimum int64     // no less will do
	current bool      // whether the head is wanted, as the first look sees it
	wanted  int64     // position; 0 until the first look where current
	within  int64     // how far before its position a follower still comes there in time
	told    chan told // has room for one
}

type told struct {
	served Served
	err    error
}

// NewFreshness makes the test for followers, of which it needs names and types.
// applied is the notifier they notify.
func NewFreshness(pool *pgxpool.Pool, applied *eventstore.Notifier, followers ...Follower) *Freshness {
	f := &Freshness{pool: pool, types: map[string][]string{}, versions: map[string]int{}, applied: applied}
	for _, follower := range followers {
		f.names = append(f.names, follower.Name)
		f.types[follower.Name] = follower.Types
		f.versions[follower.Name] = follower.CodeVersion()
	}
	return f
}

// Wait returns once the named followers, all of them when none is named, have applied
// or failed the events up to position. It returns [ErrNotYet] when ctx ends before, or
// when one of them is too far behind to come there meanwhile, and [ErrPaused] when one
// of them is held before it.
func (f *Freshness) Wait(ctx context.Context, position int64, names ...string) error {
	if position <= 0 || len(f.names) == 0 {
		return nil
	}
	if len(names) == 0 {
		names = f.names
	}
	_, err := f.wait(ctx, &reader{names: names, minimum: position, wanted: position})
	return err
}

// Await returns once the named followers have applied or failed the events that were
// in the log when it was called, whichever process appended them, and up to minimum.
// With none named it waits for the log to have come to minimum. The errors are those of [Freshness.Wait].
// A paused follower is waited for by nobody: unless it is held before minimum, its
// tables are served as they are.
func (f *Freshness) Await(ctx context.Context, minimum int64, names ...string) (Served, error) {
	return f.wait(ctx, &reader{names: names, minimum: minimum, current: true})
}

func (f *Freshness) wait(ctx context.Context, r *reader) (Served, error) {
	r.within, r.told = math.MaxInt64, make(chan told, 1)
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
	case t := <-r.told:
		return t.served, t.err
	case <-ctx.Done():
		f.leave(r)
		return Served{}, fmt.Errorf("wait for the followers: %w", ErrNotYet)
	}
}

// Close waits for the look-out, which ends with the last waiting reader.
func (f *Freshness) Close() { f.wg.Wait() }

func (f *Freshness) leave(r *reader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiters = slices.DeleteFunc(f.waiters, func(w *reader) bool { return w == r })
}

// lookOut looks how far the followers are for as long as somebody waits.
func (f *Freshness) lookOut() {
	woken, stop := f.applied.Listen()
	defer stop()
	for {
		runtime.Gosched() // who is about to wait joins
		waiting := f.waiting()
		if waiting == nil {
			return
		}
		sight, err := f.look()
		if err == nil && f.release(waiting, sight) {
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
	return slices.Clone(f.waiters)
}

// release lets go those of waiting who need not wait any more, or wait in vain, and
// reports whether there was one.
func (f *Freshness) release(waiting []*reader, s sight) bool {
	gone := map[*reader]bool{}
	for _, r := range waiting {
		if t, over := f.judge(r, s); over {
			r.told <- t
			gone[r] = true
		}
	}
	if len(gone) == 0 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiters = slices.DeleteFunc(f.waiters, func(w *reader) bool { return gone[w] })
	return true
}

// judge returns what a reader is told after a look; not over: it waits on.
func (f *Freshness) judge(r *reader, s sight) (t told, over bool) {
	if r.current && r.wanted == 0 {
		r.wanted = max(s.head, r.minimum)
	}
	reached := int64(math.MaxInt64)
	if r.current {
		reached = s.head
	}
	for _, name := range f.names {
		p := s.places[name] // without a checkpoint it is at 0
		at, named := p.reached(f.types[name], s.head), slices.Contains(r.names, name)
		if p.Version > 0 && p.Version != f.versions[name] {
			t.served.Outdated = append(t.served.Outdated, name)
		}
		switch {
		case at >= r.wanted:
			t.served.Reached = append(t.served.Reached, name)
		case !named:
		case !p.Paused:
			reached = min(reached, at)
		case at < r.minimum:
			return told{err: fmt.Errorf("%s is held at position %d: %w", name, p.Position, ErrPaused)}, true
		case !t.served.Paused || p.Position < t.served.Position:
			t.served.Paused, t.served.Position = true, p.Position
		}
	}
	t.served.Upto = r.wanted
	switch {
	case r.wanted <= reached:
		return t, true
	case r.wanted-reached > r.within:
		return told{err: fmt.Errorf("wait for position %d at %d: %w", r.wanted, reached, ErrNotYet)}, true
	}
	return t, false
}

// lookSQL returns how far the followers are, where the head of the log is, and the
// types of what lies between where that is not much.
const lookSQL = `
SELECT head.position, c.name, c.position, c.version, c.paused_at IS NOT NULL, c.position >= head.position - 200,
    CASE WHEN c.position < head.position AND c.position >= head.position - 200
         THEN ARRAY(SELECT DISTINCT type FROM events WHERE position > c.position AND position <= head.position) END
FROM log_head AS head LEFT JOIN checkpoints AS c ON c.name = ANY ($1)
WHERE head.id = 1`

// sight is what a look has seen.
type sight struct {
	head   int64
	places map[string]place
}

func (f *Freshness) look() (s sight, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.places = make(map[string]place, len(f.names))
	rows, _ := f.pool.Query(ctx, lookSQL, f.names) // ForEachRow returns its error
	var p place
	var name *string
	var position *int64
	var version *int
	var known *bool
	_, err = pgx.ForEachRow(rows, []any{&s.head, &name, &position, &version, &p.Paused, &known, &p.Before}, func() error {
		if name != nil { // no follower has a checkpoint yet
			p.Position, p.Version, p.Known = *position, *version, *known
			s.places[*name] = p
			p.Before = nil
		}
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("read the checkpoints: %w", err)
	}
	return s, nil
}

// place is where a follower is.
type place struct {
	Position int64
	Version  int // of the code that built its tables; 0: it has no checkpoint
	Paused   bool
	Known    bool     // whether Before is
	Before   []string // types of the events between Position and the head
}

// reached returns how far the follower has come with events of its types. One that
// is a little behind, with nothing of them before it, is as good as at the head.
func (p place) reached(types []string, head int64) int64 {
	if !p.Known || slices.ContainsFunc(p.Before, func(t string) bool { return types == nil || slices.Contains(types, t) }) {
		return p.Position
	}
	return max(head, p.Position)
}
