package eventstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Serving is the schema of the tables that everybody reads.
const Serving = "read"

// Inline is a follower that is brought up to date within the append, in its
// transaction, so that whoever was told of a write can read it. Package follow
// makes them and catches them up wherever that was not possible.
type Inline struct {
	Name  string   // of its checkpoint
	Types []string // stored names of the events it is given; nil: all
	// Version is of what Apply makes of events. Tables that another version built are
	// left to the follower's own work.
	Version int
	// Apply is as that of a follower: through tx and nothing else. Its error
	// leaves the append as it is, written without it.
	Apply func(ctx context.Context, tx pgx.Tx, events []Envelope) error
}

// Bounds of what an append does for inline followers. All other appends wait
// meanwhile; beyond them it goes on without.
const (
	inlineTimeout = 2 * time.Second
	inlineLock    = "250ms" // for a lock that somebody holds on their tables
)

// claimSQL moves the checkpoints of inline followers over the batch that was just
// written, and returns which ones. It is run in the append's transaction, right
// behind it: only a follower that stands exactly before the batch is moved. One
// that is behind, paused, or in the hands of somebody else, as while it catches up
// or is rebuilt, is passed over, and waited for by nobody.
const claimSQL = `
WITH head AS MATERIALIZED (
    SELECT position, batch_after FROM log_head WHERE id = 1
), mine AS MATERIALIZED (
    SELECT c.name FROM checkpoints AS c
    WHERE (c.name, c.version) IN (SELECT * FROM unnest($1::text[], $2::integer[])) AND c.paused_at IS NULL
      AND c.position = (SELECT batch_after FROM head) AND c.position < (SELECT position FROM head)
    FOR UPDATE SKIP LOCKED
)
UPDATE checkpoints AS c SET position = head.position, moved_at = clock_timestamp()
FROM head
WHERE c.name IN (SELECT name FROM mine) AND c.position = head.batch_after
RETURNING c.name, c.failing,
    set_config('search_path', '` + Serving + `, public', true), set_config('lock_timeout', '` + inlineLock + `', true)`

// errInline means that an inline follower could not be brought up to date: the
// append is written again without any.
var errInline = errors.New("an inline follower was not brought up to date")

// ErrLater is the error of an Inline that leaves these events to the follower's
// own work, as where they are more than an append should wait for.
var ErrLater = errors.New("left to the follower's own work")

// claimed are the inline followers that were moved over a batch.
type claimed struct {
	names   []string
	failing []string // those of them that may have failed events
}

// writeInline writes a batch and brings up to date what is inline with it.
func (c *writer) writeInline(ctx context.Context, tx pgx.Tx, batch []encoded) ([]verdict, error) {
	verdicts, moved, err := c.writeAndClaim(ctx, tx, batch)
	if err != nil || len(moved.names) == 0 {
		return verdicts, err
	}
	if err := c.applyInline(ctx, tx, moved, recordedOf(judge(batch, verdicts))); err != nil {
		return nil, fmt.Errorf("%w: %w", errInline, err)
	}
	return verdicts, nil
}

// writeAndClaim runs the append and the claim in one round trip.
func (c *writer) writeAndClaim(ctx context.Context, tx pgx.Tx, batch []encoded) (verdicts []verdict, moved claimed, err error) {
	var b pgx.Batch
	b.Queue(appendSQL, appendArgs(batch)...)
	b.Queue(claimSQL, c.inlineNames, c.inlineVersions)
	answers := tx.SendBatch(ctx, &b)
	defer func() { err = errors.Join(err, answers.Close()) }()
	rows, _ := answers.Query() // CollectRows returns its error
	if verdicts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[verdict]); err != nil {
		return nil, moved, err
	}
	rows, _ = answers.Query() // ForEachRow returns its error
	var name, path, timeout string
	var failing bool
	_, err = pgx.ForEachRow(rows, []any{&name, &failing, &path, &timeout}, func() error {
		moved.names = append(moved.names, name)
		if failing {
			moved.failing = append(moved.failing, name)
		}
		return nil
	})
	return verdicts, moved, err
}

// applyInline applies a batch that was written to the inline followers that were
// moved over it.
func (c *writer) applyInline(ctx context.Context, tx pgx.Tx, moved claimed, written []Recorded) error {
	ctx, cancel := context.WithTimeout(ctx, inlineTimeout)
	defer cancel()
	if err := noneFailed(ctx, tx, moved.failing, written); err != nil {
		return err
	}
	events, err := c.codec.Open(ctx, written...)
	if err != nil {
		return err
	}
	for _, f := range c.inline {
		if !slices.Contains(moved.names, f.Name) {
			continue
		}
		var wanted []Envelope
		for _, e := range events {
			if f.Types == nil || slices.Contains(f.Types, e.Type) {
				wanted = append(wanted, e)
			}
		}
		if len(wanted) == 0 {
			continue
		}
		if err := f.Apply(ctx, tx, wanted); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// noneFailed returns [ErrLater] where the batch has events of streams of which
// one failed already: these are set aside with it.
func noneFailed(ctx context.Context, tx pgx.Tx, failing []string, written []Recorded) error {
	if len(failing) == 0 {
		return nil
	}
	streams := make([]uuid.UUID, len(written))
	for i, e := range written {
		streams[i] = e.StreamID
	}
	const q = `SELECT EXISTS (SELECT FROM failed_events WHERE follower = ANY ($1) AND stream_id = ANY ($2))`
	var some bool
	if err := tx.QueryRow(ctx, q, failing, streams).Scan(&some); err != nil {
		return fmt.Errorf("look for failed events: %w", err)
	}
	if some {
		return ErrLater
	}
	return nil
}

// envelopes returns the events of an append as the log holds them behind a position.
func (e encoded) envelopes(before int64, occurred, recorded time.Time) []Envelope {
	all := make([]Envelope, len(e.events))
	for i, event := range e.events {
		cause := e.Metadata.CausationID
		if event.cause != uuid.Nil {
			cause = event.cause
		}
		var keys [][]byte
		if e.key != nil && event.person != uuid.Nil {
			keys = [][]byte{keyForm("", e.key)}
		}
		all[i] = Envelope{Event: event.says, Recorded: Recorded{
			Position: before + int64(i) + 1, StreamID: e.StreamID, StreamType: e.StreamType,
			Version: e.ExpectedVersion + i + 1, EventID: event.id, Type: event.name, SchemaVersion: event.schemaVersion, Data: event.data,
			ActorKind: e.Metadata.ActorKind, ActorID: nullable(e.Metadata.ActorID.UUID),
			CorrelationID: e.Metadata.CorrelationID, CausationID: nullable(cause), CommandID: nullable(e.CommandID),
			OccurredAt: occurred, RecordedAt: recorded, PersonID: nullable(event.person), TextKeys: keys,
		}}
	}
	return all
}
