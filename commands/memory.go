package commands

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"helpdesk/eventstore"
)

// stream is one as somebody saw it.
type stream[S any] struct {
	state   S
	history []eventstore.Envelope
}

// last returns the stream's newest event, the zero Envelope where there is none.
func (s stream[S]) last() eventstore.Envelope {
	if len(s.history) == 0 {
		return eventstore.Envelope{}
	}
	return s.history[len(s.history)-1]
}

// outcome returns what a command led to that changed nothing of the stream.
func (s stream[S]) outcome(id uuid.UUID) Outcome {
	last := s.last()
	return Outcome{StreamID: id, Version: last.Version, Position: last.Position, Events: s.history}
}

// Bounds of what a memory keeps.
const (
	memoryBytes = 16 << 20
	streamBytes = 2 << 20 // of one stream
	keptFor     = time.Minute
)

// memory keeps streams as the commands on them left them, opened and folded: the next
// command on one, which often comes soon, need not do that again, however long the
// stream is. It may be older than the log; see [aggregate.run]. Texts that were redacted
// or are of people who were erased since are never returned. It is safe for concurrent
// use; one that is nil keeps nothing.
type memory[S any] struct {
	mu      sync.Mutex
	streams map[uuid.UUID]keptStream[S]
	bytes   int
}

type keptStream[S any] struct {
	stream[S]
	people []uuid.UUID // whose texts are in it
	bytes  int
	at     time.Time
}

func newMemory[S any]() *memory[S] { return &memory[S]{streams: map[uuid.UUID]keptStream[S]{}} }

// recall returns a stream as it was when it was kept.
func (m *memory[S]) recall(ctx context.Context, id uuid.UUID, log Log) (s stream[S], ok bool) {
	if m == nil {
		return s, false
	}
	m.mu.Lock()
	kept, ok := m.streams[id]
	m.mu.Unlock()
	if !ok {
		return s, false
	}
	if time.Since(kept.at) > keptFor {
		m.forget(id)
		return s, false
	}
	if all, err := log.HaveKeys(ctx, kept.people); err != nil || !all {
		m.forget(id)
		return s, false
	}
	return kept.stream, true
}

// keep keeps a stream as a command left it. Where there is no room for it, others go, any
// of them: by age, those that are asked for in turn would all go just before their turn.
func (m *memory[S]) keep(id uuid.UUID, s stream[S]) {
	if m == nil {
		return
	}
	kept := keptStream[S]{stream: s, at: time.Now()}
	seen := map[uuid.UUID]bool{}
	for _, e := range s.history {
		kept.bytes += eventBytes + 2*len(e.Data) // as it is stored, and what it says
		if e.PersonID.Valid && !seen[e.PersonID.UUID] {
			seen[e.PersonID.UUID] = true
			kept.people = append(kept.people, e.PersonID.UUID)
		}
	}
	m.forget(id)
	if kept.bytes > streamBytes {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(id) // another command may have kept it just now
	for other := range m.streams {
		if m.bytes+kept.bytes <= memoryBytes {
			break
		}
		m.drop(other)
	}
	m.bytes += kept.bytes
	m.streams[id] = kept
}

// eventBytes is about what an event takes beside its data.
const eventBytes = 512

func (m *memory[S]) forget(id uuid.UUID) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(id)
}

func (m *memory[S]) drop(id uuid.UUID) {
	m.bytes -= m.streams[id].bytes
	delete(m.streams, id)
}
