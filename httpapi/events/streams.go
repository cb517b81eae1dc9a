package events

import (
	"sync"
	"time"

	"helpdesk/edge"
)

// Streams is the event streams under way in this process.
type Streams struct {
	heartbeat time.Duration // between two signs of life
	mu        sync.Mutex
	of        *edge.AtOnce
	wakes     map[chan struct{}]struct{}
	closing   chan struct{} // closed: all are to end
	once      sync.Once
}

// NewStreams makes it, with the time between two signs of life: [Heartbeat]
// outside of tests. There is none yet.
func NewStreams(heartbeat time.Duration) *Streams {
	return &Streams{heartbeat: heartbeat, of: edge.NewAtOnce(maxStreams), wakes: map[chan struct{}]struct{}{}, closing: make(chan struct{})}
}

// End ends the event streams under way and those that come after. It is
// the first step of a shutdown, which otherwise would wait for them.
func (s *Streams) End() { s.once.Do(func() { close(s.closing) }) }

// Wake has every stream look whether its caller is still signed in.
func (s *Streams) Wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.wakes {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

func (s *Streams) listen() (woken <-chan struct{}, stop func()) {
	w := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakes[w] = struct{}{}
	return w, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.wakes, w)
	}
}

// ended reports whether all streams are to end.
func (s *Streams) ended() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}
