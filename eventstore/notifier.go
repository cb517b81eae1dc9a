package eventstore

import (
	"slices"
	"sync"
)

// Notifier wakes whoever waits for the log to grow. It carries no data and may wake
// for nothing: listeners look at the log themselves.
type Notifier struct {
	mu        sync.Mutex
	listeners map[*listener]struct{}
}

// listener is somebody who listens to a notifier.
type listener struct {
	types []string      // it waits for; nil: for anything
	woken chan struct{} // for what it waits for
	other chan struct{} // for anything else; nil: of no interest
}

// NewNotifier makes a notifier nobody listens to yet.
func NewNotifier() *Notifier {
	return &Notifier{listeners: map[*listener]struct{}{}}
}

// Notify wakes every listener. It never blocks: a listener that has not looked
// since the last time is not woken twice.
func (n *Notifier) Notify() { n.NotifyOf(nil) }

// NotifyOf is [Notifier.Notify] after events of some types were appended, nil being
// any: it wakes those who wait for one of them.
func (n *Notifier) NotifyOf(types []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for l := range n.listeners {
		woken := l.other
		if l.waitsFor(types) {
			woken = l.woken
		}
		select {
		case woken <- struct{}{}:
		default:
		}
	}
}

func (l *listener) waitsFor(types []string) bool {
	return types == nil || l.types == nil ||
		slices.ContainsFunc(types, func(t string) bool { return slices.Contains(l.types, t) })
}

// Listen returns a channel that receives when it is woken, and the function that
// ends the listening.
func (n *Notifier) Listen() (woken <-chan struct{}, stop func()) {
	l := &listener{woken: make(chan struct{}, 1)}
	return l.woken, n.add(l)
}

// ListenFor is [Notifier.Listen] for who waits for events of some types, nil being
// all of them: other receives when it is woken by none of these.
func (n *Notifier) ListenFor(types []string) (woken, other <-chan struct{}, stop func()) {
	l := &listener{types: types, woken: make(chan struct{}, 1), other: make(chan struct{}, 1)}
	return l.woken, l.other, n.add(l)
}

// Listened reports whether anybody listens.
func (n *Notifier) Listened() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.listeners) > 0
}

func (n *Notifier) add(l *listener) (remove func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners[l] = struct{}{}
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.listeners, l)
	}
}
