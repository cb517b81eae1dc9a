package saga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// EscalationName is the name of the escalation's follower.
const EscalationName = "escalation"

// Escalation returns the process manager that has tickets escalate when they
// waited too long. woken is called when it may have set timers.
func Escalation(p Policy, woken func()) follow.Follower {
	return follow.Follower{
		Name: EscalationName,
		Types: eventstore.Types(ticket.Opened{}, ticket.Prioritised{}, ticket.Assigned{}, ticket.Unassigned{}, ticket.Started{}, ticket.Resolved{}, ticket.Closed{},
			ticket.Reopened{}, ticket.Returned{}, ticket.Escalated{}, ticket.Exempted{}, ticket.Deleted{},
			ticket.Restored{}),
		Apply: func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
			return p.apply(ctx, tx, events)
		},
		Forget:    forgetWaits,
		Committed: woken,
	}
}

// waitRow is a row of saga.escalation.
type waitRow struct {
	Wait
	CauseID       uuid.UUID `json:"cause_id"`
	CausePosition int64     `json:"cause_position"`
	CorrelationID string    `json:"correlation_id"`
}

const waitColumns = `ticket_id, priority, status, assigned, opening, since, escalated, imported_at, cause_id, cause_position, correlation_id`

const (
	loadWaitsSQL = `SELECT ` + waitColumns + ` FROM saga.escalation WHERE ticket_id = ANY ($1)`

	writeWaitsSQL = `
INSERT INTO saga.escalation (` + waitColumns + `)
SELECT ` + waitColumns + ` FROM json_populate_recordset(NULL::saga.escalation, $1::json)
ON CONFLICT (ticket_id) DO UPDATE SET
    priority = excluded.priority,
    status = excluded.status,
    assigned = excluded.assigned,
    opening = excluded.opening,
    since = excluded.since,
    escalated = excluded.escalated,
    imported_at = excluded.imported_at,
    cause_id = excluded.cause_id,
    cause_position = excluded.cause_position,
    correlation_id = excluded.correlation_id`

	forgetWaitsSQL = `DELETE FROM saga.escalation WHERE ticket_id = ANY ($1)`
)

func (p Policy) apply(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	waits, err := loadWaits(ctx, tx, events)
	if err != nil {
		return err
	}
	x := newEffects(EscalationName)
	for _, e := range events {
		w := waits[e.StreamID]
		var of []Effect
		w.Wait, of = p.React(w.Wait, e)
		c := causeOf(e)
		w.CauseID, w.CausePosition, w.CorrelationID = c.EventID, c.Position, c.CorrelationID
		if err := x.add(c, of); err != nil {
			return err
		}
	}
	var rows []waitRow
	var gone []uuid.UUID
	for id, w := range waits {
		if w.Deleted {
			gone = append(gone, id)
		} else {
			rows = append(rows, *w)
		}
	}
	if err := follow.WriteRows(ctx, tx, writeWaitsSQL, rows); err != nil {
		return fmt.Errorf("write the waiting tickets: %w", err)
	}
	if err := forgetWaits(ctx, tx, gone); err != nil {
		return err
	}
	return x.write(ctx, tx)
}

func forgetWaits(ctx context.Context, tx pgx.Tx, tickets []uuid.UUID) error {
	if len(tickets) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, forgetWaitsSQL, tickets); err != nil {
		return fmt.Errorf("forget tickets that wait: %w", err)
	}
	return nil
}

func loadWaits(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (map[uuid.UUID]*waitRow, error) {
	waits := map[uuid.UUID]*waitRow{}
	var known []uuid.UUID
	for _, e := range events {
		if waits[e.StreamID] != nil {
			continue
		}
		waits[e.StreamID] = &waitRow{}
		if e.Version > 1 {
			known = append(known, e.StreamID)
		}
	}
	if len(known) == 0 {
		return waits, nil
	}
	rows, _ := tx.Query(ctx, loadWaitsSQL, known) // CollectRows returns its error
	loaded, err := pgx.CollectRows(rows, pgx.RowToStructByName[waitRow])
	if err != nil {
		return nil, fmt.Errorf("load the waiting tickets: %w", err)
	}
	for _, w := range loaded {
		waits[w.TicketID] = &w
	}
	return waits, nil
}

// adoptPage is how many tickets have their timers reckoned anew in one
// statement.
const adoptPage = 5000

const (
	lockPolicySQL = `
INSERT INTO checkpoints (name) VALUES ($1)
ON CONFLICT (name) DO UPDATE SET name = excluded.name`

	readPolicySQL = `SELECT policy FROM saga.policies WHERE saga = $1`

	writePolicySQL = `
INSERT INTO saga.policies (saga, policy) VALUES ($1, $2)
ON CONFLICT (saga) DO UPDATE SET policy = excluded.policy`

	pageOfWaitsSQL = `
SELECT ` + waitColumns + ` FROM saga.escalation
WHERE ticket_id > $1 AND NOT escalated AND (status = ANY ($2) OR (status = 'in-progress' AND NOT assigned))
ORDER BY ticket_id LIMIT $3`

	cancelAllSQL = `DELETE FROM saga.timers WHERE saga = $1 AND fired_at IS NULL`
)

// Adopt makes the policy the one in force: when it differs from the one the
// pending timers were set with, they are all reckoned anew, and who asked learns
// how many there are. The follower waits meanwhile. Processes with different
// policies on one database undo each other's; the last one to start wins.
func (p Policy) Adopt(ctx context.Context, pool *pgxpool.Pool) (changed bool, pending int, err error) {
	policy, err := json.Marshal(p)
	if err != nil {
		return false, 0, fmt.Errorf("encode the escalation policy: %w", err)
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		// The checkpoint's row is what the follower holds while it applies a page.
		if _, err := tx.Exec(ctx, lockPolicySQL, EscalationName); err != nil {
			return fmt.Errorf("wait for the escalation: %w", err)
		}
		var inForce string
		err := tx.QueryRow(ctx, readPolicySQL, EscalationName).Scan(&inForce)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("read the escalation policy: %w", err)
		}
		if inForce == string(policy) {
			return nil
		}
		changed = true
		if pending, err = p.reckon(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, writePolicySQL, EscalationName, string(policy)); err != nil {
			return fmt.Errorf("write the escalation policy: %w", err)
		}
		return nil
	})
	return changed, pending, eventstore.Unreachable(err)
}

// PolicyInForce returns the policy the pending timers were set with; known is
// false while no process has adopted one.
func PolicyInForce(ctx context.Context, pool *pgxpool.Pool) (p Policy, known bool, err error) {
	var text string
	err = pool.QueryRow(ctx, readPolicySQL, EscalationName).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, eventstore.Unreachable(fmt.Errorf("read the escalation policy: %w", err))
	}
	return p, true, json.Unmarshal([]byte(text), &p)
}

// reckon sets the timer of every ticket that waits, in place of all there were.
func (p Policy) reckon(ctx context.Context, tx pgx.Tx) (pending int, err error) {
	if _, err := tx.Exec(ctx, cancelAllSQL, EscalationName); err != nil {
		return 0, fmt.Errorf("cancel the pending timers: %w", err)
	}
	for after := uuid.Nil; ; {
		rows, _ := tx.Query(ctx, pageOfWaitsSQL, after, p.Waiting, adoptPage) // CollectRows returns its error
		page, err := pgx.CollectRows(rows, pgx.RowToStructByName[waitRow])
		if err != nil {
			return pending, fmt.Errorf("read the waiting tickets: %w", err)
		}
		x := newEffects(EscalationName)
		for _, w := range page {
			due, waits := p.due(w.Wait)
			if !waits {
				continue
			}
			pending++
			c := cause{EventID: w.CauseID, Position: w.CausePosition, CorrelationID: w.CorrelationID}
			if err := x.add(c, []Effect{p.timer(w.Wait, due)}); err != nil {
				return pending, err
			}
		}
		if err := x.write(ctx, tx); err != nil {
			return pending, err
		}
		if len(page) < adoptPage {
			return pending, nil
		}
		after = page[len(page)-1].TicketID
	}
}

// Pending is a timer of the escalation that has not fired.
type Pending struct {
	TimerID  uuid.UUID
	TicketID uuid.UUID
	Opening  int
	Priority ticket.Priority
	DueAt    time.Time
	Due      bool // by the database clock
}

// pendingPage is how many pending timers are read at once.
const pendingPage = 1000

const pendingSQL = `
SELECT timer_id, key AS ticket_id, (payload ->> 'opening')::int AS opening, payload ->> 'priority' AS priority,
    due_at, due_at <= now() AS due
FROM saga.timers
WHERE saga = $1 AND fired_at IS NULL AND (due_at, timer_id) > ($2, $3) AND due_at <= $4
ORDER BY due_at, timer_id
LIMIT $5`

// PendingEscalations gives the timers due until an instant to each, the first
// due first, and ends with the error of each, if any. The zero instant is the
// end of time.
func PendingEscalations(ctx context.Context, pool *pgxpool.Pool, until time.Time, each func(Pending) error) error {
	bound := pgtype.Timestamptz{Time: until, Valid: true}
	if until.IsZero() {
		bound = pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
	}
	last := pgtype.Timestamptz{InfinityModifier: pgtype.NegativeInfinity, Valid: true}
	for id := uuid.Nil; ; {
		rows, _ := pool.Query(ctx, pendingSQL, EscalationName, last, id, bound, pendingPage) // CollectRows returns its error
		page, err := pgx.CollectRows(rows, pgx.RowToStructByName[Pending])
		if err != nil {
			return eventstore.Unreachable(fmt.Errorf("list the pending timers: %w", err))
		}
		for _, p := range page {
			if err := each(p); err != nil {
				return err
			}
		}
		if len(page) < pendingPage {
			return nil
		}
		end := page[len(page)-1]
		last, id = pgtype.Timestamptz{Time: end.DueAt, Valid: true}, end.TimerID
	}
}
