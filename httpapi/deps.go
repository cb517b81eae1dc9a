package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/projections"
)

// Sessions finds who is signed in.
type Sessions interface {
	// Lookup returns the session of a cookie's token, else [auth.ErrNoSession].
	Lookup(ctx context.Context, token string) (auth.Session, error)
}

// Tokens finds whose an API token is; see [auth.Tokens].
type Tokens interface {
	// Lookup returns the token of a secret and its owner, else [auth.ErrNoToken].
	Lookup(ctx context.Context, secret string) (auth.Token, user.Account, error)
}

// Access records how people come in and what auditors read, and returns once it
// is recorded; see [commands.Access].
type Access interface {
	Record(ctx context.Context, r commands.Request, actor domain.Actor, of user.ID, e domain.Event) error
	TokenUsed(ctx context.Context, r commands.Request, actor domain.Actor, token uuid.UUID, from access.From) error
}

// Passwords turns a password into what may be stored.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether hash was made of password.
	Verify(ctx context.Context, password, hash string) (bool, error)
}

// Usernames reads the names of people on the write side; see [auth.Accounts].
type Usernames interface {
	// Usernames returns the names of those of the people who exist.
	Usernames(ctx context.Context, of []uuid.UUID) (map[uuid.UUID]string, error)
}

// Check is one thing that must be in order before the service is ready.
type Check struct {
	Name  string // shown to whoever asks /readyz
	Ready func(ctx context.Context) error
}

// Deps is what the API is made of. All are needed but Metrics, Checks and Paused.
type Deps struct {
	App       *commands.App
	Freshness projections.Freshness // waits for the projections that calls read
	Sessions  Sessions
	Tokens    Tokens
	Access    Access
	Passwords Passwords
	Usernames Usernames
	Answers   Answers
	Log       *slog.Logger
	Metrics   http.Handler // nil: /metrics is not served here
	Checks    []Check
	Paused    func() []string // the followers that an operator holds, for /readyz; nil: none
	Warnings  func() []string // what an operator should look at though all is in order, for /readyz; nil: nothing
}

// Config is what an operator may set.
type Config struct {
	// Front is shared with whatever else serves in the process. nil: the API makes
	// its own of PublicURL, RateLimit, TrustedProxies and Now.
	Front *edge.Front
	// PublicURL is how clients reach the service, HELPDESK_PUBLIC_URL. Empty:
	// links are made from each request's scheme and host.
	PublicURL string
	// AgentVisibility is which tickets agents see, HELPDESK_AGENT_VISIBILITY.
	// Empty: [domain.VisibleQueue].
	AgentVisibility domain.AgentVisibility
	// RateLimit is how many calls a minute one caller may make,
	// HELPDESK_RATE_LIMIT. 0: every limit is off, those of sign-ins too.
	RateLimit int
	// TrustedProxies may say in X-Forwarded-For where a request comes from,
	// HELPDESK_TRUSTED_PROXIES. Empty: a request comes from its peer.
	TrustedProxies []netip.Prefix
	// CursorKey signs cursors: 32 random bytes that all processes share.
	CursorKey []byte
	// Now is the clock; nil: [time.Now].
	Now func() time.Time
}

func (c Config) newFront() (*edge.Front, error) {
	return edge.NewFront(edge.Config{
		PublicURL: c.PublicURL, TrustedProxies: c.TrustedProxies, RateLimit: c.RateLimit, Now: c.Now,
	})
}
