package eventstore

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/ticket"
	"helpdesk/test/pgtest"
)

const (
	benchWriters = 64
	benchRounds  = 5 // for each b.N
	benchRound   = time.Second
)

// BenchmarkAppend compares appends with what they are to be no dearer than:
// plain inserts, each committed by itself, into a table of the same shape, over
// as many connections as there are writers. Both take turns on one server, so
// that the noise of the machine hits both; "ratio" is the median of the rounds'.
func BenchmarkAppend(b *testing.B) {
	l := newLog(b, pgtest.Durable())
	pool := l.plainTable(b)
	append1 := func(ctx context.Context) error {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		_, err = l.Append(ctx, opening(id))
		return err
	}
	insert1 := func(ctx context.Context) error { return l.insertPlain(ctx, pool) }
	load(b, append1, benchRound) // connections, statements, caches
	load(b, insert1, benchRound)
	b.ResetTimer()
	var appends, inserts, ratios []float64
	for range benchRounds * b.N {
		a, i := load(b, append1, benchRound), load(b, insert1, benchRound)
		appends, inserts, ratios = append(appends, a), append(inserts, i), append(ratios, a/i)
	}
	b.ReportMetric(median(appends), "appends/s")
	b.ReportMetric(median(inserts), "plain/s")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(0, "ns/op") // says nothing here
}

// plainTable makes the table to compare with and returns a pool with a
// connection for every writer.
func (l log) plainTable(b *testing.B) *pgxpool.Pool {
	b.Helper()
	const q = `CREATE SEQUENCE plain_position CACHE 1;
CREATE TABLE plain_events (LIKE events INCLUDING ALL);
ALTER TABLE plain_events ALTER position SET DEFAULT nextval('plain_position');
GRANT ALL ON plain_events TO PUBLIC; GRANT ALL ON plain_position TO PUBLIC`
	if _, err := l.db.OwnerPool(b).Exec(testContext(b), q); err != nil {
		b.Fatal(err)
	}
	config, err := pgxpool.ParseConfig(l.db.ServiceURL)
	if err != nil {
		b.Fatal(err)
	}
	config.MaxConns, config.MinConns = benchWriters, benchWriters
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	return pool
}

func (l log) insertPlain(ctx context.Context, pool *pgxpool.Pool) error {
	const q = `INSERT INTO plain_events (stream_id, stream_type, version, event_id, type, schema_version, data,
    actor_kind, correlation_id, occurred_at, recorded_at)
VALUES ($1, $2, 1, $3, $4, 1, $5, $6, $7, now(), now())`
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	a, err := l.codec.prepare(context.Background(), opening(id), l.writer.keys.of) // the same work on this side
	if err != nil {
		return err
	}
	e := a.events[0]
	_, err = pool.Exec(ctx, q, id, string(a.StreamType), e.id, e.name, e.data, string(a.Metadata.ActorKind), a.Metadata.CorrelationID)
	return err
}

// load lets all writers do op over and over for a while and returns how many
// were done in a second.
func load(b *testing.B, op func(context.Context) error, d time.Duration) float64 {
	b.Helper()
	var done atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range benchWriters {
		wg.Go(func() {
			for time.Since(began) < d {
				if err := op(context.Background()); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

// BenchmarkOpen reads a log whose texts are sealed and one whose texts are not,
// in turns, and folds its tickets: sealed/plain is what sealing costs a fold in
// all, longer rows among it, and opened/closed what decrypting does, beside a
// fold of the same log that leaves the texts sealed.
func BenchmarkOpen(b *testing.B) {
	l := newLog(b)
	const tickets = 2000
	fill := func(store *Store) (streams []uuid.UUID) {
		for range tickets {
			id := newID(b)
			a := appending(id, 0,
				ticket.Opened{Title: "The printer on the second floor", Description: strings.Repeat("It smokes, and then it stops. ", 8), Priority: ticket.High, CreatedBy: ann},
				ticket.Assigned{AssignedTo: bob}, ticket.Started{}, ticket.Prioritised{Priority: ticket.Low},
				ticket.CommentAdded{CommentID: comment, Author: bob, Text: strings.Repeat("Which model is it? ", 5)},
				ticket.Resolved{Reason: "a new drum"})
			a.Person = bob
			if _, err := store.Append(context.Background(), a); err != nil {
				b.Fatal(err)
			}
			streams = append(streams, id)
		}
		return streams
	}
	plain := fill(l.Store)
	l.sealing(b)
	sealed := fill(l.Store)
	type way string
	turns := map[way][]time.Duration{}
	fold := func(w way, streams []uuid.UUID, load func(context.Context, []uuid.UUID) ([]Envelope, error)) {
		began := time.Now()
		events, err := load(context.Background(), streams)
		if err != nil {
			b.Fatal(err)
		}
		states := map[uuid.UUID]ticket.State{}
		for _, e := range events {
			states[e.StreamID] = ticket.Evolve(states[e.StreamID], e.Event)
		}
		if len(states) != tickets {
			b.Fatalf("%d tickets, want %d", len(states), tickets)
		}
		turns[w] = append(turns[w], time.Since(began))
	}
	round := func() {
		fold("plain", plain, l.LoadAll)
		fold("opened", sealed, l.LoadAll)
		fold("closed", sealed, l.loadClosed)
	}
	round() // what is done once alone is not sealing's to pay, nor the first reader's
	clear(turns)
	b.ResetTimer()
	for range b.N {
		round()
	}
	// Medians: a turn in which the machine was busy with something else says
	// nothing of sealing.
	median := func(w way) float64 {
		slices.Sort(turns[w])
		return turns[w][b.N/2].Seconds()
	}
	b.ReportMetric(6*tickets/median("opened"), "sealed/s")
	b.ReportMetric(6*tickets/median("plain"), "plain/s")
	b.ReportMetric(median("opened")/median("plain"), "sealed/plain")
	b.ReportMetric(median("opened")/median("closed"), "opened/closed")
}

// loadClosed is LoadAll that leaves texts sealed.
func (l log) loadClosed(ctx context.Context, streams []uuid.UUID) ([]Envelope, error) {
	rows, _ := l.pool.Query(ctx, `SELECT `+Columns+` FROM events WHERE stream_id = ANY ($1) ORDER BY position`, streams)
	recorded, err := pgx.CollectRows(rows, ScanRecorded)
	if err != nil {
		return nil, err
	}
	events := make([]Envelope, len(recorded))
	for i, r := range recorded {
		e, err := l.codec.Decode(r.Type, r.SchemaVersion, r.Data)
		if err != nil {
			return nil, err
		}
		events[i] = Envelope{Recorded: r, Event: e}
	}
	return events, nil
}
