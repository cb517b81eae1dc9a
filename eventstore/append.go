package eventstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
)

// appendSQL writes a batch of appends and returns, for each, where it ended up
// or why it did not. In order:
//
//	head     the row lock every append takes first: positions follow commits
//	tick     the clock, read once the lock is held, never behind the last event
//	judged   the commands, with the mark of those carried out before
//	moved    streams that are at the expected version and event, and have the key that
//	         texts were hidden under, moved on
//	created  streams that did not exist, made
//	won      the appends whose stream was moved or made, with their positions
//
// The statement's snapshot may be older than the lock it waited for. So the
// position comes from the locked row and never from max(position); moved is an
// UPDATE whose condition Postgres checks again on the newest row; created
// leaves a row that is there already to whoever made it. A command id that
// another process stored after the snapshot violates the primary key, and the
// batch is written again on a new snapshot.
//
// "id = 1" tells the planner that log_head has a single row; without it an
// unanalysed table is taken for thousands, and their product for a query worth
// compiling just in time, at a second each.
const appendSQL = `
WITH cmd AS MATERIALIZED (
    SELECT *
    FROM unnest($1::int[], $2::uuid[], $3::text[], $4::int[], $5::int[], $6::uuid[],
                $7::text[], $8::uuid[], $9::text[], $10::uuid[], $11::timestamptz[], $22::uuid[], $19::bytea[], $20::bool[])
         AS c (ord, stream_id, stream_type, expected, events, command_id,
               actor_kind, actor_id, correlation_id, causation_id, occurred_at, expected_event, key, keyed)
), head AS MATERIALIZED (
    SELECT position, recorded_at FROM log_head WHERE id = 1 FOR UPDATE
), tick AS MATERIALIZED (
    SELECT position, greatest(recorded_at, clock_timestamp()) AS now FROM head
), judged AS MATERIALIZED (
    SELECT cmd.*, done.command_id IS NOT NULL AS repeated
    FROM tick CROSS JOIN cmd LEFT JOIN commands AS done ON done.command_id = cmd.command_id
), moved AS (
    UPDATE streams SET version = streams.version + judged.events,
        key = CASE WHEN judged.keyed THEN judged.key ELSE streams.key END
    FROM judged
    WHERE NOT judged.repeated AND judged.expected > 0
      AND streams.stream_id = judged.stream_id AND streams.version = judged.expected
      AND judged.expected_event IS NOT DISTINCT FROM CASE WHEN judged.expected_event IS NOT NULL THEN (
          SELECT event_id FROM events WHERE stream_id = judged.stream_id AND version = judged.expected) END
      AND (judged.key IS NULL OR judged.keyed
           OR judged.key = streams.key)
    RETURNING judged.ord
), created AS (
    INSERT INTO streams (stream_id, stream_type, version, key)
    SELECT stream_id, stream_type, events, key FROM judged WHERE NOT repeated AND expected = 0
    ON CONFLICT (stream_id) DO NOTHING
    RETURNING stream_id
), won AS MATERIALIZED (
    SELECT judged.*, tick.now, tick.position + sum(events) OVER (ORDER BY ord) - events AS before
    FROM judged CROSS JOIN tick
    WHERE ord IN (SELECT ord FROM moved)
       OR (expected = 0 AND stream_id IN (SELECT stream_id FROM created))
), written AS (
    INSERT INTO events (position, stream_id, stream_type, version, event_id, type, schema_version, data,
                        actor_kind, actor_id, correlation_id, causation_id, command_id, occurred_at, recorded_at, person_id)
    SELECT won.before + e.nth, won.stream_id, won.stream_type, won.expected + e.nth,
           e.event_id, e.type, e.schema_version, e.data::json,
           won.actor_kind, won.actor_id, won.correlation_id, coalesce(e.causation_id, won.causation_id), won.command_id,
           coalesce(won.occurred_at, won.now), won.now, e.person_id
    FROM won
    JOIN unnest($12::int[], $13::int[], $14::uuid[], $15::text[], $16::int[], $17::text[], $18::uuid[], $21::uuid[])
         AS e (ord, nth, event_id, type, schema_version, data, person_id, causation_id) USING (ord)
), advanced AS (
    UPDATE log_head SET batch_after = log_head.position, position = log_head.position + total.events,
        recorded_at = CASE WHEN total.events > 0 THEN tick.now ELSE log_head.recorded_at END
    FROM (SELECT coalesce(sum(events), 0) AS events FROM won) AS total CROSS JOIN tick
    WHERE log_head.id = 1
), remembered AS (
    INSERT INTO commands (command_id, stream_id, first_position, last_position, version, recorded_at)
    SELECT command_id, stream_id, before + 1, before + events, expected + events, now
    FROM won WHERE command_id IS NOT NULL
)
SELECT judged.ord, judged.repeated, won.before, coalesce(won.occurred_at, won.now), won.now
FROM judged LEFT JOIN won USING (ord)
ORDER BY judged.ord`

// querier is what the append runs on: the pool, or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// verdict is what became of one append of a batch.
type verdict struct {
	Ord      int
	Repeated bool
	Before   *int64 // position before its first event; nil: it lost

	OccurredAt *time.Time // as Before
	RecordedAt *time.Time // as Before
}

// encoded is an append whose events are ready to be written.
type encoded struct {
	Append
	events []encodedEvent
	key    []byte // of the stream, of which those of their texts come; nil: none has one
	keyed  bool   // whether the stream is given it, in place of the one it had
	size   int    // bytes of data
}

type encodedEvent struct {
	id            uuid.UUID
	name          string
	schemaVersion int
	data          json.RawMessage
	says          domain.Event // with its texts opened
	person        uuid.UUID    // whose texts are sealed in data; zero: nobody's
	cause         uuid.UUID    // the event before it, of which it is a consequence; zero: that of its append
}

// prepare seals and encodes the events of an append. stream returns the key of its
// stream and whether it is new, and is asked where a text has one of its own.
func (c *Codec) prepare(ctx context.Context, a Append, stream func(context.Context, Append) ([]byte, bool, error)) (encoded, error) {
	e := encoded{Append: a, events: make([]encodedEvent, len(a.Events)), keyed: len(a.Destroys) > 0}
	key := func() (_ []byte, err error) {
		if e.key == nil {
			e.key, e.keyed, err = stream(ctx, a)
		}
		return e.key, err
	}
	for i, event := range a.Events {
		id, err := uuid.NewV7()
		if err != nil {
			return encoded{}, fmt.Errorf("make an event id: %w", err)
		}
		event, person, err := c.seal(ctx, event, id, a.Person, key)
		if err != nil {
			return encoded{}, err
		}
		says := a.Events[i]
		if person == uuid.Nil {
			says = event // whose texts are as they are, or of somebody who was erased
		}
		data, version, err := c.encode(event)
		if err != nil {
			return encoded{}, err
		}
		e.events[i] = encodedEvent{id: id, name: event.EventType(), schemaVersion: version, data: data, says: says, person: person}
		if c, ok := event.(domain.Consequent); ok && i > 0 && c.Consequence() {
			e.events[i].cause = e.events[i-1].id
		}
		e.size += len(data)
	}
	return e, nil
}

// appendArgs returns the arguments of the append statement for a batch in which no
// stream and no command id occurs twice.
func appendArgs(batch []encoded) []any {
	var (
		n                               = len(batch)
		ords, expected, counts          = make([]int32, n), make([]int32, n), make([]int32, n)
		streams                         = make([]uuid.UUID, n)
		types, actorKinds, correlations = make([]string, n), make([]string, n), make([]string, n)
		commands, actors, causations    = make([]uuid.NullUUID, n), make([]uuid.NullUUID, n), make([]uuid.NullUUID, n)
		expectedEvents                  = make([]uuid.NullUUID, n)
		occurred                        = make([]*time.Time, n)
		eventOrds, nths, schemaVersions []int32
		eventIDs                        []uuid.UUID
		names, datas                    []string
		people, causes                  []uuid.NullUUID
		keys                            = make([][]byte, n)
		keyed                           = make([]bool, n)
	)
	for i, a := range batch {
		ords[i], expected[i], counts[i] = int32(i), int32(a.ExpectedVersion), int32(len(a.events))
		streams[i], types[i] = a.StreamID, string(a.StreamType)
		commands[i], actors[i], causations[i] = nullable(a.CommandID), nullable(a.Metadata.ActorID.UUID), nullable(a.Metadata.CausationID)
		expectedEvents[i] = nullable(a.ExpectedEvent)
		keys[i], keyed[i] = a.key, a.keyed
		actorKinds[i], correlations[i] = string(a.Metadata.ActorKind), a.Metadata.CorrelationID
		if !a.OccurredAt.IsZero() {
			occurred[i] = &a.OccurredAt
		}
		for j, e := range a.events {
			eventOrds, nths = append(eventOrds, int32(i)), append(nths, int32(j+1))
			eventIDs, names = append(eventIDs, e.id), append(names, e.name)
			schemaVersions, datas = append(schemaVersions, int32(e.schemaVersion)), append(datas, string(e.data))
			people, causes = append(people, nullable(e.person)), append(causes, nullable(e.cause))
		}
	}
	return []any{
		ords, streams, types, expected, counts, commands,
		actorKinds, actors, correlations, causations, occurred,
		eventOrds, nths, eventIDs, names, schemaVersions, datas, people,
		keys, keyed, causes, expectedEvents,
	}
}

// writeBatch runs the append statement for a batch.
func writeBatch(ctx context.Context, q querier, batch []encoded) ([]verdict, error) {
	rows, err := q.Query(ctx, appendSQL, appendArgs(batch)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[verdict])
}

func nullable(id uuid.UUID) uuid.NullUUID {
	return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil}
}
