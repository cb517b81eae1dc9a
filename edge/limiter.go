package edge

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

// Limiter allows each key so many events in a span: a token bucket that holds
// that many and fills up evenly. It is of this process alone: several allow as
// many times as much. It is safe for concurrent use.
type Limiter struct {
	size  int
	every rate.Limit // tokens a second
	now   func() time.Time

	mu      sync.Mutex
	buckets map[string]*rate.Limiter // those that are not full
	swept   time.Time
}

// NewLimiter allows size events in each span; nil for a size of zero: no limit.
func NewLimiter(size int, span time.Duration, now func() time.Time) *Limiter {
	if size <= 0 {
		return nil
	}
	return &Limiter{
		size: size, every: rate.Limit(float64(size) / span.Seconds()), now: now, buckets: map[string]*rate.Limiter{},
	}
}

// Allowance is what a key has left after it took a token, or did not get one.
type Allowance struct {
	Allowed   bool
	Remaining int
	Full      time.Duration // until nothing is missing
	Retry     time.Duration // until there is a token again, when there is none
	GiveBack  func()        // undoes the taking
}

// Take takes a token of key's.
func (l *Limiter) Take(key string) Allowance {
	if l == nil {
		return Allowance{Allowed: true, GiveBack: func() {}}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	bucket := l.bucket(key, now)
	r := bucket.ReserveN(now, 1)
	a := Allowance{Retry: r.DelayFrom(now)}
	if a.Allowed = a.Retry == 0; !a.Allowed {
		r.CancelAt(now)
	}
	left := bucket.TokensAt(now)
	a.Remaining = int(max(left, 0))
	a.Full = time.Duration((float64(l.size) - left) / float64(l.every) * float64(time.Second))
	a.GiveBack = func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		r.CancelAt(now)
	}
	return a
}

// Size is how many events a key has in each span; 0: there is no limit.
func (l *Limiter) Size() int {
	if l == nil {
		return 0
	}
	return l.size
}

// bucket finds the bucket of key, or makes a full one.
func (l *Limiter) bucket(key string, now time.Time) *rate.Limiter {
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
func (l *Limiter) sweep(now time.Time) {
	l.swept = now
	for key, b := range l.buckets {
		if b.TokensAt(now) >= float64(l.size) {
			delete(l.buckets, key)
		}
	}
}

// Seconds rounds up to whole seconds, as headers hold them.
func Seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// Minutes rounds up to whole minutes, as people are told.
func Minutes(d time.Duration) int { return int(math.Ceil(d.Minutes())) }
