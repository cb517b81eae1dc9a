package projections

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/domain/user"
	"helpdesk/projections/view"
)

// User returns the user, [domain.ErrNotFound] when there is none of this id.
func (r *Reader) User(ctx context.Context, id user.ID) (view.User, error) {
	row, err := one[view.UserRow](ctx, r.pool, "user", loadUserSQL, id)
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

// Users returns a page of users, by username, narrowed by the filter.
func (r *Reader) Users(ctx context.Context, f UserFilter, p Page) (Slice[view.User], error) {
	l := list[userView]{
		from: "read.users AS u", key: "lower(u.username)", cast: "text", id: "u.id",
		shape: `SELECT ` + userTable.Columns("") + `, lower(username) AS sort_key FROM chosen ORDER BY place`,
		at:    func(v userView) (string, uuid.UUID) { return v.SortKey, v.ID },
	}
	if f.Search != "" {
		searched := userNames
		if !f.NamesOnly {
			searched += ` || ' ' || u.email`
		}
		l.where.add("("+searched+") ILIKE ?", containing(f.Search))
	}
	if f.Role != "" {
		l.where.add("u.role = ?", string(f.Role))
	}
	if f.Active != nil {
		l.where.add("u.is_active = ?", *f.Active)
	}
	rows, err := l.page(ctx, r.pool, p)
	if err != nil {
		return Slice[view.User]{}, err
	}
	return shown(rows, func(v userView) view.User { return v.Show() }), nil
}
