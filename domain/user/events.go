package user

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// TextsErasedMax bounds the streams of one [TextsErased]: reading them again is
// the work of one page of a projection.
const TextsErasedMax = 500

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
	// PasswordChanged means that it was changed, and holds nothing more.
	PasswordChanged struct{}
	// PasswordLinkMade means that whoever has a link may set the person's password,
	// once. Nothing of the link is in it.
	PasswordLinkMade struct {
		ExpiresAt time.Time `json:"expires_at"` // by the clock of the process that made it
	}
	// Deactivated keeps the person from signing in.
	Deactivated struct{}
	// Reactivated lets them in again.
	Reactivated struct{}
	// Erased means that the person is to be forgotten: the key to all they wrote
	// is destroyed, and they cannot sign in any more.
	Erased struct{}
	// TextsErased names streams that held texts of the person, at most
	// [TextsErasedMax], so that whoever keeps what they say reads them again.
	TextsErased struct {
		Streams []uuid.UUID `json:"streams"`
	}
	// FileRefused means that malware was found in a file that the person brought. It was
	// not kept.
	FileRefused struct {
		Filename string `json:"filename"`
		Malware  string `json:"malware"` // as the scanner calls it
	}
	// AddressBounced means that an email to the address came back for good: none is sent to
	// it until it is cleared or another.
	AddressBounced struct {
		Email      uuid.UUID `json:"email"`      // that came back
		Status     string    `json:"status"`     // the enhanced status code (RFC 3463); "": none was given
		Diagnostic string    `json:"diagnostic"` // what the server said
	}
	// AddressCleared has emails sent to the address again.
	AddressCleared struct{}
	// NotificationsChanged carries all switches as they now stand.
	NotificationsChanged struct {
		Notifications
	}
)

// ErasedIn returns the streams to be read again; see [helpdesk/follow.Follower].
func (e TextsErased) ErasedIn(uuid.UUID) []uuid.UUID { return e.Streams }

// EventType returns the stored name of the event.
func (Registered) EventType() string      { return "user.registered" }
func (ProfileChanged) EventType() string  { return "user.profile_changed" }
func (RoleChanged) EventType() string     { return "user.role_changed" }
func (PasswordChanged) EventType() string { return "user.password_changed" }
func (Deactivated) EventType() string     { return "user.deactivated" }
func (PasswordLinkMade) EventType() string {
	return "user.password_link_made"
}
func (FileRefused) EventType() string    { return "user.file_refused" }
func (AddressBounced) EventType() string { return "user.address_bounced" }
func (AddressCleared) EventType() string { return "user.address_cleared" }
func (Reactivated) EventType() string    { return "user.reactivated" }
func (Erased) EventType() string         { return "user.erased" }
func (TextsErased) EventType() string    { return "user.texts_erased" }
func (NotificationsChanged) EventType() string {
	return "user.notifications_changed"
}

// Events describes the events of a user, as they are stored. Lines are added here,
// never removed: what was once written stays readable.
func Events() []domain.EventType {
	return []domain.EventType{
		domain.PersonalEventOf(func(e *Registered) domain.Texts {
			return domain.Texts{}.In("username", &e.Username).In("email", &e.Email).In("first_name", &e.FirstName).In("last_name", &e.LastName)
		}),
		domain.PersonalEventOf(func(e *ProfileChanged) domain.Texts {
			return domain.Texts{}.In("email", &e.Email).In("first_name", &e.FirstName).In("last_name", &e.LastName)
		}),
		domain.EventOf[RoleChanged](),
		domain.EventOf[PasswordChanged](),
		domain.EventOf[PasswordLinkMade](),
		domain.EventOf[Deactivated](),
		domain.EventOf[Reactivated](),
		domain.PersonalEventOf(func(e *FileRefused) domain.Texts { return domain.Texts{}.In("filename", &e.Filename) }),
		domain.PersonalEventOf(func(e *AddressBounced) domain.Texts { return domain.Texts{}.In("diagnostic", &e.Diagnostic) }),
		domain.EventOf[AddressCleared](),
		domain.EventOf[NotificationsChanged](),
		domain.EventOf[Erased](),
		domain.EventOf[TextsErased](),
	}
}
