package saga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// Outbox is the table of commands that are still to be carried out. It is safe
// for concurrent use, by several processes too. Its commits need not wait for the
// disk, but for what is handed over: a claim ends with the server, and a command whose
// end was lost is carried out again, which acts once.
type Outbox struct {
	pool *pgxpool.Pool
}

// NewOutbox makes the outbox over a pool.
func NewOutbox(pool *pgxpool.Pool) *Outbox { return &Outbox{pool: pool} }

// maxTries is how often a command is tried before it is failed.
const maxTries = 10

// claimSQL takes commands that are due for a worker. Where there is none it
// locks and writes nothing.
const claimSQL = `
WITH next AS (
    SELECT id FROM saga.outbox
    WHERE command = $1 AND claimed_by IS NULL AND failed_at IS NULL AND due_at <= now()
    ORDER BY due_at, id
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
UPDATE saga.outbox SET claimed_by = $3, attempts = attempts + 1
FROM next WHERE outbox.id = next.id
RETURNING outbox.id, outbox.payload, outbox.causation_id, outbox.correlation_id, outbox.attempts, coalesce(outbox.handed_over, 0)`

// claimed is a command that a worker is at.
type claimed struct {
	ID            uuid.UUID
	Payload       json.RawMessage
	CausationID   uuid.UUID
	CorrelationID string
	Attempts      int // this one included
	HandedOver    int // see [outside]; 0: nothing was
}

func (o *Outbox) claim(ctx context.Context, command string, limit int, by int32) ([]claimed, error) {
	rows, _ := o.pool.Query(ctx, claimSQL, command, limit, by) // CollectRows returns its error
	commands, err := pgx.CollectRows(rows, pgx.RowToStructByPos[claimed])
	if err != nil {
		return nil, fmt.Errorf("claim commands: %w", err)
	}
	return commands, nil
}

// outside is a command of which somebody outside may have taken the nth thing there
// was to take: of an email, the nth attempt.
type outside struct {
	id  uuid.UUID
	nth int
}

// handOverSQL notes what somebody outside may take from now on, on disk. Each is noted
// once, and only while the command is still the worker's.
const handOverSQL = `
UPDATE saga.outbox SET handed_over = o.nth
FROM unnest($1::uuid[], $2::int[]) AS o (id, nth),
    (SELECT set_config('synchronous_commit', 'on', true)) AS flushed (setting)
WHERE outbox.id = o.id AND claimed_by = $3 AND coalesce(handed_over, 0) < o.nth
RETURNING outbox.id, flushed.setting`

// handOver notes what is handed over, and returns of each whether it may be.
func (o *Outbox) handOver(ctx context.Context, by int32, all []outside) ([]bool, error) {
	ids, nths := make([]uuid.UUID, len(all)), make([]int, len(all))
	for i, one := range all {
		ids[i], nths[i] = one.id, one.nth
	}
	rows, _ := o.pool.Query(ctx, handOverSQL, ids, nths, by) // ForEachRow returns its error
	let := make([]bool, len(all))
	var id uuid.UUID
	_, err := pgx.ForEachRow(rows, []any{&id, nil}, func() error {
		let[slices.Index(ids, id)] = true
		return nil
	})
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("note what is handed over: %w", err))
	}
	return let, nil
}

// done ends the claims of commands that were carried out.
func (o *Outbox) done(ctx context.Context, by int32, ids []uuid.UUID) error {
	_, err := o.pool.Exec(ctx, `DELETE FROM saga.outbox WHERE id = ANY ((SELECT $1::uuid[])::uuid[]) AND claimed_by = $2`, ids, by)
	return err
}

// The other ends of a claim. Each acts only while the claim is still the worker's.
const (
	laterSQL = `
UPDATE saga.outbox SET claimed_by = NULL, attempts = attempts - 1, error = $3, due_at = now() + $4::interval
WHERE id = $1 AND claimed_by = $2`

	againSQL = `
UPDATE saga.outbox SET claimed_by = NULL, error = $3, due_at = now() + $4::interval
WHERE id = $1 AND claimed_by = $2`

	setFailedSQL = `
UPDATE saga.outbox SET claimed_by = NULL, error = $3, failed_at = now()
WHERE id = $1 AND claimed_by = $2`

	releaseSQL = `
UPDATE saga.outbox SET claimed_by = NULL, attempts = attempts - 1
WHERE id = $1 AND claimed_by = $2`
)

// lookSQL frees what workers left behind that are gone, and returns whether there is a
// command to be claimed, of those named, and whether a timer is due before the next
// look. A command at which processes end again and again is failed like one that
// fails. With nothing to free it writes nothing.
const lookSQL = `
WITH freed AS (
    UPDATE saga.outbox SET
        claimed_by = NULL,
        error = 'the process that was at it ended',
        failed_at = CASE WHEN attempts >= $2 THEN now() END
    WHERE claimed_by IS NOT NULL AND claimed_by NOT IN (
        SELECT objid::bigint FROM pg_locks
        WHERE locktype = 'advisory' AND classid = $1 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
    RETURNING id
)
SELECT
    EXISTS (SELECT FROM freed) OR EXISTS (
        SELECT FROM saga.outbox
        WHERE command = ANY ($3) AND claimed_by IS NULL AND failed_at IS NULL AND due_at <= now()),
    EXISTS (SELECT FROM saga.timers WHERE fired_at IS NULL AND due_at <= now() + $4::interval)`

// look frees what dead workers had, and reports whether there may be commands to claim,
// of some names, and whether a timer is due before the next look.
func (o *Outbox) look(ctx context.Context, names []string) (commands, timers bool, err error) {
	if err := o.pool.QueryRow(ctx, lookSQL, workerLocks, maxTries, names, lookEvery).Scan(&commands, &timers); err != nil {
		return false, false, fmt.Errorf("look for what is to be done: %w", err)
	}
	return commands, timers, nil
}

// Failed is a command that was given up until somebody decides.
type Failed struct {
	ID       uuid.UUID
	Command  string
	Payload  json.RawMessage
	Error    string
	Attempts int
	FailedAt time.Time
}

// ErrNotFailed: there is no failed command of this id.
var ErrNotFailed = &domain.Error{Kind: domain.KindNotFound, Code: "not_failed", Message: "no failed command has this id"}

// Failed lists the failed commands, the oldest first.
func (o *Outbox) Failed(ctx context.Context) ([]Failed, error) {
	rows, _ := o.pool.Query(ctx, `SELECT id, command, payload, coalesce(error, '') AS error, attempts, failed_at
FROM saga.outbox WHERE failed_at IS NOT NULL ORDER BY failed_at, id`) // CollectRows returns its error
	failed, err := pgx.CollectRows(rows, pgx.RowToStructByName[Failed])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("list the failed commands: %w", err))
	}
	return failed, nil
}

// FirstFailed lists the failed commands that are the oldest, at most limit, and
// returns how many there are in all.
func (o *Outbox) FirstFailed(ctx context.Context, limit int) (first []Failed, all int64, err error) {
	rows, _ := o.pool.Query(ctx, `SELECT id, command, payload, coalesce(error, '') AS error, attempts, failed_at
FROM saga.outbox WHERE failed_at IS NOT NULL ORDER BY failed_at, id LIMIT $1`, limit) // CollectRows returns its error
	if first, err = pgx.CollectRows(rows, pgx.RowToStructByName[Failed]); err == nil {
		err = o.pool.QueryRow(ctx, `SELECT count(*) FROM saga.outbox WHERE failed_at IS NOT NULL`).Scan(&all)
	}
	if err != nil {
		return nil, 0, eventstore.Unreachable(fmt.Errorf("list the oldest failed commands: %w", err))
	}
	return first, all, nil
}

// Retry has a failed command tried again, as if for the first time.
func (o *Outbox) Retry(ctx context.Context, id uuid.UUID) error {
	return o.decide(ctx, id, `UPDATE saga.outbox SET failed_at = NULL, attempts = 0, due_at = now()
WHERE id = $1 AND failed_at IS NOT NULL`)
}

// Discard gives a failed command up for good.
func (o *Outbox) Discard(ctx context.Context, id uuid.UUID) error {
	return o.decide(ctx, id, `DELETE FROM saga.outbox WHERE id = $1 AND failed_at IS NOT NULL`)
}

func (o *Outbox) decide(ctx context.Context, id uuid.UUID, sql string) error {
	done, err := o.pool.Exec(ctx, sql, id)
	if err != nil {
		return eventstore.Unreachable(fmt.Errorf("decide on command %s: %w", id, err))
	}
	if done.RowsAffected() == 0 {
		return ErrNotFailed
	}
	return nil
}

// Fate is what has become of a command.
type Fate string

// The fates of a command.
const (
	FatePending Fate = "pending" // to be tried, or being tried
	FateFailed  Fate = "failed"
	FateDone    Fate = "done" // or never issued, or discarded
)

// FateOf returns what has become of a command, and the error of its last try.
func (o *Outbox) FateOf(ctx context.Context, id uuid.UUID) (fate Fate, lastError string, err error) {
	const q = `SELECT CASE WHEN failed_at IS NULL THEN 'pending' ELSE 'failed' END, coalesce(error, '')
FROM saga.outbox WHERE id = $1`
	err = o.pool.QueryRow(ctx, q, id).Scan(&fate, &lastError)
	if errors.Is(err, pgx.ErrNoRows) {
		return FateDone, "", nil
	}
	if err != nil {
		return "", "", eventstore.Unreachable(fmt.Errorf("look for command %s: %w", id, err))
	}
	return fate, lastError, nil
}

// Counts are how much is in the outbox.
type Counts struct {
	Pending int64 // commands that are not failed
	Failed  int64
	Timers  int64 // that are pending and due: a sign that timers are not fired
}

// Count returns how much is in the outbox. It reads all of it.
func (o *Outbox) Count(ctx context.Context) (Counts, error) {
	const q = `SELECT
    (SELECT count(*) FROM saga.outbox WHERE failed_at IS NULL),
    (SELECT count(*) FROM saga.outbox WHERE failed_at IS NOT NULL),
    (SELECT count(*) FROM saga.timers WHERE fired_at IS NULL AND due_at <= now())`
	var c Counts
	if err := o.pool.QueryRow(ctx, q).Scan(&c.Pending, &c.Failed, &c.Timers); err != nil {
		return c, eventstore.Unreachable(fmt.Errorf("count the commands: %w", err))
	}
	return c, nil
}

// ForgetErrors removes what is stored of why commands about a person, or about
// emails among the streams, failed: a mail server may have quoted an address.
func ForgetErrors(person uuid.UUID, streamIDs []uuid.UUID) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		const q = `
UPDATE saga.outbox SET error = $3
WHERE error IS NOT NULL AND (payload ->> 'recipient' = $1::text OR (payload ->> 'email')::uuid = ANY ($2))`
		if _, err := tx.Exec(ctx, q, person.String(), streamIDs, domain.Erased); err != nil {
			return fmt.Errorf("forget why commands failed: %w", err)
		}
		return nil
	}
}
