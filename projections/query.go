package projections

import (
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
	// Columns are those of R. What they look up in other tables, by a sub-select, is
	// looked up for the rows of the page alone.
	Columns string
	// Varies: which plan is best depends on the arguments; see [Planned]. For others
	// Where should be [Where].Once.
	Varies bool
	// At returns where a cursor beside a row is.
	At func(R) (key string, id uuid.UUID)
	// Bytes returns how long the texts of a row are, of which a page has [pageBytes] at
	// most, and a row at least; nil: its rows are small.
	Bytes func(R) int
	// Size is Bytes as an expression of SQL, for pages of so many rows that those beyond
	// are not even to be read; empty: Bytes alone.
	Size string
}

// pageBytes bounds what a page holds in memory until its reader has taken it.
const pageBytes = 512 << 10

// Room returns how many of so many rows a page has room for, which is one at least.
func Room(rows int, bytes func(i int) int) int {
	sum := 0
	for i := range rows {
		if sum += bytes(i); sum > pageBytes && i > 0 {
			return i
		}
	}
	return rows
}

// Page reads one page. It asks for one row more than wanted, to know whether
// another page follows.
func (l List[R]) Page(ctx context.Context, pool *pgxpool.Pool, p Page) (Slice[R], error) {
	w, order := l.beyond(p)
	first := order + fmt.Sprintf(" LIMIT %d", p.Size+1)
	if l.Varies {
		w.Args = Planned(w.Args)
	}
	sql := "SELECT " + l.Columns + " FROM " + w.From(l.From, l.Reasons, "t.*", first) + first
	var before []any // where the bytes of the rows before one go
	if l.Size != "" {
		before = []any{new(int64)}
		sql = fmt.Sprintf("SELECT * FROM (SELECT %[1]s, sum(%[2]s) OVER (%[3]s ROWS UNBOUNDED PRECEDING) - (%[2]s) AS before FROM %[4]s) AS page WHERE before <= %[5]d",
			l.Columns, l.Size, order, w.From(l.From, l.Reasons, "t.*", first)+first, pageBytes)
	}
	rows, _ := pool.Query(ctx, sql, w.Args...) // Collect returns its error
	items, err := Collect[R](rows, before...)
	if err != nil {
		return Slice[R]{}, eventstore.Unreachable(fmt.Errorf("list by %s: %w", l.Key, err))
	}
	slice := l.Cut(items, p, p.Back())
	if p.Count {
		slice.Count, err = l.Count(ctx, pool)
	}
	return slice, err
}

// beyond returns the conditions of rows beyond the cursor of a page, and the order in
// which the page is read.
func (l List[R]) beyond(p Page) (w Where, order string) {
	w = l.Where.clone()
	sign, direction := ">", "ASC"
	if l.Desc != p.Back() {
		sign, direction = "<", "DESC"
	}
	if c := p.Cursor; c != nil {
		w.Add(fmt.Sprintf("(%s, %s) %s (?::text::%s, ?)", l.Key, l.ID, sign, l.Cast), c.Key, c.ID)
	}
	return w, fmt.Sprintf(" ORDER BY %[1]s %[3]s, %[2]s %[3]s", l.Key, l.ID, direction)
}

// Count returns how many rows the whole list has.
func (l List[R]) Count(ctx context.Context, pool *pgxpool.Pool) (*int64, error) {
	var n int64
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM "+l.Where.From(l.From, l.Reasons, "1", ""), Planned(l.Where.Args)...).Scan(&n); err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("count by %s: %w", l.Key, err))
	}
	return &n, nil
}

// Planned has a query planned anew for these arguments, which takes longer than to
// read a page. It is for those whose best index depends on the arguments: for a
// prepared statement Postgres settles after five times for one plan whatever they
// are, and then walks a whole list in its order for a word that hardly any has.
func Planned(args []any) []any {
	return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
}

// Cut takes the row too many off items and makes the cursors around the rest.
func (l List[R]) Cut(items []R, p Page, back bool) Slice[R] {
	size := min(l.within(items), p.Size)
	more := len(items) > size
	items = items[:min(size, len(items))]
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

// within returns how many of the rows a page has room for.
func (l List[R]) within(items []R) int {
	if l.Bytes == nil {
		return len(items)
	}
	return Room(len(items), func(i int) int { return l.Bytes(items[i]) })
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
	row, err := OfLog[R](ctx, db, what, sql, args...)
	if errors.Is(err, domain.ErrNotFound) {
		err = missing(ctx)
	}
	return row, err
}

// OfLog is [One] for a query of the log, which nobody holds: what it does not find is not
// there.
func OfLog[R any](ctx context.Context, db Querier, what, sql string, args ...any) (R, error) {
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

// TicketOfNumber finds the id of the ticket that ever had a number, $1, by the log.
const TicketOfNumber = `SELECT stream_id AS id FROM events WHERE type = 'ticket.opened' AND (data ->> 'number')::bigint = $1`

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Containing returns the LIKE pattern for texts that contain part.
func Containing(part string) string { return "%" + likeEscaper.Replace(part) + "%" }
