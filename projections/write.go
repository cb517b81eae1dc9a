package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// How projections write a page: each table by one statement for all of its rows,
// and all statements in one round trip. Rows of which there are about as many as
// events travel as arrays, one a column, which costs half the time of JSON;
// the few others as JSON, member for column, which is easier to read.

// Write is a statement of [WriteAll].
type Write struct {
	What string // it does, for the error
	SQL  string
	Args []any
	N    int   // how many rows it writes
	Err  error // of encoding the rows
}

// RowsTo is a statement whose only parameter is rows as a JSON array.
func RowsTo[R any](what, sql string, rows []R) Write {
	data, err := json.Marshal(rows)
	return Write{What: what, SQL: sql, Args: []any{string(data)}, N: len(rows), Err: err}
}

// IDsTo is a statement whose only parameter is an array of ids.
func IDsTo(what, sql string, ids []uuid.UUID) Write {
	return Write{What: what, SQL: sql, Args: []any{ids}, N: len(ids)}
}

// WriteAll runs statements in their order, in one round trip; those without rows
// are left out.
func WriteAll(ctx context.Context, tx pgx.Tx, writes ...Write) (err error) {
	var b pgx.Batch
	for _, w := range writes {
		if w.Err != nil {
			return fmt.Errorf("%s: encode rows: %w", w.What, w.Err)
		}
		if w.N > 0 {
			b.Queue(w.SQL, w.Args...)
		}
	}
	if b.Len() == 0 {
		return nil
	}
	answers := tx.SendBatch(ctx, &b)
	defer func() { err = errors.Join(err, answers.Close()) }()
	for _, w := range writes {
		if w.N == 0 {
			continue
		}
		if _, err := answers.Exec(); err != nil {
			return fmt.Errorf("%s: %w", w.What, err)
		}
	}
	return nil
}
