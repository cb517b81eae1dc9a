package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// userRow is a row of read.users.
type userRow struct {
	ID        uuid.UUID   `json:"id"`
	Username  string      `json:"username"`
	Email     string      `json:"email"`
	FirstName string      `json:"first_name"`
	LastName  string      `json:"last_name"`
	Role      domain.Role `json:"role"`
	IsActive  bool        `json:"is_active"`
	CreatedAt time.Time   `json:"created_at"`
	UpdatedAt time.Time   `json:"updated_at"`
	Version   int         `json:"version"`

	NotifyEscalated bool `json:"notify_escalated"`
	NotifyAssigned  bool `json:"notify_assigned"`
	NotifyCommented bool `json:"notify_commented"`
	NotifyResolved  bool `json:"notify_resolved"`
}

const userColumns = `id, username, email, first_name, last_name, role, is_active, created_at, updated_at, version,
    notify_escalated, notify_assigned, notify_commented, notify_resolved`

const loadUsersSQL = `SELECT ` + userColumns + ` FROM users WHERE id = ANY ($1)`

const writeUsersSQL = `
INSERT INTO users (` + userColumns + `)
SELECT ` + userColumns + ` FROM json_populate_recordset(NULL::users, $1::json)
ON CONFLICT (id) DO UPDATE SET
    email = excluded.email,
    first_name = excluded.first_name,
    last_name = excluded.last_name,
    role = excluded.role,
    is_active = excluded.is_active,
    updated_at = excluded.updated_at,
    version = excluded.version,
    notify_escalated = excluded.notify_escalated,
    notify_assigned = excluded.notify_assigned,
    notify_commented = excluded.notify_commented,
    notify_resolved = excluded.notify_resolved`

const forgetUsersSQL = `DELETE FROM users WHERE id = ANY ($1)`

// userList keeps read.users.
func userList() eventstore.Follower {
	return forgetting(eventstore.Follower{
		Name:   "user_list",
		Tables: []string{"users"},
		Types: eventstore.Types(user.Registered{}, user.ProfileChanged{}, user.RoleChanged{},
			user.PasswordChanged{}, user.Deactivated{}, user.Reactivated{}, user.NotificationsChanged{}, user.Erased{}),
		Apply: applyUserList,
	}, forgetUsersSQL)
}

func applyUserList(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	folds := map[uuid.UUID]userRow{}
	var ids []uuid.UUID
	for _, e := range events {
		ids = append(ids, e.StreamID)
	}
	rows, _ := tx.Query(ctx, loadUsersSQL, ids) // CollectRows answers its error
	loaded, err := pgx.CollectRows(rows, pgx.RowToStructByName[userRow])
	if err != nil {
		return fmt.Errorf("load users: %w", err)
	}
	for _, r := range loaded {
		folds[r.ID] = r
	}
	for _, e := range events {
		folds[e.StreamID] = foldUser(folds[e.StreamID], e)
	}
	if err := eventstore.WriteRows(ctx, tx, writeUsersSQL, values(folds)); err != nil {
		return fmt.Errorf("write users: %w", err)
	}
	return nil
}

func foldUser(r userRow, e eventstore.Envelope) userRow {
	switch d := e.Event.(type) {
	case user.Registered:
		r = userRow{
			ID: e.StreamID, Username: d.Username, Email: d.Email, FirstName: d.FirstName,
			LastName: d.LastName, Role: d.Role, IsActive: true, CreatedAt: e.OccurredAt,
		}
		r.notify(user.AllNotifications())
	case user.ProfileChanged:
		r.Email, r.FirstName, r.LastName = d.Email, d.FirstName, d.LastName
	case user.RoleChanged:
		r.Role = d.Role
	case user.Deactivated, user.Erased:
		r.IsActive = false
	case user.Reactivated:
		r.IsActive = true
	case user.NotificationsChanged:
		r.notify(d.Notifications)
	}
	r.UpdatedAt, r.Version = e.OccurredAt, e.Version
	return r
}

func (r *userRow) notify(n user.Notifications) {
	r.NotifyEscalated, r.NotifyAssigned, r.NotifyCommented, r.NotifyResolved = n.Escalated, n.Assigned, n.Commented, n.Resolved
}
