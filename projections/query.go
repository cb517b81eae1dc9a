package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// List is a query for one page of rows of type R.
type List[R any] struct {
	From  string // the table with its alias
	Where Where
	// Reasons, when there are any, are conditions of which a row of alias t must
	// fulfil one: each finds its rows by an index of its own.
	Reasons []string
	Key     string // the column or expression ordered by
	Cast    string // the SQL type a cursor's key is read back as
	ID      string // the column that makes the order total
	Desc    bool
	// Columns are those chosen; "" is all of them.
	Columns string
	// Shape turns the chosen rows, named "chosen", into columns of R. It must
	// return them in the order of "place".
	Shape string
	// At returns where a cursor beside a row is.
	At func(R) (key string, id uuid.UUID)
}

// Page reads one page. It asks for one row more than wanted, to know whether
// another page follows.
func (l List[R]) Page(ctx context.Context, pool *pgxpool.Pool, p Page) (Slice[R], error) {
	back := p.Cursor != nil && p.Cursor.Back
	desc := l.Desc != back
	w := l.Where.clone()
	if c := p.Cursor; c != nil {
		sign := ">"
		if desc {
			sign = "<"
		}
		w.Add(fmt.Sprintf("(%s, %s) %s (?::text::%s, ?)", l.Key, l.ID, sign, l.Cast), c.Key, c.ID)
	}
	direction := "ASC"
	if desc {
		direction = "DESC"
	}
	order := fmt.Sprintf(" ORDER BY %[1]s %[3]s, %[2]s %[3]s", l.Key, l.ID, direction)
	limit := fmt.Sprintf(" LIMIT %d", p.Size+1)
	from := w.From(l.From, l.Reasons, "t.*", order+limit)
	chosen := "SELECT " + cmp.Or(l.Columns, "*") + ", row_number() OVER (" + order + ") AS place FROM " + from + order + limit
	rows, _ := pool.Query(ctx, "WITH chosen AS ("+chosen+") "+l.Shape, Planned(w.Args)...) // CollectRows returns its error
	items, err := pgx.CollectRows(rows, pgx.RowToStructByName[R])
	if err != nil {
		return Slice[R]{}, eventstore.Unreachable(fmt.Errorf("list by %s: %w", l.Key, err))
	}
	slice := l.Cut(items, p, back)
	if !p.Count {
		return slice, nil
	}
	var n int64
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM "+l.Where.From(l.From, l.Reasons, "1", ""), Planned(l.Where.Args)...).Scan(&n); err != nil {
		return Slice[R]{}, eventstore.Unreachable(fmt.Errorf("count by %s: %w", l.Key, err))
	}
	slice.Count = &n
	return slice, nil
}

// Planned has a list's query planned anew for these arguments. Which index is
// best depends on them; for a prepared statement Postgres settles after five
// times for one plan whatever they are, and then walks a whole list in its
// order for a part of a title that hardly any has.
func Planned(args []any) []any {
	return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
}

// Cut takes the row too many off items and makes the cursors around the rest.
func (l List[R]) Cut(items []R, p Page, back bool) Slice[R] {
	more := len(items) > p.Size
	if more {
		items = items[:p.Size]
	}
	if back {
		slices.Reverse(items)
	}
	s := Slice[R]{Items: items}
	if len(items) == 0 {
		return s
	}
	if more || back {
		s.Next = l.cursor(items[len(items)-1], false)
	}
	if (more && back) || (p.Cursor != nil && !back) {
		s.Previous = l.cursor(items[0], true)
	}
	return s
}

func (l List[R]) cursor(row R, back bool) *Cursor {
	key, id := l.At(row)
	return &Cursor{Key: key, ID: id, Back: back}
}

// Querier is a pool, or a transaction on it.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// One reads the single row of a query, [domain.ErrNotFound] when there is none.
func One[R any](ctx context.Context, db Querier, what, sql string, args ...any) (R, error) {
	rows, _ := db.Query(ctx, sql, args...) // CollectOneRow returns its error
	row, err := pgx.CollectOneRow(rows, pgx.RowToStructByName[R])
	if errors.Is(err, pgx.ErrNoRows) {
		return row, domain.ErrNotFound
	}
	if err != nil {
		return row, eventstore.Unreachable(fmt.Errorf("read %s: %w", what, err))
	}
	return row, nil
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Containing returns the LIKE pattern for texts that contain part.
func Containing(part string) string { return "%" + likeEscaper.Replace(part) + "%" }
