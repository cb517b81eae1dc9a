package eventstore

import "sync"

// Bell wakes whoever waits for the log to grow. It carries no data and may ring
// for nothing: listeners look at the log themselves.
type Bell struct {
	mu        sync.Mutex
	listeners map[chan struct{}]struct{}
}

// NewBell makes a bell nobody listens to yet.
func NewBell() *Bell {
	return &Bell{listeners: map[chan struct{}]struct{}{}}
}

// Ring wakes every listener. It never blocks: a listener that has not looked
// since the last ring is not rung twice.
func (b *Bell) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for l := range b.listeners {
		select {
		case l <- struct{}{}:
		default:
		}
	}
}

// Listen answers a channel that receives after a ring, and the function that
// ends the listening.
func (b *Bell) Listen() (rung <-chan struct{}, stop func()) {
	l := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners[l] = struct{}{}
	return l, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.listeners, l)
	}
}
