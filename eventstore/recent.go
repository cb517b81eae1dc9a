package eventstore

import "sync"

// Bounds of what is kept of recent events.
const (
	recentEvents = 4096
	recentBytes  = 4 << 10 // of one event
)

// Recent are the newest events that a process has appended, as the log held them:
// its followers take them from here rather than read them again. A log that was
// restored, or that went on at a standby which lacked the last of them, has others at
// their positions: who takes a page asks the log for the id of its last event, which
// stands for all before it. It is safe for concurrent use, and its zero value ready to
// use.
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

// Forget keeps none of them any more.
func (r *Recent) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = nil
}
