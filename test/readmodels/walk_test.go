package readmodels

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/test/kit"
)

// throng is many tickets, and what becomes of each while lists are walked.
type throng struct {
	*models
	ids []ticket.ID

	mu      sync.Mutex
	changed map[uuid.UUID]bool
	deleted map[uuid.UUID]bool
}

const throngSize = 10_000

// newThrong opens the tickets, a hundred at each of a hundred instants.
func newThrong(t *testing.T, d *models) *throng {
	t.Helper()
	c := &throng{models: d, ids: make([]ticket.ID, throngSize), changed: map[uuid.UUID]bool{}, deleted: map[uuid.UUID]bool{}}
	var openers errgroup.Group
	openers.SetLimit(64)
	for i := range c.ids {
		c.ids[i] = newTicketID()
		openers.Go(func() error {
			return c.open(t.Context(), c.ids[i], int64(i+1), time.Date(2026, 1, 1, 0, i%100, 0, 0, time.UTC))
		})
	}
	if err := openers.Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *throng) open(ctx context.Context, id ticket.ID, number int64, at time.Time) error {
	_, err := c.Store.Append(ctx, eventstore.Append{
		StreamID: id.UUID, StreamType: domain.TicketStream, OccurredAt: at,
		Events: []domain.Event{ticket.Opened{
			Number: number, Title: "One of a throng", Description: fmt.Sprint("It is number ", number), Priority: ticket.Low,
			CreatedBy: everybody["ann"].ID, OpenedBy: everybody["ann"].ID,
		}},
		Metadata: eventstore.Metadata{ActorKind: domain.ActorImport, CorrelationID: "test"},
	})
	return err
}

// stirrersAtOnce is how many change the throng.
const stirrersAtOnce = 4

// stir opens, changes and deletes tickets until ctx ends, as one of several.
func (c *throng) stir(ctx context.Context, first int) error {
	by := ticket.By{Actor: everybody["rob"]}
	priorities := []ticket.Priority{ticket.Medium, ticket.High}
	for n := first; ctx.Err() == nil; n += stirrersAtOnce {
		id := c.ids[rand.IntN(len(c.ids))]
		title := fmt.Sprint("Stirred ", n)
		var command ticket.Command = ticket.EditTicket{By: by, Title: &title, Priority: &priorities[n/4%2]}
		c.mu.Lock()
		c.changed[id.UUID] = true
		if n/4%4 == 0 {
			c.deleted[id.UUID] = true
			command = ticket.DeleteTicket{By: by}
		}
		gone := c.deleted[id.UUID] && n/4%4 > 0
		c.mu.Unlock()
		if gone {
			continue
		}
		_, err := c.tickets.Do(ctx, commands.Request{}, id, command)
		if err != nil && ctx.Err() == nil && !errors.Is(err, domain.ErrNotFound) {
			return err
		}
		err = c.open(ctx, newTicketID(), int64(throngSize+n+1), time.Date(2026, 1, 1, 0, n%100, 0, 0, time.UTC))
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// walk reads a whole list and returns how often it met each ticket.
func (c *throng) walk(ctx context.Context, f projections.TicketFilter) (met map[uuid.UUID]int, err error) {
	met = map[uuid.UUID]int{}
	for p := (projections.Page{Size: 100}); ; {
		s, err := c.Tickets(ctx, everybody["rob"], f, p)
		if err != nil {
			return nil, err
		}
		for _, x := range s.Items {
			met[x.ID]++
		}
		if s.Next == nil {
			return met, nil
		}
		p.Cursor = s.Next
	}
}

// walks is the lists that are walked.
var walks = []struct {
	name    string
	filter  projections.TicketFilter
	settled bool // whether a changed ticket keeps its place
}{
	{"newest first", projections.TicketFilter{}, true},
	{"oldest first", projections.TicketFilter{OrderBy: projections.ByCreated}, true},
	{"by number", projections.TicketFilter{OrderBy: projections.ByNumber}, true},
	{"last changed first", projections.TicketFilter{OrderBy: projections.ByUpdated, Descending: true}, false},
	{"by priority", projections.TicketFilter{OrderBy: projections.ByPriority, Descending: true}, false},
	{"by rank", projections.TicketFilter{OrderBy: projections.ByRank, Search: "number"}, false},
}

func TestAWalkMeetsEveryTicketThatWasThereThroughoutOnce(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 1000)
	c := newThrong(t, d)
	d.project(t, fresh)

	stirring, stop := context.WithCancel(kit.Context(t))
	var stirrers errgroup.Group
	for first := range stirrersAtOnce {
		stirrers.Go(func() error { return c.stir(stirring, first) })
	}
	met := make([]map[uuid.UUID]int, len(walks))
	var walkers errgroup.Group
	for i, w := range walks {
		walkers.Go(func() (err error) {
			met[i], err = c.walk(t.Context(), w.filter)
			return err
		})
	}
	err := walkers.Wait()
	stop()
	if err != nil {
		t.Fatal(err)
	}
	if err := stirrers.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(c.changed) < 100 || len(c.deleted) < 20 {
		t.Errorf("%d changed and %d deleted: nothing was stirred", len(c.changed), len(c.deleted))
	}
	for i, w := range walks {
		missed, twice := c.faults(met[i], w.settled)
		if missed+twice > 0 {
			t.Errorf("%s: %d tickets were missed and %d met more than once", w.name, missed, twice)
		}
	}
}

// faults counts the tickets there throughout that a walk missed, and those it
// met more than once. Where a change moves a ticket, those changed do not count.
func (c *throng) faults(met map[uuid.UUID]int, settled bool) (missed, twice int) {
	for _, id := range c.ids {
		n := met[id.UUID]
		switch {
		case c.changed[id.UUID] && !settled:
		case n > 1:
			twice++
		case n == 0 && !c.deleted[id.UUID]:
			missed++
		}
	}
	return missed, twice
}
