package eventstore

import (
	"sync/atomic"
	"time"
)

// appendStuck is how long an append takes before it is looked into.
const appendStuck = 1500 * time.Millisecond

// attempts is what a writer remembers of its attempts to write.
type attempts struct {
	begun  atomic.Int64 // when the one under way began, in Unix nanoseconds; 0: none is
	failed atomic.Bool  // whether one failed since somebody looked
}

func (a *attempts) begin() { a.begun.Store(time.Now().UnixNano()) }

func (a *attempts) end(err error) {
	a.begun.Store(0)
	if err != nil {
		a.failed.Store(true)
	}
}

// Doubtful reports whether an append takes long, or failed since [Store.Looked].
func (s *Store) Doubtful(now time.Time) bool {
	a := &s.writer.attempts
	begun := a.begun.Load()
	return a.failed.Load() || (begun != 0 && now.UnixNano()-begun > int64(appendStuck))
}

// Looked has [Store.Doubtful] forget the appends that failed: somebody looks why.
func (s *Store) Looked() { s.writer.attempts.failed.Store(false) }
