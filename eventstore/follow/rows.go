package follow

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

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
