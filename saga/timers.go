package saga

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
)

// Pace of the timers. After an outage many may be due: they fire in the order
// they were due in, at most firePage every firePause, a thousand a second.
const (
	firePage  = 100
	firePause = 100 * time.Millisecond
	fireRetry = 2 * time.Second // after an error
)

// Timers fires what is due: it turns pending timers into commands in the
// outbox. Any number of processes may run it on one database; each timer fires
// once, and never early by the database clock. It looks when a timer that it knows of
// comes due, and when it is woken: of what other processes set a [Processor] tells it.
type Timers struct {
	pool  *pgxpool.Pool
	set   *Notifier // woken when timers were set
	fired func()
	log   *slog.Logger
}

// Notifier wakes whoever waits for work in the same process; see [eventstore.Notifier].
type Notifier = eventstore.Notifier

// NewTimers makes the loop. set wakes it; it calls fired when it put commands
// into the outbox.
func NewTimers(pool *pgxpool.Pool, set *Notifier, fired func(), log *slog.Logger) *Timers {
	return &Timers{pool: pool, set: set, fired: fired, log: log}
}

// fireSQL fires the timers that are due, the longest due first. now() and not
// clock_timestamp(), which no index can be searched for; it is the start of the
// transaction and so never ahead. Where nothing is due nothing is locked or
// written.
const fireSQL = `
WITH due AS (
    SELECT timer_id FROM saga.timers
    WHERE fired_at IS NULL AND due_at <= now()
    ORDER BY due_at, timer_id
    LIMIT $1
    FOR UPDATE SKIP LOCKED
), fired AS (
    UPDATE saga.timers SET fired_at = now()
    FROM due WHERE timers.timer_id = due.timer_id
    RETURNING timers.timer_id, timers.key, timers.due_at, timers.command, timers.payload, timers.correlation_id
), issued AS (
    INSERT INTO saga.outbox (id, command, payload, causation_id, correlation_id, due_at)
    SELECT timer_id, command, payload, timer_id, correlation_id, due_at FROM fired
)
SELECT timer_id, key, due_at FROM fired ORDER BY due_at, timer_id`

// nextSQL returns how long it is until the next timer is due, in seconds.
const nextSQL = `
SELECT extract(epoch FROM due_at - clock_timestamp())::float8
FROM saga.timers WHERE fired_at IS NULL
ORDER BY due_at, timer_id LIMIT 1`

// Fired is a timer that became a command of the same id.
type Fired struct {
	TimerID uuid.UUID
	Key     uuid.UUID
	DueAt   time.Time
}

// FireDue fires up to limit of the timers that are due, and returns which.
func (t *Timers) FireDue(ctx context.Context, limit int) ([]Fired, error) {
	rows, _ := t.pool.Query(ctx, fireSQL, limit) // CollectRows returns its error
	fired, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Fired])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("fire the timers that are due: %w", err))
	}
	if len(fired) > 0 {
		t.fired()
	}
	return fired, nil
}

// Run fires timers as they come due, until ctx ends.
func (t *Timers) Run(ctx context.Context) error {
	woken, stop := t.set.Listen()
	defer stop()
	failures := 0
	for ctx.Err() == nil {
		pause, err := t.runOnce(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			failures++
			t.log.Warn("timers could not be fired", "error", err, "failures", failures)
			pause = fireRetry
		default:
			failures = 0
		}
		if pause <= 0 {
			continue
		}
		wake := woken
		if pause == firePause {
			wake = nil // more are due: this is the cap on their rate
		}
		sleep(ctx, pause, wake)
	}
	return nil
}

// runOnce fires a page, if a timer is due, and returns how long to wait for the next.
func (t *Timers) runOnce(ctx context.Context) (pause time.Duration, err error) {
	wait, err := t.untilNext(ctx)
	if err != nil || wait > 0 {
		return wait, err
	}
	fired, err := t.FireDue(ctx, firePage)
	switch {
	case err != nil:
		return 0, err
	case len(fired) == firePage:
		return firePause, nil
	case len(fired) == 0: // another process holds it right now: not to spin on it
		return time.Millisecond, nil
	}
	return 0, nil
}

// untilNext returns how long it is until the next timer is due, at most as long as
// one may sleep; 0 and less: it is.
func (t *Timers) untilNext(ctx context.Context) (time.Duration, error) {
	var seconds float64
	err := t.pool.QueryRow(ctx, nextSQL).Scan(&seconds)
	if errors.Is(err, pgx.ErrNoRows) {
		return longestSleep, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for the next timer: %w", err)
	}
	return time.Duration(min(seconds, longestSleep.Seconds()) * float64(time.Second)), nil
}

// sleep waits for d, or until woken or the end of ctx.
func sleep(ctx context.Context, d time.Duration, woken <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-woken:
	case <-timer.C:
	}
}
