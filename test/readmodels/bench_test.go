package readmodels

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

// lives makes the lives of tickets as a desk sees them: opened, assigned,
// talked about, resolved, now and then reopened or escalated.
type lives struct {
	*rand.Rand
	people []domain.UserID
}

func newHistory() *lives {
	h := &lives{Rand: rand.New(rand.NewPCG(1, 2))}
	for range 500 {
		h.people = append(h.people, domain.UserID{UUID: kit.NewID()})
	}
	return h
}

// life returns the events of one ticket, seven on average.
func (h *lives) life(number int64) []domain.Event {
	requester, agent := pick(h.Rand, h.people...), pick(h.Rand, h.people[:20]...)
	comment := func(by domain.UserID, internal bool) domain.Event {
		return ticket.CommentAdded{
			CommentID: ticket.CommentID{UUID: kit.NewID()}, Author: by, Internal: internal, AddedAt: time.Now(),
			Text: fmt.Sprintf("I looked at it for the %d. time and it still does what it did before. Can you tell me more?", h.IntN(9)),
		}
	}
	events := []domain.Event{
		ticket.Opened{
			Number: number, Title: fmt.Sprintf("The printer in room %d does not print", h.IntN(900)),
			Description: "Since this morning nothing comes out of it. I switched it off and on again and the light still blinks. Please help.",
			Priority:    pick(h.Rand, ticket.Low, ticket.Medium, ticket.High), CreatedBy: requester, OpenedBy: requester,
		},
		ticket.Assigned{AssignedTo: agent}, ticket.Started{}, comment(agent, false), comment(requester, false),
	}
	if h.IntN(3) == 0 {
		events = append(events, comment(agent, true), ticket.Prioritised{Priority: ticket.High})
	}
	if h.IntN(5) == 0 {
		events = append(events, ticket.Escalated{Reason: "it waited too long"})
	}
	events = append(events, ticket.Resolved{Reason: "a new drum"})
	if h.IntN(10) == 0 {
		events = append(events, ticket.Reopened{}, ticket.Resolved{})
	}
	return events
}

// copyHistory writes a log of n events as the appends would have left it, with
// some forty tickets alive at any time.
func copyHistory(b *testing.B, d *models, n int) {
	b.Helper()
	type life struct {
		id      uuid.UUID
		version int
		left    []domain.Event
	}
	h, codec := newHistory(), d.Store.Codec()
	versions := codec.Types()
	alive, number := []*life{}, int64(0)
	streams := [][]any{}
	now := time.Now().Add(-time.Hour).Truncate(time.Microsecond)
	events := make([][]any, 0, n)
	for position := 1; position <= n; position++ {
		if len(alive) < 40 {
			number++
			alive = append(alive, &life{id: kit.NewID(), left: h.life(number)})
		}
		i := h.IntN(len(alive))
		l := alive[i]
		e := l.left[0]
		l.left, l.version = l.left[1:], l.version+1
		data, err := json.Marshal(e) // as the codec does, but for < and >
		if err != nil {
			b.Fatal(err)
		}
		at := now.Add(time.Duration(position) * time.Millisecond)
		events = append(events, []any{
			int64(position), l.id, "ticket", l.version, kit.NewID(), e.EventType(), versions[e.EventType()], json.RawMessage(data),
			"user", h.people[0].UUID, "bench", nil, nil, at, at,
		})
		if len(l.left) == 0 {
			streams = append(streams, []any{l.id, "ticket", l.version})
			alive = slices.Delete(alive, i, i+1)
		}
	}
	for _, l := range alive {
		if l.version > 0 {
			streams = append(streams, []any{l.id, "ticket", l.version})
		}
	}
	owner, ctx := d.DB.OwnerPool(b), kit.Context(b)
	columns := []string{
		"position", "stream_id", "stream_type", "version", "event_id", "type", "schema_version", "data",
		"actor_kind", "actor_id", "correlation_id", "causation_id", "command_id", "occurred_at", "recorded_at",
	}
	if _, err := owner.CopyFrom(ctx, pgx.Identifier{"events"}, columns, pgx.CopyFromRows(events)); err != nil {
		b.Fatal(err)
	}
	if _, err := owner.CopyFrom(ctx, pgx.Identifier{"streams"}, []string{"stream_id", "stream_type", "version"}, pgx.CopyFromRows(streams)); err != nil {
		b.Fatal(err)
	}
	if _, err := owner.Exec(ctx, `UPDATE log_head SET position = $1, recorded_at = $2`, n, now.Add(time.Duration(n)*time.Millisecond)); err != nil {
		b.Fatal(err)
	}
	super, err := pgx.Connect(ctx, d.DB.SuperURL)
	if err != nil {
		b.Fatal(err)
	}
	defer super.Close(ctx)
	for _, q := range []string{`ANALYZE`, `CHECKPOINT`} { // what is owed to the copying is not to be paid in the measured time
		if _, err := super.Exec(ctx, q); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProjections measures how fast all projections together work off a
// backlog: the bar is 20,000 events a second on two cores.
func BenchmarkProjections(b *testing.B) {
	backlog := benchEvents(b)
	var took time.Duration
	for range b.N {
		b.StopTimer()
		d := newModels(b, pgtest.Durable())
		copyHistory(b, d, backlog)
		b.StartTimer()
		start := time.Now()
		fresh := d.follow(b, 0)
		if err := fresh.Wait(b.Context(), int64(backlog)); err != nil {
			b.Fatal(err)
		}
		took += time.Since(start)
		b.StopTimer()
	}
	b.ReportMetric(float64(b.N)*float64(backlog)/took.Seconds(), "events/s")
}

// BenchmarkLag measures how long after an append its event can be read, at
// 1,000 appends a second: the bar is 100 ms for 99 of 100.
func BenchmarkLag(b *testing.B) {
	const (
		rate = 1_000
		span = 5 * time.Second
	)
	var lags []time.Duration
	for range b.N {
		b.StopTimer()
		d := newModels(b, pgtest.Durable())
		fresh := d.follow(b, 0)
		b.StartTimer()
		lags = append(lags, d.lags(b, fresh, rate, span)...)
		b.StopTimer()
	}
	slices.Sort(lags)
	at := func(quantile float64) float64 {
		return float64(lags[int(quantile*float64(len(lags)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.50), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	b.ReportMetric(float64(len(lags))/span.Seconds()/float64(b.N), "appends/s")
}

// lags appends at a rate for a span and returns how long each event took from
// the append's return until every projection had it.
func (d *models) lags(b testing.TB, fresh *follow.Freshness, rate int, span time.Duration) []time.Duration {
	b.Helper()
	const lanes = 64 // tickets in work at a time; a lane's events are one after the other
	due := make([]chan struct{}, lanes)
	var (
		mu   sync.Mutex
		lags []time.Duration
		wg   sync.WaitGroup
	)
	ctx := kit.Context(b)
	head, err := d.Store.Head(ctx) // no ticket has its number, or a higher one
	if err != nil {
		b.Fatal(err)
	}
	measure := func(position int64, since time.Time) {
		err := fresh.Wait(ctx, position)
		lag := time.Since(since)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			b.Error(err)
		}
		lags = append(lags, lag)
	}
	for lane := range due {
		due[lane] = make(chan struct{}, rate)
		wg.Go(func() {
			h := newHistory()
			for number := head + int64(lane) + 1; ; number += lanes {
				id := kit.NewID()
				for version, e := range h.life(number) {
					if _, ok := <-due[lane]; !ok {
						return
					}
					done, err := d.appendOne(ctx, id, version, e)
					if err != nil {
						b.Error(err)
						return
					}
					since := time.Now()
					wg.Go(func() { measure(done.Position, since) })
				}
			}
		})
	}
	const tick = 5 * time.Millisecond
	ticker := time.NewTicker(tick)
	sent, start := 0, time.Now()
	for now := start; now.Sub(start) < span; now = <-ticker.C {
		for want := int(now.Sub(start).Seconds() * float64(rate)); sent < want; sent++ {
			due[sent%lanes] <- struct{}{}
		}
	}
	ticker.Stop()
	for _, lane := range due {
		close(lane)
	}
	wg.Wait()
	return lags
}

func (d *models) appendOne(ctx context.Context, id uuid.UUID, version int, e domain.Event) (eventstore.Appended, error) {
	return d.Store.Append(ctx, eventstore.Append{
		StreamID: id, StreamType: domain.TicketStream, ExpectedVersion: version, Events: []domain.Event{e},
		Metadata: eventstore.Metadata{ActorKind: domain.ActorSystem, CorrelationID: "bench"},
	})
}
