package feed

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore"
)

// notes are the versions of tickets whose events are about internal notes.
type notes map[uuid.UUID][]int

// has reports whether an event is about an internal note.
func (n notes) has(e glimpsed) bool { return slices.Contains(n[e.StreamID], e.Version) }

// before returns how many of them precede an event of their ticket.
func (n notes) before(e eventstore.Envelope) (count int) {
	for _, version := range n[e.StreamID] {
		if version < e.Version {
			count++
		}
	}
	return count
}

// maxNoted bounds the tickets that are remembered, to some megabytes.
const maxNoted = 10_000

// noted remembers which events of tickets are about notes: to know it their data have to be
// read, however long they are, and it never changes. It is safe for concurrent use.
type noted struct {
	mu  sync.Mutex
	all map[uuid.UUID]notedTicket
}

// notedTicket is what is known of a ticket, up to a version.
type notedTicket struct {
	upto     int
	versions []int
}

// of returns what is known of tickets.
func (n *noted) of(ids []uuid.UUID) (known []notedTicket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range ids {
		known = append(known, n.all[id])
	}
	return known
}

// learn takes over what is known of tickets now.
func (n *noted) learn(ids []uuid.UUID, known []notedTicket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil || len(n.all)+len(ids) > maxNoted {
		n.all = map[uuid.UUID]notedTicket{}
	}
	for i, id := range ids {
		n.all[id] = known[i]
	}
}

// notes returns those of the events' tickets, as far as the events go. Tickets that have
// none, as far as is known, are not looked at.
func (f *Feed) notes(ctx context.Context, events []glimpsed, have map[uuid.UUID]bool) (notes, error) {
	last := map[uuid.UUID]int{}
	for _, e := range events {
		if some, there := have[e.StreamID]; some || !there {
			last[e.StreamID] = max(last[e.StreamID], e.Version)
		}
	}
	ids := slices.Collect(maps.Keys(last))
	known := f.noted.of(ids)
	after, upto := make([]int, len(ids)), make([]int, len(ids))
	more := false
	for i, id := range ids {
		after[i], upto[i] = known[i].upto, last[id]
		more = more || after[i] < upto[i]
	}
	if more {
		found, err := f.findNotes(ctx, ids, after, upto)
		if err != nil {
			return nil, err
		}
		for i, id := range ids {
			known[i] = notedTicket{max(after[i], upto[i]), slices.Concat(known[i].versions, found[id])}
		}
		f.noted.learn(ids, known)
	}
	all := notes{}
	for i, id := range ids {
		all[id] = known[i].versions
	}
	return all, nil
}

// findNotes returns those of tickets between two versions of each.
func (f *Feed) findNotes(ctx context.Context, tickets []uuid.UUID, after, upto []int) (notes, error) {
	const q = `SELECT e.stream_id, e.version
FROM unnest($1::uuid[], $2::int[], $3::int[]) AS t (id, known, upto)
JOIN events AS e ON e.stream_id = t.id AND e.version > t.known AND e.version <= t.upto
WHERE e.stream_type = 'ticket' AND e.data ->> 'internal' = 'true'
ORDER BY e.version`
	rows, _ := f.pool.Query(ctx, q, tickets, after, upto) // ForEachRow returns its error
	found := notes{}
	var id uuid.UUID
	var version int
	_, err := pgx.ForEachRow(rows, []any{&id, &version}, func() error {
		found[id] = append(found[id], version)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for the notes of tickets: %w", err)
	}
	return found, nil
}
