package user

import "helpdesk/domain"

// The events of a user. No secret is ever in them: the password hash is kept
// apart, in a table of its own.
type (
	// Registered starts the stream.
	Registered struct {
		Username  string      `json:"username"`
		Email     string      `json:"email"`
		FirstName string      `json:"first_name,omitempty"`
		LastName  string      `json:"last_name,omitempty"`
		Role      domain.Role `json:"role"`
	}
	// ProfileChanged carries the whole profile as it now stands.
	ProfileChanged struct {
		Email     string `json:"email"`
		FirstName string `json:"first_name,omitempty"`
		LastName  string `json:"last_name,omitempty"`
	}
	// RoleChanged gives a new role.
	RoleChanged struct {
		Role domain.Role `json:"role"`
	}
	// PasswordChanged says that it was, and nothing more.
	PasswordChanged struct{}
	// Deactivated keeps the person from signing in.
	Deactivated struct{}
	// Reactivated lets them in again.
	Reactivated struct{}
	// NotificationsChanged carries all switches as they now stand.
	NotificationsChanged struct {
		Notifications
	}
)

// EventType returns the stored name of the event.
func (Registered) EventType() string      { return "user.registered" }
func (ProfileChanged) EventType() string  { return "user.profile_changed" }
func (RoleChanged) EventType() string     { return "user.role_changed" }
func (PasswordChanged) EventType() string { return "user.password_changed" }
func (Deactivated) EventType() string     { return "user.deactivated" }
func (Reactivated) EventType() string     { return "user.reactivated" }
func (NotificationsChanged) EventType() string {
	return "user.notifications_changed"
}
