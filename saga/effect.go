package saga

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// Command is something a process manager wants done. Its name is a literal that
// outlives the code, like that of an event.
type Command interface{ Name() string }

// Effect is what a process manager wants to come of an event: one of the types
// below.
type Effect interface{ effect() }

type (
	// SetTimer has the command carried out at an instant, in place of whatever
	// was set for the key. An instant in the past is due at once.
	SetTimer struct {
		Key     uuid.UUID
		DueAt   time.Time
		Command Command
	}
	// CancelTimer calls off what was set for the key.
	CancelTimer struct{ Key uuid.UUID }
	// Issue has the command carried out as soon as possible, once for each ID.
	Issue struct {
		ID      uuid.UUID
		Command Command
	}
)

func (SetTimer) effect()    {}
func (CancelTimer) effect() {}
func (Issue) effect()       {}

// cause is the event behind an effect.
type cause struct {
	EventID       uuid.UUID
	Position      int64
	CorrelationID string
}

func causeOf(e eventstore.Envelope) cause {
	return cause{EventID: e.EventID, Position: e.Position, CorrelationID: e.CorrelationID}
}

// effects collects what is to come of a page, and writes it in a few statements.
type effects struct {
	saga   string
	timers map[uuid.UUID]*timerRow // by key; nil: called off
	outbox []outboxRow
}

// timerRow is a row of saga.timers that is pending.
type timerRow struct {
	TimerID       uuid.UUID       `json:"timer_id"`
	Saga          string          `json:"saga"`
	Key           uuid.UUID       `json:"key"`
	DueAt         time.Time       `json:"due_at"`
	Command       string          `json:"command"`
	Payload       json.RawMessage `json:"payload"`
	CauseID       uuid.UUID       `json:"cause_id"`
	CausePosition int64           `json:"cause_position"`
	CorrelationID string          `json:"correlation_id"`
}

// outboxRow is a row of saga.outbox that was never tried.
type outboxRow struct {
	ID            uuid.UUID       `json:"id"`
	Command       string          `json:"command"`
	Payload       json.RawMessage `json:"payload"`
	CausationID   uuid.UUID       `json:"causation_id"`
	CorrelationID string          `json:"correlation_id"`
}

func newEffects(saga string) *effects {
	return &effects{saga: saga, timers: map[uuid.UUID]*timerRow{}}
}

// add takes the effects of one event. Of several timers for a key the last one
// counts.
func (x *effects) add(c cause, of []Effect) error {
	for _, e := range of {
		switch e := e.(type) {
		case SetTimer:
			payload, err := json.Marshal(e.Command)
			if err != nil {
				return fmt.Errorf("encode %s: %w", e.Command.Name(), err)
			}
			x.timers[e.Key] = &timerRow{
				TimerID: uuid.New(), Saga: x.saga, Key: e.Key, DueAt: e.DueAt,
				Command: e.Command.Name(), Payload: payload,
				CauseID: c.EventID, CausePosition: c.Position, CorrelationID: c.CorrelationID,
			}
		case CancelTimer:
			x.timers[e.Key] = nil
		case Issue:
			payload, err := json.Marshal(e.Command)
			if err != nil {
				return fmt.Errorf("encode %s: %w", e.Command.Name(), err)
			}
			x.outbox = append(x.outbox, outboxRow{
				ID: e.ID, Command: e.Command.Name(), Payload: payload,
				CausationID: c.EventID, CorrelationID: c.CorrelationID,
			})
		}
	}
	return nil
}

const (
	cancelTimersSQL = `DELETE FROM saga.timers WHERE saga = $1 AND key = ANY ($2) AND fired_at IS NULL`

	// A pending timer that is being fired at this moment is waited for: once it
	// has fired it is pending no more, and the new one is added beside it.
	setTimersSQL = `
INSERT INTO saga.timers (timer_id, saga, key, due_at, command, payload, cause_id, cause_position, correlation_id)
SELECT timer_id, saga, key, due_at, command, payload, cause_id, cause_position, correlation_id
FROM json_populate_recordset(NULL::saga.timers, $1::json)
ON CONFLICT (saga, key) WHERE fired_at IS NULL DO UPDATE SET
    timer_id = excluded.timer_id,
    due_at = excluded.due_at,
    command = excluded.command,
    payload = excluded.payload,
    cause_id = excluded.cause_id,
    cause_position = excluded.cause_position,
    correlation_id = excluded.correlation_id,
    set_at = now()`

	issueSQL = `
INSERT INTO saga.outbox (id, command, payload, causation_id, correlation_id)
SELECT id, command, payload, causation_id, correlation_id
FROM json_populate_recordset(NULL::saga.outbox, $1::json)
ON CONFLICT (id) DO NOTHING`
)

// write writes what was added.
func (x *effects) write(ctx context.Context, tx pgx.Tx) error {
	var set []timerRow
	var cancelled []uuid.UUID
	for key, row := range x.timers {
		if row == nil {
			cancelled = append(cancelled, key)
		} else {
			set = append(set, *row)
		}
	}
	if len(cancelled) > 0 {
		if _, err := tx.Exec(ctx, cancelTimersSQL, x.saga, cancelled); err != nil {
			return fmt.Errorf("cancel timers: %w", err)
		}
	}
	if err := follow.WriteRows(ctx, tx, setTimersSQL, set); err != nil {
		return fmt.Errorf("set timers: %w", err)
	}
	if err := follow.WriteRows(ctx, tx, issueSQL, x.outbox); err != nil {
		return fmt.Errorf("issue commands: %w", err)
	}
	return nil
}
