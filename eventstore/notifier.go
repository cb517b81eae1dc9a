package eventstore

import (
	"slices"
	"sync"
)

// Notifier wakes whoever waits for the log to grow. It carries no data and may ring
// for nothing: listeners look at the log themselves.
type Notifier struct {
	mu        sync.Mutex
	listeners map[*listener]struct{}
}

// listener is somebody who listens to a notifier.
type listener struct {
	types []string      // it waits for; nil: for anything
	rung  chan struct{} // for what it waits for
	other chan struct{} // for anything else; nil: of no interest
}

// NewNotifier makes a notifier nobody listens to yet.
func NewNotifier() *Notifier {
	return &Notifier{listeners: map[*listener]struct{}{}}
}

// Ring wakes every listener. It never blocks: a listener that has not looked
// since the last ring is not rung twice.
func (b *Notifier) Ring() { b.RingFor(nil) }

// RingFor is [Notifier.Ring] after events of some types were appended, nil being
// any: it wakes those who wait for one of them.
func (b *Notifier) RingFor(types []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for l := range b.listeners {
		rung := l.other
		if l.waitsFor(types) {
			rung = l.rung
		}
		select {
		case rung <- struct{}{}:
		default:
		}
	}
}

func (l *listener) waitsFor(types []string) bool {
	return types == nil || l.types == nil ||
		slices.ContainsFunc(types, func(t string) bool { return slices.Contains(l.types, t) })
}

// Listen returns a channel that receives after a ring, and the function that
// ends the listening.
func (b *Notifier) Listen() (rung <-chan struct{}, stop func()) {
	l := &listener{rung: make(chan struct{}, 1)}
	return l.rung, b.add(l)
}

// ListenFor is [Notifier.Listen] for who waits for events of some types, nil being
// all of them: other receives after a ring that was for none of these.
func (b *Notifier) ListenFor(types []string) (rung, other <-chan struct{}, stop func()) {
	l := &listener{types: types, rung: make(chan struct{}, 1), other: make(chan struct{}, 1)}
	return l.rung, l.other, b.add(l)
}

func (b *Notifier) add(l *listener) (remove func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners[l] = struct{}{}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.listeners, l)
	}
}
