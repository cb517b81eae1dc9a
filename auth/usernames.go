package auth

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore"
)

// Usernames returns the names of those of the people who exist, by their ids.
func (a *Accounts) Usernames(ctx context.Context, of []uuid.UUID) (map[uuid.UUID]string, error) {
	names, err := a.named.Ask(ctx, of)
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("read usernames: %w", err))
	}
	return names, nil
}

// findUsernames reads the names that each of those who ask wants.
func (a *Accounts) findUsernames(ctx context.Context, wanted [][]uuid.UUID) ([]map[uuid.UUID]string, error) {
	const q = `
		SELECT user_id, username
		FROM accounts
		WHERE user_id = ANY ((SELECT $1::uuid[])::uuid[])`
	rows, _ := a.pool.Query(ctx, q, slices.Concat(wanted...)) // ForEachRow returns its error
	all := map[uuid.UUID]string{}
	var id uuid.UUID
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error { all[id] = name; return nil }); err != nil {
		return nil, err
	}
	found := make([]map[uuid.UUID]string, len(wanted))
	for i, ids := range wanted {
		found[i] = make(map[uuid.UUID]string, len(ids))
		for _, id := range ids {
			if name, ok := all[id]; ok {
				found[i][id] = name
			}
		}
	}
	return found, nil
}
