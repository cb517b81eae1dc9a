package httpapi

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	maxBuckets   = 50_000      // bounds the memory of a limiter, about 10 MB
	sweepBuckets = time.Minute // between two looks for those that can be forgotten
)

// limiter allows each key so many events in a span: a token bucket that holds
// that many and fills up evenly. It is of this process alone: several allow as
// many times as much. It is safe for concurrent use.
type limiter struct {
	size  int
	every rate.Limit // tokens a second
	now   func() time.Time

	mu      sync.Mutex
	buckets map[string]*rate.Limiter // those that are not full
	swept   time.Time
}

// newLimiter allows size events in each span; nil for a size of zero: no limit.
func newLimiter(size int, span time.Duration, now func() time.Time) *limiter {
	if size <= 0 {
		return nil
	}
	return &limiter{
		size: size, every: rate.Limit(float64(size) / span.Seconds()), now: now, buckets: map[string]*rate.Limiter{},
	}
}

// allowance is what a key has left after it took a token, or did not get one.
type allowance struct {
	allowed   bool
	remaining int
	full      time.Duration // until nothing is missing
	retry     time.Duration // until there is a token again, when there is none
	giveBack  func()        // undoes the taking
}

// take takes a token of key's.
func (l *limiter) take(key string) allowance {
	if l == nil {
		return allowance{allowed: true, giveBack: func() {}}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	bucket := l.bucket(key, now)
	r := bucket.ReserveN(now, 1)
	a := allowance{retry: r.DelayFrom(now)}
	if a.allowed = a.retry == 0; !a.allowed {
		r.CancelAt(now)
	}
	left := bucket.TokensAt(now)
	a.remaining = int(max(left, 0))
	a.full = time.Duration((float64(l.size) - left) / float64(l.every) * float64(time.Second))
	a.giveBack = func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		r.CancelAt(now)
	}
	return a
}

// bucket finds the bucket of key, or makes a full one.
func (l *limiter) bucket(key string, now time.Time) *rate.Limiter {
	if b := l.buckets[key]; b != nil {
		return b
	}
	if now.Sub(l.swept) > sweepBuckets {
		l.sweep(now)
	}
	for another := range l.buckets {
		if len(l.buckets) < maxBuckets {
			break
		}
		delete(l.buckets, another) // any one: who has so many keys is not held by one of them
	}
	b := rate.NewLimiter(l.every, l.size)
	l.buckets[key] = b
	return b
}

// sweep forgets the buckets that are full again.
func (l *limiter) sweep(now time.Time) {
	l.swept = now
	for key, b := range l.buckets {
		if b.TokensAt(now) >= float64(l.size) {
			delete(l.buckets, key)
		}
	}
}

// seconds rounds up to whole seconds, as headers hold them.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
