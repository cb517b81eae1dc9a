package edge

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Bounds of what one caller has a process work on.
const (
	// turnsWaiting is how many dear requests of a caller wait for their turn.
	turnsWaiting = 100
	// longBody is the size of a body from which a request is dear, in bytes.
	longBody = 64 << 10
	// longQuery is the size of a query from which one is, in bytes.
	longQuery = 2 << 10
	// LongAnswer is the size of an answer from which the next one from there is dear, in
	// bytes.
	LongAnswer = 128 << 10
	longFor    = 10 * time.Second // that an answer was long is remembered
	maxLong    = 10_000           // bounds the memory of that, about 2 MB
)

// Turns let a process work on a few dear requests of each caller at a time: the others of
// theirs wait, in the order in which they came. So nobody has all processors, or all
// connections of the database, to themselves. Requests that are not dear take no turn: of
// many of them each is over soon. Turns are safe for concurrent use.
type Turns struct {
	each int64 // dear requests of a caller at a time
	now  func() time.Time

	mu   sync.Mutex
	of   map[string]*turnQueue // of callers who have dear requests, by caller
	long map[string]time.Time  // until when answers count as long, by caller and path
}

// turnQueue is the dear requests of a caller.
type turnQueue struct {
	turns *semaphore.Weighted
	there int // those that are worked on or wait
}

// newTurns leaves half of the processors to others.
func newTurns(now func() time.Time) *Turns {
	return &Turns{each: int64(max(runtime.GOMAXPROCS(0)/2, 1)), now: now, of: map[string]*turnQueue{}, long: map[string]time.Time{}}
}

// Turn is what a request has of its caller's turns. It belongs to one goroutine. The zero
// value is that of a request that needs none.
type Turn struct {
	turns *Turns
	of    string
	path  string
	dear  bool
	leave func() // nil: it has no turn
}

// TurnOf returns the turn of a caller's request, which has not come yet. dear says that all
// requests to that address are; others are for a long body, for a long answer that the
// caller had from there just now, or for what they ask of the past.
func (t *Turns) TurnOf(of Caller, r *http.Request, dear bool) Turn {
	turn := Turn{turns: t, of: of.key(), path: r.Method + " " + r.URL.Path}
	turn.dear = dear || r.ContentLength > longBody || r.ContentLength < 0 || ofThePast(r.URL) || t.wasLong(turn.place())
	return turn
}

// ofThePast reports whether a request asks for what was once, or more than is looked at to
// know that.
func ofThePast(u *url.URL) bool {
	if u.RawQuery == "" {
		return false
	}
	if len(u.RawQuery) > longQuery {
		return true
	}
	query := u.Query()
	return query.Has("as_of") || query.Has("version") || query.Has("known_at")
}

// Dear reports whether the request needs a turn.
func (t *Turn) Dear() bool { return t.dear }

// Take waits for the turn, unless the request has it. It returns a [*TooMany] where too
// many wait already, and where the time of ctx is over before it comes.
func (t *Turn) Take(ctx context.Context) error {
	if t.turns == nil || t.leave != nil {
		return nil
	}
	q, ok := t.turns.enter(t.of)
	if !ok {
		return errTooManyAtOnce()
	}
	if err := q.turns.Acquire(ctx, 1); err != nil {
		t.turns.exit(t.of, q)
		if errors.Is(err, context.DeadlineExceeded) {
			return errTooManyAtOnce()
		}
		return err
	}
	t.leave = func() {
		q.turns.Release(1)
		t.turns.exit(t.of, q)
	}
	return nil
}

// End gives the turn to the caller's next request. Without one it does nothing, nor where t
// is nil.
func (t *Turn) End() {
	if t != nil && t.leave != nil {
		t.leave()
		t.leave = nil
	}
}

// Answered ends the turn of a request with an answer of so many bytes, before it is sent,
// which takes as long as the client likes.
func (t *Turn) Answered(bytes int) {
	if t.turns != nil && bytes > LongAnswer {
		t.turns.noteLong(t.place())
	}
	t.End()
}

func (t *Turn) place() string { return t.of + " " + t.path }

func errTooManyAtOnce() error {
	return &TooMany{Code: "too_many_at_once", Detail: "your requests before this one are still worked on; send fewer at once", Retry: time.Second}
}

func (t *Turns) enter(of string) (q *turnQueue, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q = t.of[of]
	if q == nil {
		q = &turnQueue{turns: semaphore.NewWeighted(t.each)}
		t.of[of] = q
	}
	if q.there >= int(t.each)+turnsWaiting {
		return nil, false
	}
	q.there++
	return q, true
}

func (t *Turns) exit(of string, q *turnQueue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q.there--; q.there == 0 {
		delete(t.of, of)
	}
}

func (t *Turns) wasLong(place string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now().Before(t.long[place])
}

func (t *Turns) noteLong(place string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	forgetOver(t.long, maxLong, t.now())
	t.long[place] = t.now().Add(longFor)
}
