package projections

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/projections/view"
)

// Pairs reads the rows of a query, an id and a value each.
func Pairs[V any](ctx context.Context, pool *pgxpool.Pool, sql string, args ...any) (map[uuid.UUID]V, error) {
	all := map[uuid.UUID]V{}
	rows, _ := pool.Query(ctx, sql, args...) // ForEachRow returns its error
	var id uuid.UUID
	var v V
	_, err := pgx.ForEachRow(rows, []any{&id, &v}, func() error {
		all[id] = v
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look up values by id: %w", err)
	}
	return all, nil
}

// Usernames returns the present names of people by their ids.
func Usernames(ctx context.Context, pool *pgxpool.Pool, ids []uuid.UUID) (view.Names, error) {
	return Pairs[string](ctx, pool, `SELECT id, username FROM read.users WHERE id = ANY ($1)`, ids)
}
