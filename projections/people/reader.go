package people

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/user"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Reader reads everybody as they are now. It is safe for concurrent use.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns the reader over a pool.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// User returns the user, [domain.ErrNotFound] when there is none of this id.
func (r *Reader) User(ctx context.Context, id user.ID) (view.User, error) {
	if err := projections.Fresh(ctx, projections.UserList); err != nil {
		return view.User{}, err
	}
	row, err := projections.One[view.UserRow](ctx, r.pool, "user", loadUserSQL, id)
	return row.Show(), err
}

var loadUserSQL = `SELECT ` + userTable.Columns("") + ` FROM read.users WHERE id = $1`

// userView is a row of read.users with its place in the list. What the lower
// case of a name is depends on the database's locale, so it comes from there.
type userView struct {
	view.UserRow
	SortKey string
}

// userNames is what a search looks at; with the address added, and without, it
// is the expression of an index.
const userNames = `u.username || ' ' || u.first_name || ' ' || u.last_name`

// partsMost is how many parts of a search people are found by: the first. Each is looked
// for in the name of everybody who has the others.
const partsMost = 8

// parts returns patterns of the parts of a search, each once, the longest first: most
// names lack it, and are not asked for the others.
func parts(search string) (some []string) {
	for part := range strings.FieldsSeq(search) {
		if p := projections.Containing(part); len(some) < partsMost && !slices.Contains(some, p) {
			some = append(some, p)
		}
	}
	slices.SortStableFunc(some, func(a, b string) int { return len(b) - len(a) })
	return some
}

// Users returns a page of users, by username, narrowed by the filter.
func (r *Reader) Users(ctx context.Context, f Filter, p projections.Page) (projections.Slice[view.User], error) {
	if err := projections.Fresh(ctx, projections.UserList); err != nil {
		return projections.Slice[view.User]{}, err
	}
	l := projections.List[userView]{
		From: "read.users AS u", Key: "lower(u.username)", Cast: "text", ID: "u.id",
		Columns: userTable.Columns("u") + `, lower(u.username) AS sort_key`, Varies: true,
		At: func(v userView) (string, uuid.UUID) { return v.SortKey, v.ID },
	}
	w := &l.Where
	if f.Search != "" {
		searched := userNames
		if !f.NamesOnly {
			searched += ` || ' ' || u.email`
		}
		for _, part := range parts(f.Search) {
			w.Add("read.folded("+searched+") LIKE read.folded(?)", part)
		}
	}
	if f.Role != "" {
		w.Add("u.role = ?", string(f.Role))
	}
	if f.Active != nil {
		w.Add("u.is_active = ?", *f.Active)
	}
	rows, err := l.Page(ctx, r.pool, p)
	if err != nil {
		return projections.Slice[view.User]{}, err
	}
	return projections.Map(rows, func(v userView) view.User { return v.Show() }), nil
}
