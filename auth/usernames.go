package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore"
)

const usernamesSQL = `
	SELECT user_id, username
	FROM accounts
	WHERE user_id = ANY ($1)`

// Usernames returns the names of those of the people who exist, by their ids.
func (a *Accounts) Usernames(ctx context.Context, of []uuid.UUID) (map[uuid.UUID]string, error) {
	rows, err := a.pool.Query(ctx, usernamesSQL, of)
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("read usernames: %w", err))
	}
	names := make(map[uuid.UUID]string, len(of))
	var id uuid.UUID
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error { names[id] = name; return nil }); err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("read usernames: %w", err))
	}
	return names, nil
}
