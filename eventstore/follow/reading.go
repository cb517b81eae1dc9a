package follow

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore"
)

// Reading is the log as several followers go over it together, page by page: a
// page is read and decoded for the first of them and kept for the others. It is
// safe for concurrent use.
type Reading struct {
	codec *eventstore.Codec
	types []string // that one of them is given; nil: all

	mu   sync.Mutex
	page readPage
}

// NewReading makes one for followers.
func NewReading(codec *eventstore.Codec, followers ...Follower) *Reading {
	r := &Reading{codec: codec}
	for _, f := range followers {
		if f.Types == nil {
			return &Reading{codec: codec}
		}
		r.types = append(r.types, f.Types...)
	}
	slices.Sort(r.types)
	r.types = slices.Compact(r.types)
	return r
}

// readPage is a page that is kept.
type readPage struct {
	after, upto int64
	events      []eventstore.Envelope
	faults      map[int64]error // by position: what keeps an event from being decoded
	people      []uuid.UUID     // whose texts were opened
}

// events returns the events of some types at positions (after, upto], opened with
// the keys there are now.
func (r *Reading) events(ctx context.Context, tx pgx.Tx, types []string, after, upto int64) ([]eventstore.Envelope, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.codec.ForgetDestroyed(ctx); err != nil {
		return nil, err
	}
	kept := r.page.after == after && r.page.upto == upto
	if kept {
		var err error
		if kept, err = r.codec.HaveKeys(ctx, r.page.people); err != nil {
			return nil, err
		}
	}
	if !kept {
		r.page = readPage{}
		page, err := r.read(ctx, tx, after, upto)
		if err != nil {
			return nil, err
		}
		r.page = page
	}
	return r.page.of(types)
}

// of returns the events of some types; nil: all.
func (p readPage) of(types []string) ([]eventstore.Envelope, error) {
	wanted := make(map[string]bool, len(types))
	for _, t := range types {
		wanted[t] = true
	}
	events := make([]eventstore.Envelope, 0, len(p.events))
	for i := range p.events {
		if e := &p.events[i]; types == nil || wanted[e.Type] {
			if err := p.faults[e.Position]; err != nil {
				return nil, fmt.Errorf("event at position %d: %w", e.Position, err)
			}
			events = append(events, *e)
		}
	}
	return events, nil
}

func (r *Reading) read(ctx context.Context, tx pgx.Tx, after, upto int64) (readPage, error) {
	p := readPage{after: after, upto: upto}
	rows, _ := tx.Query(ctx, pageSQL, after, upto, r.types) // CollectRecorded returns its error
	recorded, err := eventstore.CollectRecorded(rows, upto-after)
	if err != nil {
		return p, fmt.Errorf("read the events after position %d: %w", after, err)
	}
	p.events, p.faults, p.people, err = r.codec.OpenEach(ctx, recorded...)
	return p, err
}
