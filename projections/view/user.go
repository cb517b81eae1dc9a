package view

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// User is somebody as they and admins see them.
type User struct {
	ID        uuid.UUID   `json:"id"`
	Username  string      `json:"username"`
	Email     string      `json:"email"`
	FirstName string      `json:"first_name"`
	LastName  string      `json:"last_name"`
	Role      domain.Role `json:"role"`
	IsActive  bool        `json:"is_active"`
	CreatedAt time.Time   `json:"created_at"`
	UpdatedAt time.Time   `json:"updated_at"`

	Notifications user.Notifications `json:"notifications"`

	BouncedAt *time.Time `json:"bounced_at"` // since when no emails are sent to the address; nil: they are
	Bounce    string     `json:"bounce"`     // why: what a mail server said
}

// NameEmail returns "First Last - mail", with the username for a person
// without a name.
func (u User) NameEmail() string {
	name := strings.TrimSpace(u.FirstName + " " + u.LastName)
	if name == "" {
		name = u.Username
	}
	return name + " - " + u.Email
}

// UserRow is a row of read.users, whose columns its tags declare.
type UserRow struct {
	ID        uuid.UUID   `db:"id,key"`
	Username  string      `db:"username,fixed"`
	Email     string      `db:"email"`
	FirstName string      `db:"first_name"`
	LastName  string      `db:"last_name"`
	Role      domain.Role `db:"role"`
	IsActive  bool        `db:"is_active"`
	CreatedAt time.Time   `db:"created_at,fixed"`
	UpdatedAt time.Time   `db:"updated_at"`
	Version   int         `db:"version"`

	NotifyEscalated bool `db:"notify_escalated"`
	NotifyAssigned  bool `db:"notify_assigned"`
	NotifyCommented bool `db:"notify_commented"`
	NotifyResolved  bool `db:"notify_resolved"`

	BouncedAt *time.Time `db:"bounced_at"`
	Bounce    string     `db:"bounce"`
}

// UserOf returns the user with these events; ok is false when they never
// registered.
func UserOf(events []eventstore.Envelope) (u User, ok bool) {
	var row UserRow
	for _, e := range events {
		row.Apply(e)
	}
	return row.Show(), row.ID != uuid.Nil
}

// Apply folds one event of the user.
func (r *UserRow) Apply(e eventstore.Envelope) {
	switch d := e.Event.(type) {
	case user.Registered:
		*r = UserRow{
			ID: e.StreamID, Username: d.Username, Email: d.Email, FirstName: d.FirstName,
			LastName: d.LastName, Role: d.Role, IsActive: true, CreatedAt: e.OccurredAt,
		}
		r.notify(user.AllNotifications())
	case user.ProfileChanged:
		if !strings.EqualFold(d.Email, r.Email) {
			r.BouncedAt, r.Bounce = nil, ""
		}
		r.Email, r.FirstName, r.LastName = d.Email, d.FirstName, d.LastName
	case user.RoleChanged:
		r.Role = d.Role
	case user.Deactivated:
		r.IsActive = false
	case user.Erased:
		r.IsActive, r.BouncedAt, r.Bounce = false, nil, ""
	case user.AddressBounced:
		r.BouncedAt, r.Bounce = &e.OccurredAt, email.Reported(d.Status, d.Diagnostic)
	case user.AddressCleared:
		r.BouncedAt, r.Bounce = nil, ""
	case user.Reactivated:
		r.IsActive = true
	case user.NotificationsChanged:
		r.notify(d.Notifications)
	}
	r.UpdatedAt, r.Version = e.OccurredAt, e.Version
}

func (r *UserRow) notify(n user.Notifications) {
	r.NotifyEscalated, r.NotifyAssigned, r.NotifyCommented, r.NotifyResolved = n.Escalated, n.Assigned, n.Commented, n.Resolved
}

// Show returns the user as they and admins see them.
func (r UserRow) Show() User {
	return User{
		ID: r.ID, Username: r.Username, Email: r.Email, FirstName: r.FirstName, LastName: r.LastName,
		Role: r.Role, IsActive: r.IsActive, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		Notifications: user.Notifications{
			Escalated: r.NotifyEscalated, Assigned: r.NotifyAssigned, Commented: r.NotifyCommented, Resolved: r.NotifyResolved,
		},
		BouncedAt: r.BouncedAt, Bounce: r.Bounce,
	}
}
