package saga

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
)

// Schedule tells when tickets escalate. It is safe for concurrent use.
type Schedule struct{ pool *pgxpool.Pool }

// NewSchedule makes it over a pool.
func NewSchedule(pool *pgxpool.Pool) *Schedule { return &Schedule{pool: pool} }

const scheduleSQL = `SELECT key, due_at FROM saga.timers
WHERE saga = $1 AND key = ANY ($2) AND fired_at IS NULL`

// Due answers when the tickets of these ids escalate unless something is done,
// by the database's clock. A ticket that does not is left out: it is resolved or
// closed, escalated already, or of a priority that may wait for ever.
func (s *Schedule) Due(ctx context.Context, tickets []uuid.UUID) (map[uuid.UUID]time.Time, error) {
	due := map[uuid.UUID]time.Time{}
	if len(tickets) == 0 {
		return due, nil
	}
	rows, _ := s.pool.Query(ctx, scheduleSQL, EscalationName, tickets) // ForEachRow answers its error
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
