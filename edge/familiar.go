package edge

import (
	"maps"
	"sync"
	"time"
)

const (
	familiarFor = 30 * 24 * time.Hour
	maxFamiliar = 50_000 // bounds the memory, about 10 MB
)

// familiar remembers where people got in: names with networks. It is of this process
// alone, and nil remembers nothing. It is safe for concurrent use.
type familiar struct {
	now func() time.Time

	mu    sync.Mutex
	until map[string]time.Time
}

func newFamiliar(now func() time.Time) *familiar {
	return &familiar{now: now, until: map[string]time.Time{}}
}

func (f *familiar) has(place string) bool {
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now().Before(f.until[place])
}

func (f *familiar) add(place string) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	forgetOver(f.until, maxFamiliar, f.now())
	f.until[place] = f.now().Add(familiarFor)
}

// forgetOver makes room in what is remembered until its time is over: with most entries or
// more it forgets those whose time is, and all where that is none.
func forgetOver(until map[string]time.Time, most int, now time.Time) {
	if len(until) >= most {
		maps.DeleteFunc(until, func(_ string, end time.Time) bool { return !now.Before(end) })
	}
	if len(until) >= most {
		clear(until)
	}
}
