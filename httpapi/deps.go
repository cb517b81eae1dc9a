package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"helpdesk/audit"
	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Tickets carries out commands on tickets; see [commands.Tickets].
type Tickets interface {
	Open(ctx context.Context, r commands.Request, id ticket.ID, c ticket.OpenTicket) (commands.Outcome, error)
	Do(ctx context.Context, r commands.Request, id ticket.ID, c ticket.Command) (commands.Outcome, error)
}

// People carries out commands on users; see [commands.People].
type People interface {
	Register(ctx context.Context, r commands.Request, id user.ID, c user.Register, passwordHash string) (commands.Outcome, error)
	Edit(ctx context.Context, r commands.Request, c user.EditUser) (commands.Outcome, error)
	ChangePassword(ctx context.Context, r commands.Request, c user.ChangePassword, passwordHash string, keep []byte) (commands.Outcome, error)
}

// Accounts finds people on the write side, where a user exists from the moment
// they registered.
type Accounts interface {
	// Find returns the account of that id or username, else [domain.ErrNotFound].
	Find(ctx context.Context, nameOrID string) (user.Account, error)
	// CheckPassword returns nil when the password is the account's, else
	// [auth.ErrWrongPassword].
	CheckPassword(ctx context.Context, id user.ID, password string) error
}

// Sessions keeps who is signed in.
type Sessions interface {
	// SignIn opens a session, or answers [auth.ErrCredentials] in the same time
	// whichever was wrong.
	SignIn(ctx context.Context, username, password string) (token string, session auth.Session, err error)
	// Lookup returns the session of a cookie's token, else [auth.ErrNoSession].
	Lookup(ctx context.Context, token string) (auth.Session, error)
	// End ends a session; that there is none is no error.
	End(ctx context.Context, tokenHash []byte) error
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

// Reader returns from the read models what the viewer may see, and
// [domain.ErrNotFound] for what they may not.
type Reader interface {
	Ticket(ctx context.Context, viewer domain.Actor, ref projections.TicketRef) (view.Ticket, error)
	// TicketID resolves a number whoever asks; the command decides who may see.
	TicketID(ctx context.Context, ref projections.TicketRef) (ticket.ID, error)
	Tickets(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error)
	// Comments lists one ticket's, or with nil all that are visible, oldest first.
	Comments(ctx context.Context, viewer domain.Actor, of *ticket.ID, p projections.Page) (projections.Slice[view.Comment], error)
	AllComments(ctx context.Context, viewer domain.Actor, of ticket.ID) ([]view.Comment, error)
	Comment(ctx context.Context, viewer domain.Actor, id ticket.CommentID) (view.Comment, error)
	User(ctx context.Context, id user.ID) (view.User, error)
	Users(ctx context.Context, f projections.UserFilter, p projections.Page) (projections.Slice[view.User], error)
	Report(ctx context.Context, q projections.ReportQuery) (projections.Report, error)
	Reports
}

// Reports returns what docs/reports.md defines.
type Reports interface {
	// Now returns the clock that events have their times by.
	Now(ctx context.Context) (time.Time, error)
	Counts(ctx context.Context, spans []projections.Span, e projections.Explain) (projections.Reported[projections.Counts], error)
	StatusDistribution(ctx context.Context, upto time.Time, e projections.Explain) (projections.Reported[projections.StatusCount], error)
	Agents(ctx context.Context, s projections.Span, e projections.Explain) (projections.Reported[projections.AgentCounts], error)
	ResponseTimes(ctx context.Context, s projections.Span, e projections.Explain) (projections.Reported[projections.ResponseTimes], error)
}

// History tells what happened to a ticket or a user, to a ticket as far as the viewer may know, and
// [domain.ErrNotFound] of one they may not see.
type History interface {
	Ticket(ctx context.Context, viewer domain.Actor, id ticket.ID, p projections.Page) (projections.Slice[projections.Entry], error)
	// User tells what happened to a user, whoever asks.
	User(ctx context.Context, id user.ID, p projections.Page) (projections.Slice[projections.Entry], error)
}

// Audit returns what is stored of the tree over the log; see [audit.Reader].
type Audit interface {
	Checkpoint(ctx context.Context) (audit.Checkpoint, error)
	Tile(ctx context.Context, level, index uint64, width int) ([]byte, error)
	Entries(ctx context.Context, index uint64, width int) ([]byte, error)
	Inclusion(ctx context.Context, position, size int64) (audit.Inclusion, error)
	Consistency(ctx context.Context, from, to int64) (audit.Consistency, error)
}

// Freshness waits until the read models have reached a position of the log,
// and returns an error of kind Unavailable when ctx ends before.
type Freshness interface {
	Wait(ctx context.Context, position int64) error
}

// Check is one thing that must be in order before the service is ready.
type Check struct {
	Name  string // shown to whoever asks /readyz
	Ready func(ctx context.Context) error
}

// Deps is what the API is made of. All are needed but Metrics, Checks and Paused.
type Deps struct {
	Tickets     Tickets
	People      People
	Accounts    Accounts
	Sessions    Sessions
	Tokens      Tokens
	Access      Access
	Passwords   Passwords
	Read        Reader
	History     History
	Past        Past
	Freshness   Freshness
	Answers     Answers
	Earlier     Earlier
	Feed        Feed
	Events      Events
	Audit       Audit
	Projections Projections
	Log         *slog.Logger
	Metrics     http.Handler // nil: /metrics is not served here
	Checks      []Check
	Paused      func() []string // the followers that an operator holds, for /readyz; nil: none
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
	// Empty: [domain.VisibleAssigned].
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
