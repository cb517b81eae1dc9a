package eventstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
)

// What followers have in common in writing their tables.

// Types returns the names under which events of the types of these are stored,
// those from before included, for [Follower].Types.
func Types(events ...domain.Event) []string {
	var names []string
	for _, e := range events {
		names = append(names, domain.StoredNames(e)...)
	}
	return names
}

// TypesOf is [Types] for all events of an aggregate.
func TypesOf(aggregate []domain.EventType) []string {
	var names []string
	for _, t := range aggregate {
		names = append(names, t.Names...)
	}
	return names
}

// WriteRows runs a statement whose only parameter is rows as a JSON array; it
// does nothing without rows. Rows travel as JSON, member for column, which keeps
// a statement readable where twenty parallel arrays would not be.
func WriteRows[R any](ctx context.Context, tx pgx.Tx, sql string, rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	data, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("encode rows: %w", err)
	}
	_, err = tx.Exec(ctx, sql, string(data))
	return err
}
