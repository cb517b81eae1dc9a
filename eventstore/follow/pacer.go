package follow

import (
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
)

// Pace of the polls. The notifier makes a poll immediate; these are for when it
// did not wake it.
const (
	idlePoll     = 500 * time.Millisecond // after a look, which another process may have been in the way of
	quietPoll    = time.Second            // while nobody is behind: for an append whose process died before it told
	otherPoll    = 50 * time.Millisecond  // after events of other types than the follower's
	gathering    = 20 * time.Millisecond  // between pages for which nobody waits: one costs nearly the same whatever is in it
	gatherPoll   = 2 * time.Millisecond   // for somebody who waits after all
	firstBackoff = 20 * time.Millisecond  // doubled with every failure in a row
	readBackoff  = 500 * time.Millisecond // longest, while the database is away
	pageBackoff  = 5 * time.Second        // longest, while a page cannot be applied
)

// pacer decides when a follower's subscriber looks again. The subscriber asks
// after every look, outside any transaction, and the pacer does the waiting
// itself. That makes it the one place where a follower can be held without a
// page in its hands, which is how it is stopped.
type pacer struct {
	follower string
	log      *slog.Logger
	woken    <-chan struct{} // the log has grown
	other    <-chan struct{} // the log has grown by events of no interest: there is no hurry
	done     func()          // told after every look: the last page, if any, is committed
	// committed, when not nil, is told after a look that found a page
	committed func()
	// wanted, when not nil, reports whether there is anybody to look for: while
	// there is nobody, looking waits for a call. caughtUp, when not nil, is told when
	// the head was reached.
	wanted   func() bool
	caughtUp func()
	called   chan struct{} // there is somebody to look for
	// waited, when not nil, reports whether anybody waits for the next page: while nobody
	// does, the log may grow for a little before it is looked at.
	waited func() bool
	// behind, when not nil, reports whether there may be anything to look for: a poll
	// asks it first, for it costs a third of a look.
	behind func() bool

	stopOnce sync.Once
	stop     chan struct{} // closed: look no more
	idle     chan struct{} // closed once stopped, with no page under way

	unread int       // looks in a row that the database did not answer
	paged  time.Time // when the last page ended

	mu       sync.Mutex
	failures int  // tries in a row of a page that could not be applied
	atHead   bool // whether the last page went up to the head of the log
}

// never is longer than the subscriber will be kept waiting: it is closed then.
const never = 24 * time.Hour

// HandleError waits until the follower should look again.
func (p *pacer) HandleError(_ watermill.LoggerAdapter, noMsg bool, err error) time.Duration {
	p.done()
	if p.committed != nil && err == nil && !noMsg {
		p.committed()
	}
	select {
	case <-p.stop:
		return p.rest()
	default:
	}
	if err != nil {
		p.unread++
		p.log.Warn("a follower cannot read the log", "follower", p.follower, "error", err, "failures", p.unread)
		return p.wait(backoff(p.unread, readBackoff))
	}
	p.unread = 0
	if noMsg {
		p.applied(true) // or another process is at work: no page of ours is left to try
		return p.rested()
	}
	p.paged = time.Now()
	failures, atHead := p.last()
	switch {
	case failures > 0:
		return p.wait(backoff(failures, pageBackoff))
	case atHead: // looking again is for when something was appended since
		return p.rested()
	}
	return 0
}

// rested returns when there is something to look for again, once the head was
// reached.
func (p *pacer) rested() time.Duration {
	if p.caughtUp != nil {
		p.caughtUp()
	}
	if p.wanted == nil || p.wanted() {
		return p.listen()
	}
	select {
	case <-p.stop:
		return p.rest()
	case <-p.called:
	}
	return 0
}

// call ends the wait of a look, or the next one.
func (p *pacer) call() {
	select {
	case p.called <- struct{}{}:
	default:
	}
}

func backoff(failures int, longest time.Duration) time.Duration {
	return min(firstBackoff<<min(failures, 16), longest)
}

// wait returns after d, or as soon as the follower is stopped.
func (p *pacer) wait(d time.Duration) time.Duration {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.stop:
		return p.rest()
	case <-timer.C:
	}
	return 0
}

// listen returns once the follower is woken or stopped, a little later when the
// log grew by what is not for it, or by what nobody waits for, and when a poll finds
// that it grew unheard.
func (p *pacer) listen() time.Duration {
	timer := time.NewTimer(idlePoll)
	defer timer.Stop()
	woken, other, grown := p.woken, p.other, false
	for {
		select {
		case <-p.stop:
			return p.rest()
		case <-other:
			other, grown = nil, true
			timer.Reset(otherPoll)
			continue
		case <-woken:
			if p.gathers() {
				woken, other, grown = nil, nil, true
				timer.Reset(gatherPoll)
				continue
			}
		case <-p.called:
		case <-timer.C:
			switch {
			case woken == nil && p.gathers():
				timer.Reset(gatherPoll)
				continue
			case !grown && p.behind != nil && !p.behind():
				timer.Reset(quietPoll)
				continue
			}
		}
		return 0
	}
}

// gathers reports whether the next page may wait for more events.
func (p *pacer) gathers() bool {
	return p.waited != nil && time.Since(p.paged) < gathering && !p.waited()
}

func (p *pacer) rest() time.Duration {
	close(p.idle)
	return never
}

// halt asks the follower to finish its page and look no more.
func (p *pacer) halt() { p.stopOnce.Do(func() { close(p.stop) }) }

// applied records that the page was applied, or that there is none, and whether
// the follower is at the head of the log now.
func (p *pacer) applied(atHead bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures, p.atHead = 0, atHead
}

// fail records that the page could not be applied, and returns for which time in
// a row.
func (p *pacer) fail() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures++
	return p.failures
}

// last returns how often in a row the page could not be applied, and whether
// the last one that could went up to the head.
func (p *pacer) last() (failures int, atHead bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failures, p.atHead
}
