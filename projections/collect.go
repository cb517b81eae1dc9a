package projections

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Collect reads all rows as [pgx.RowToStructByName] does, but looks up once where each
// column goes: for a page of tickets that is a third of the work. The last columns
// go into more, which has the values of the last row.
func Collect[R any](rows pgx.Rows, more ...any) ([]R, error) {
	defer rows.Close()
	all := make([]R, 0, 32) // a page
	var row *R
	var err error
	first := placed{CollectableRow: rows, more: more}
	for rows.Next() {
		if row == nil {
			row, err = pgx.RowToAddrOfStructByName[R](&first)
		} else {
			err = rows.Scan(first.into...)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, *row)
	}
	return all, rows.Err()
}

// placed is a row that remembers where its columns go.
type placed struct {
	pgx.CollectableRow
	into, more []any
}

func (p *placed) FieldDescriptions() []pgconn.FieldDescription {
	all := p.CollectableRow.FieldDescriptions()
	return all[:len(all)-len(p.more)]
}

func (p *placed) Scan(dest ...any) error {
	p.into = append(dest, p.more...)
	return p.CollectableRow.Scan(p.into...)
}
