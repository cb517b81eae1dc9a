package projections

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/domain/user"
)

// User returns the user, [domain.ErrNotFound] when there is none of this id.
func (r *Reader) User(ctx context.Context, id user.ID) (User, error) {
	row, err := one[userRow](ctx, r.pool, "user", loadUserSQL, id)
	return row.show(), err
}

const loadUserSQL = `SELECT ` + userColumns + ` FROM read.users WHERE id = $1`

func (r userRow) show() User {
	return User{
		ID: r.ID, Username: r.Username, Email: r.Email, FirstName: r.FirstName, LastName: r.LastName,
		Role: r.Role, IsActive: r.IsActive, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		Notifications: user.Notifications{
			Escalated: r.NotifyEscalated, Assigned: r.NotifyAssigned, Commented: r.NotifyCommented, Resolved: r.NotifyResolved,
		},
	}
}

// userView is a row of read.users with its place in the list. What the lower
// case of a name is depends on the database's locale, so it comes from there.
type userView struct {
	userRow
	SortKey string
}

// userNames is what a search looks at; with the address added, and without, it
// is the expression of an index.
const userNames = `u.username || ' ' || u.first_name || ' ' || u.last_name`

// Users returns a page of users, by username, narrowed by the filter.
func (r *Reader) Users(ctx context.Context, f UserFilter, p Page) (Slice[User], error) {
	l := list[userView]{
		from: "read.users AS u", key: "lower(u.username)", cast: "text", id: "u.id",
		shape: `SELECT ` + userColumns + `, lower(username) AS sort_key FROM chosen ORDER BY place`,
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
		return Slice[User]{}, err
	}
	return shown(rows, func(v userView) User { return v.show() }), nil
}
