package projections

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
)

// Sieve is a condition on a row of alias t, with ? for its argument, of which nobody
// knows how many rows fulfil it, and where these are in the order of a list.
type Sieve struct {
	Condition string
	Arg       any
	// Join and Joined are what finds the rows by an index: tables that are joined to
	// the list's, and the condition on them. Joined is "" where Condition does.
	Join, Joined string
	Walked       int // rows are looked through in the order of the list
	Most         int // rows that fulfil the condition are put in order
}

// Sift reads one page of the rows that fulfil the condition, by one statement that is
// planned once: it walks the list some way, and if that does not fill the page it
// finds the rows by whatever index the condition has. sifted is false where there are
// too many of them: then nothing is known.
func (l List[R]) Sift(ctx context.Context, pool *pgxpool.Pool, p Page, s Sieve) (slice Slice[R], sifted bool, err error) {
	w, order := l.beyond(p)
	arg := w.Arg(s.Arg)
	condition := strings.ReplaceAll(s.Condition, "?", arg)
	walked := order + fmt.Sprintf(" LIMIT %d", s.Walked)
	rest := w.clone()
	rest.Add(strings.ReplaceAll(cmp.Or(s.Joined, s.Condition), "?", arg))
	rest.Add(fmt.Sprintf("(SELECT count(*) FROM walked) <= %d", p.Size)) // else it is not looked at
	page := order + fmt.Sprintf(" LIMIT %d", p.Size+1)
	sql := "WITH walked AS MATERIALIZED (SELECT " + l.Columns + ", 0::bigint AS others FROM (SELECT t.* FROM " +
		w.From(l.From, l.Reasons, "t.*", walked) + walked + ") AS t WHERE " + condition + page +
		"), others AS MATERIALIZED (SELECT t.* FROM " + rest.From(l.From+s.Join, l.Reasons, "t.*", "") + fmt.Sprintf(" LIMIT %d", s.Most+1) +
		fmt.Sprintf(") SELECT * FROM walked WHERE (SELECT count(*) FROM walked) > %d", p.Size) +
		" UNION ALL (SELECT " + l.Columns + ", (SELECT count(*) FROM others) FROM others AS t" + page + ")"
	rows, _ := pool.Query(ctx, sql, rest.Args...) // Collect returns its error
	var others int64
	items, err := Collect[R](rows, &others)
	if err != nil {
		return slice, false, eventstore.Unreachable(fmt.Errorf("sift by %s: %w", l.Key, err))
	}
	return l.Cut(items, p, p.Back()), others <= int64(s.Most), nil
}
