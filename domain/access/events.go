package access

import (
	"github.com/google/uuid"

	"helpdesk/domain"
)

// The events of access. Their JSON is stored for good: a change of shape is a new
// schema version with an upcaster, never an edit of these. Nothing of a password
// or of a secret is ever in them.
type (
	// SignedIn means that the person began a session.
	SignedIn struct {
		Address   string `json:"address"`
		UserAgent string `json:"user_agent,omitempty"`
	}
	// SignInFailed means that somebody tried to be the person whose stream it is
	// in: with a wrong password, or while the account is not active.
	SignInFailed struct {
		Address   string `json:"address"`
		UserAgent string `json:"user_agent,omitempty"`
	}
	// UnknownSignInFailed means that somebody tried a name that nobody has.
	UnknownSignInFailed struct {
		Network string `json:"network"` // see [Network]
	}
	// TokenUsed means that an admin's API token was used. It is recorded at most
	// once an hour for each token.
	TokenUsed struct {
		TokenID   uuid.UUID `json:"token_id"`
		Address   string    `json:"address"`
		UserAgent string    `json:"user_agent,omitempty"`
	}
	// RecordRead means that an auditor asked to read something. It is recorded
	// before they are answered, once an hour for the same ([Gathered]).
	RecordRead struct {
		Method    string `json:"method"` // GET or HEAD
		Path      string `json:"path"`
		Query     string `json:"query,omitempty"`
		Address   string `json:"address"`
		UserAgent string `json:"user_agent,omitempty"`
	}
)

// EventType returns the stored name of the event.
func (SignedIn) EventType() string            { return "access.signed_in" }
func (SignInFailed) EventType() string        { return "access.sign_in_failed" }
func (UnknownSignInFailed) EventType() string { return "access.unknown_sign_in_failed" }
func (TokenUsed) EventType() string           { return "access.token_used" }
func (RecordRead) EventType() string          { return "access.record_read" }

// Events describes the events of access, as they are stored. Lines are added here,
// never removed: what was once written stays readable.
func Events() []domain.EventType {
	return []domain.EventType{
		domain.PersonalEventOf(func(e *SignedIn) domain.Texts {
			return domain.Texts{}.In("address", &e.Address).In("user_agent", &e.UserAgent)
		}),
		domain.PersonalEventOf(func(e *SignInFailed) domain.Texts {
			return domain.Texts{}.In("address", &e.Address).In("user_agent", &e.UserAgent)
		}),
		domain.EventOf[UnknownSignInFailed](),
		domain.PersonalEventOf(func(e *TokenUsed) domain.Texts {
			return domain.Texts{}.In("address", &e.Address).In("user_agent", &e.UserAgent)
		}),
		domain.PersonalEventOf(func(e *RecordRead) domain.Texts {
			return domain.Texts{}.In("path", &e.Path).In("query", &e.Query).In("address", &e.Address).In("user_agent", &e.UserAgent)
		}),
	}
}

// SignIn returns the event of a sign-in.
func SignIn(f From) domain.Event { return SignedIn(f.cut()) }

// FailedSignIn returns the event of a sign-in that was refused; the zero person
// is nobody known.
func FailedSignIn(person domain.UserID, f From) domain.Event {
	if person.IsZero() {
		return UnknownSignInFailed{Network: Network(f.Address)}
	}
	return SignInFailed(f.cut())
}

// UseOfToken returns the event of a token's use.
func UseOfToken(id uuid.UUID, f From) domain.Event {
	f = f.cut()
	return TokenUsed{TokenID: id, Address: f.Address, UserAgent: f.UserAgent}
}

// Read returns the event of a reading; query is without its question mark.
func Read(method, path, query string, f From) domain.Event {
	f = f.cut()
	return RecordRead{Method: method, Path: clip(path, QueryMax), Query: clip(query, QueryMax), Address: f.Address, UserAgent: f.UserAgent}
}
