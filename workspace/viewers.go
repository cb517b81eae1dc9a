package workspace

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// Stay is how long somebody counts as looking at a ticket after their page last
// said so. Pages say so more than twice as often.
const Stay = 45 * time.Second

// Viewers knows who has which ticket open. It is safe for concurrent use, by
// several processes too: they share a table, by the database's clock.
type Viewers struct{ pool *pgxpool.Pool }

// NewViewers makes it over a pool.
func NewViewers(pool *pgxpool.Pool) *Viewers { return &Viewers{pool: pool} }

// arriveSQL notes a viewer and returns the others. Whoever went without a word
// is removed by the next who comes, anywhere.
const arriveSQL = `
WITH gone AS (
    DELETE FROM ticket_viewers
    WHERE (ticket_id, user_id) IN (
        SELECT ticket_id, user_id FROM ticket_viewers
        WHERE seen_at < now() - $3::interval
        ORDER BY seen_at
        LIMIT 20
        FOR UPDATE SKIP LOCKED)
      AND (ticket_id, user_id) <> ($1, $2)
), here AS (
    INSERT INTO ticket_viewers (ticket_id, user_id) VALUES ($1, $2)
    ON CONFLICT (ticket_id, user_id) DO UPDATE SET seen_at = now()
)
SELECT a.username
FROM ticket_viewers AS v JOIN accounts AS a ON a.user_id = v.user_id
WHERE v.ticket_id = $1 AND v.user_id <> $2 AND v.seen_at >= now() - $3::interval
ORDER BY a.username`

// Arrive notes that somebody has the ticket open, and returns the usernames of
// the others who have.
func (v *Viewers) Arrive(ctx context.Context, ticket uuid.UUID, who domain.UserID) (others []string, err error) {
	rows, _ := v.pool.Query(ctx, arriveSQL, ticket, who.UUID, Stay) // CollectRows answers its error
	others, err = pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("note who looks at a ticket: %w", err))
	}
	return others, nil
}

// Leave notes that somebody closed the ticket's page.
func (v *Viewers) Leave(ctx context.Context, ticket uuid.UUID, who domain.UserID) error {
	const q = `DELETE FROM ticket_viewers WHERE ticket_id = $1 AND user_id = $2`
	if _, err := v.pool.Exec(ctx, q, ticket, who.UUID); err != nil {
		return eventstore.Unreachable(fmt.Errorf("note who left a ticket: %w", err))
	}
	return nil
}
