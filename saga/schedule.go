package saga

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
)

// Schedule finds when tickets escalate. It is safe for concurrent use.
type Schedule struct{ pool *pgxpool.Pool }

// NewSchedule makes it over a pool.
func NewSchedule(pool *pgxpool.Pool) *Schedule { return &Schedule{pool: pool} }

const scheduleSQL = `SELECT key, due_at FROM saga.timers
WHERE saga = $1 AND key = ANY ($2) AND fired_at IS NULL`

// Due returns when the tickets of these ids escalate unless something is done,
// by the database's clock. A ticket that does not is left out: it is resolved or
// closed, escalated already, or of a priority that may wait for ever.
func (s *Schedule) Due(ctx context.Context, tickets []uuid.UUID) (map[uuid.UUID]time.Time, error) {
	due := map[uuid.UUID]time.Time{}
	if len(tickets) == 0 {
		return due, nil
	}
	rows, _ := s.pool.Query(ctx, scheduleSQL, EscalationName, tickets) // ForEachRow returns its error
	var id uuid.UUID
	var at time.Time
	_, err := pgx.ForEachRow(rows, []any{&id, &at}, func() error {
		due[id] = at
		return nil
	})
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("look when tickets escalate: %w", err))
	}
	return due, nil
}

// Pending returns timers that have not fired, the first due first: at most limit
// of those behind the one that is due at an instant and has an id. The zero
// instant is the beginning of time.
func (s *Schedule) Pending(ctx context.Context, after time.Time, afterID uuid.UUID, limit int) ([]Pending, error) {
	from := pgtype.Timestamptz{Time: after, Valid: true}
	if after.IsZero() {
		from = pgtype.Timestamptz{InfinityModifier: pgtype.NegativeInfinity, Valid: true}
	}
	end := pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
	rows, _ := s.pool.Query(ctx, pendingSQL, EscalationName, from, afterID, end, limit) // CollectRows returns its error
	pending, err := pgx.CollectRows(rows, pgx.RowToStructByName[Pending])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("list the pending timers: %w", err))
	}
	return pending, nil
}

// Policy returns the policy the pending timers were set with; known is false
// while no process has adopted one.
func (s *Schedule) Policy(ctx context.Context) (p Policy, known bool, err error) {
	return PolicyInForce(ctx, s.pool)
}
