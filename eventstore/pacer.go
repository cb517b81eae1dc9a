package eventstore

import (
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
)

// Pace of the polls. The bell makes a poll immediate; these are for when it
// did not ring.
const (
	idlePoll     = 500 * time.Millisecond
	firstBackoff = 20 * time.Millisecond
	lastBackoff  = 5 * time.Second
)

// pacer decides when a follower's subscriber looks again. The subscriber asks
// after every look, outside any transaction, and the pacer does the waiting
// itself. That makes it the one place where a follower can be held without a
// page in its hands, which is how it is stopped.
type pacer struct {
	follower string
	log      *slog.Logger
	rung     <-chan struct{}
	done     func() // told after every look: the last page, if any, is committed

	stopOnce sync.Once
	stop     chan struct{} // closed: look no more
	idle     chan struct{} // closed once stopped, with no page under way

	mu       sync.Mutex
	failures int // pages in a row that could not be applied
}

// never is longer than the subscriber will be kept waiting: it is closed then.
const never = 24 * time.Hour

// HandleError waits until the follower should look again.
func (p *pacer) HandleError(_ watermill.LoggerAdapter, noMsg bool, err error) time.Duration {
	p.done()
	select {
	case <-p.stop:
		return p.rest()
	default:
	}
	switch failures := p.count(err); {
	case failures > 0:
		if err != nil {
			p.log.Warn("a follower cannot read the log", "follower", p.follower, "error", err, "failures", failures)
		}
		return p.wait(nil, min(firstBackoff<<min(failures, 16), lastBackoff))
	case noMsg:
		return p.wait(p.rung, idlePoll)
	}
	return 0
}

// wait returns after d, or as soon as rung or stop say so.
func (p *pacer) wait(rung <-chan struct{}, d time.Duration) time.Duration {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.stop:
		return p.rest()
	case <-rung:
	case <-timer.C:
	}
	return 0
}

func (p *pacer) rest() time.Duration {
	close(p.idle)
	return never
}

// halt asks the follower to finish its page and look no more.
func (p *pacer) halt() { p.stopOnce.Do(func() { close(p.stop) }) }

// applied and failed record what became of a page.
func (p *pacer) applied() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = 0
}

func (p *pacer) failed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures++
	return p.failures
}

// count answers the failures in a row, err among them when it is one.
func (p *pacer) count(err error) int {
	if err != nil {
		return p.failed()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failures
}
