package eventstore

import "sync"

// Bounds of what is kept of recent events.
const (
	recentEvents = 4096
	recentBytes  = 16 << 10 // of one event
)

// Recent are the newest events that a process has appended, as the log holds them:
// its followers take them from here rather than read them again. It is safe for
// concurrent use, and its zero value ready to use.
type Recent struct {
	mu   sync.Mutex
	kept []Recorded // an event at its position modulo the length
}

// add keeps events in the place of older ones.
func (r *Recent) add(events []Recorded) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = make([]Recorded, recentEvents)
	}
	for _, e := range events {
		if len(e.Data) <= recentBytes {
			r.kept[e.Position%recentEvents] = e
		}
	}
}

// Page returns the events at positions (after, upto] if all of them are kept.
func (r *Recent) Page(after, upto int64) (events []Recorded, all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil || upto-after > recentEvents {
		return nil, false
	}
	for position := after + 1; position <= upto; position++ {
		e := r.kept[position%recentEvents]
		if e.Position != position {
			return nil, false
		}
		events = append(events, e)
	}
	return events, true
}
