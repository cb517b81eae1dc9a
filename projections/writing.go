package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// How projectors write a page: each table by one statement for all of its rows,
// and all statements in one round trip. Rows of which there are about as many as
// events travel as arrays, one a column, which costs half the time of JSON;
// the few others as JSON, member for column, which is easier to read.

// rowWrite is a statement of [writeAll], for n rows.
type rowWrite struct {
	what string // it does, for the error
	sql  string
	args []any
	n    int
	err  error // of encoding the rows
}

// column returns one member of each row, as the array of its column.
func column[R, T any](rows []*R, of func(*R) T) pgtype.FlatArray[T] {
	all := make(pgtype.FlatArray[T], len(rows))
	for i, row := range rows {
		all[i] = of(row)
	}
	return all
}

// rowsTo is a statement whose only parameter is rows as a JSON array.
func rowsTo[R any](what, sql string, rows []R) rowWrite {
	data, err := json.Marshal(rows)
	return rowWrite{what: what, sql: sql, args: []any{string(data)}, n: len(rows), err: err}
}

// idsTo is a statement whose only parameter is an array of ids.
func idsTo(what, sql string, ids []uuid.UUID) rowWrite {
	return rowWrite{what: what, sql: sql, args: []any{ids}, n: len(ids)}
}

// writeAll runs statements in their order, in one round trip; those without rows
// are left out.
func writeAll(ctx context.Context, tx pgx.Tx, writes ...rowWrite) (err error) {
	var b pgx.Batch
	for _, w := range writes {
		if w.err != nil {
			return fmt.Errorf("%s: encode rows: %w", w.what, w.err)
		}
		if w.n > 0 {
			b.Queue(w.sql, w.args...)
		}
	}
	if b.Len() == 0 {
		return nil
	}
	answers := tx.SendBatch(ctx, &b)
	defer func() { err = errors.Join(err, answers.Close()) }()
	for _, w := range writes {
		if w.n == 0 {
			continue
		}
		if _, err := answers.Exec(); err != nil {
			return fmt.Errorf("%s: %w", w.what, err)
		}
	}
	return nil
}
