package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// Reader returns queries on the read models. It is safe for concurrent use.
type Reader struct {
	pool *pgxpool.Pool
}

// NewReader makes the reader over a pool.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// where collects the conditions of a query and their arguments.
type where struct {
	conditions []string
	args       []any
}

// add adds a condition in which each ? stands for the next of args.
func (w *where) add(condition string, args ...any) {
	for _, a := range args {
		condition = strings.Replace(condition, "?", w.arg(a), 1)
	}
	w.conditions = append(w.conditions, condition)
}

// arg adds an argument and answers what stands for it.
func (w *where) arg(a any) string {
	w.args = append(w.args, a)
	return "$" + strconv.Itoa(len(w.args))
}

func (w where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// and returns the conditions as they go on after others.
func (w where) and() string {
	var b strings.Builder
	for _, c := range w.conditions {
		b.WriteString(" AND " + c)
	}
	return b.String()
}

// clone returns a copy that can be added to without changing w.
func (w where) clone() where {
	return where{conditions: slices.Clone(w.conditions), args: slices.Clone(w.args)}
}

// list is a query for one page of rows of type R.
type list[R any] struct {
	from  string // the table with its alias
	where where
	// reasons, when there are any, are conditions of which a row of alias t must
	// fulfil one: each finds its rows by an index of its own.
	reasons []string
	key     string // the column or expression ordered by
	cast    string // the SQL type a cursor's key is read back as
	id      string // the column that makes the order total
	desc    bool
	// columns are those chosen; "" is all of them.
	columns string
	// shape turns the chosen rows, named "chosen", into columns of R. It must
	// answer them in the order of "place".
	shape string
	at    func(R) (key string, id uuid.UUID)
}

// page reads one page. It asks for one row more than wanted, to know whether
// another page follows.
func (l list[R]) page(ctx context.Context, pool *pgxpool.Pool, p Page) (Slice[R], error) {
	back := p.Cursor != nil && p.Cursor.Back
	desc := l.desc != back
	w := l.where.clone()
	if c := p.Cursor; c != nil {
		sign := ">"
		if desc {
			sign = "<"
		}
		w.add(fmt.Sprintf("(%s, %s) %s (?::text::%s, ?)", l.key, l.id, sign, l.cast), c.Key, c.ID)
	}
	direction := "ASC"
	if desc {
		direction = "DESC"
	}
	order := fmt.Sprintf(" ORDER BY %[1]s %[3]s, %[2]s %[3]s", l.key, l.id, direction)
	limit := fmt.Sprintf(" LIMIT %d", p.Size+1)
	from := w.from(l.from, l.reasons, "t.*", order+limit)
	chosen := "SELECT " + cmp.Or(l.columns, "*") + ", row_number() OVER (" + order + ") AS place FROM " + from + order + limit
	rows, _ := pool.Query(ctx, "WITH chosen AS ("+chosen+") "+l.shape, planned(w.args)...) // CollectRows answers its error
	items, err := pgx.CollectRows(rows, pgx.RowToStructByName[R])
	if err != nil {
		return Slice[R]{}, eventstore.Unreachable(fmt.Errorf("list by %s: %w", l.key, err))
	}
	slice := l.cut(items, p, back)
	if !p.Count {
		return slice, nil
	}
	var n int64
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM "+l.where.from(l.from, l.reasons, "1", ""), planned(l.where.args)...).Scan(&n); err != nil {
		return Slice[R]{}, eventstore.Unreachable(fmt.Errorf("count by %s: %w", l.key, err))
	}
	slice.Count = &n
	return slice, nil
}

// planned has a list's query planned anew for these arguments. Which index is
// best depends on them; for a prepared statement Postgres settles after five
// times for one plan whatever they are, and then walks a whole list in its
// order for a part of a title that hardly any has.
func planned(args []any) []any {
	return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
}

// cut takes the row too many off items and makes the cursors around the rest.
func (l list[R]) cut(items []R, p Page, back bool) Slice[R] {
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

func (l list[R]) cursor(row R, back bool) *Cursor {
	key, id := l.at(row)
	return &Cursor{Key: key, ID: id, Back: back}
}

// querier is a pool, or a transaction on it.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// one reads the single row of a query, [domain.ErrNotFound] when there is none.
func one[R any](ctx context.Context, db querier, what, sql string, args ...any) (R, error) {
	rows, _ := db.Query(ctx, sql, args...) // CollectOneRow answers its error
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

// containing returns the LIKE pattern for texts that contain part.
func containing(part string) string { return "%" + likeEscaper.Replace(part) + "%" }
