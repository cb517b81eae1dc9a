package httpapi_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/email"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/httpapi"
	"helpdesk/httpapi/attachments"
	"helpdesk/httpapi/audit"
	"helpdesk/httpapi/comments"
	"helpdesk/httpapi/events"
	"helpdesk/httpapi/mailboxes"
	"helpdesk/httpapi/messages"
	"helpdesk/httpapi/people"
	projectionsapi "helpdesk/httpapi/projections"
	"helpdesk/httpapi/reports"
	"helpdesk/httpapi/sessions"
	"helpdesk/httpapi/tickets"
	"helpdesk/httpapi/tokens"
	"helpdesk/projections"
)

// What the API asks for, all of it in one: what a test does not set panics.
type (
	Tickets interface {
		Open(ctx context.Context, r commands.Request, id ticket.ID, c ticket.OpenTicket) (commands.Outcome, error)
		Do(ctx context.Context, r commands.Request, id ticket.ID, c ticket.Command) (commands.Outcome, error)
	}
	People interface {
		Register(ctx context.Context, r commands.Request, id user.ID, c user.Register, passwordHash string) (commands.Outcome, error)
		Edit(ctx context.Context, r commands.Request, c user.EditUser) (commands.Outcome, error)
		ChangePassword(ctx context.Context, r commands.Request, c user.ChangePassword, passwordHash string, keep []byte) (commands.Outcome, error)
		MakePasswordLink(ctx context.Context, r commands.Request, c user.MakePasswordLink, tokenHash []byte) (commands.Outcome, error)
		RefuseFile(ctx context.Context, r commands.Request, c user.RefuseFile) (commands.Outcome, error)
		ClearAddress(ctx context.Context, r commands.Request, c user.ClearAddress) (commands.Outcome, error)
		UsePasswordLink(ctx context.Context, r commands.Request, c user.ChangePassword, passwordHash string, tokenHash []byte) (commands.Outcome, error)
	}
	Reader interface {
		tickets.Reader
		comments.Reader
		people.Reader
		TicketID(ctx context.Context, ref ticket.Ref) (ticket.ID, error)
	}
	Past interface {
		tickets.Past
		comments.Past
	}
	Sessions interface {
		sessions.Keeper
		httpapi.Sessions
	}
	Tokens interface {
		tokens.Keeper
		httpapi.Tokens
	}
	Accounts interface {
		Find(ctx context.Context, name string) (user.Account, error)
		people.Checker
	}
	Earlier interface {
		Outcome(ctx context.Context, commandID uuid.UUID) (commands.Outcome, error)
		At(ctx context.Context, stream uuid.UUID, version int) (commands.Outcome, error)
		InFull(ctx context.Context, out commands.Outcome, of ...ticket.Subject) (commands.Outcome, error)
	}
	Freshness = projections.Freshness
)

// Deps is what an API is made of.
type Deps struct {
	Tickets   Tickets
	People    People
	Accounts  Accounts
	Sessions  Sessions
	Tokens    Tokens
	Access    httpapi.Access
	Passwords httpapi.Passwords
	Usernames httpapi.Usernames
	Read      Reader
	Past      Past
	Freshness Freshness
	Answers   httpapi.Answers
	Earlier   Earlier
	Feed      events.Feed
	Log       *slog.Logger
	Metrics   http.Handler
	Checks    []httpapi.Check
	Paused    func() []string
	Streams   *events.Streams
}

// routes lists every call, as cmd/helpdesk does. What resources test in their own
// folders has nothing behind it here.
func (d Deps) routes(app *commands.App) []httpapi.Route {
	persons := people.Resource{App: app, Read: d.Read, Passwords: d.Passwords, Check: d.Accounts}
	return slices.Concat(
		persons.Routes(),
		sessions.Resource{Keeper: d.Sessions, Access: d.Access, People: d.Accounts, Profile: persons.Profile, SignedOut: d.Streams.Wake}.Routes(),
		tokens.Resource{Keeper: d.Tokens, SignedOut: d.Streams.Wake}.Routes(),
		tickets.Resource{App: app, Read: d.Read, Past: d.Past}.Routes(),
		comments.Resource{App: app, Read: d.Read, Past: d.Past}.Routes(),
		events.Resource{Feed: d.Feed, Streams: d.Streams, Types: eventTypes()}.Routes(),
		attachments.Resource{}.Routes(),
		reports.Resource{}.Routes(),
		projectionsapi.Resource{}.Routes(),
		audit.Resource{}.Routes(),
		mailboxes.Resource{}.Routes(),
		messages.Resource{}.Routes(),
	)
}

// eventTypes are those of all modules.
func eventTypes() []domain.EventType {
	return slices.Concat(ticket.Events(), user.Events(), access.Events(), email.Events(), mailbox.Events(), message.Events())
}

// newAPI makes an API over d whose clock stands at noon.
func newAPI(t testing.TB, d *fakes, change func(*Deps, *httpapi.Config)) *httpapi.API {
	t.Helper()
	d.t = t
	deps := Deps{
		Tickets: d, People: d, Accounts: d, Sessions: d, Usernames: d, Read: d, Freshness: d, Answers: &ledger{}, Earlier: d, Tokens: &vault{}, Access: d,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Streams: events.NewStreams(events.Heartbeat),
	}
	config := httpapi.Config{
		CursorKey: []byte(strings.Repeat("k", edge.CursorKeySize)), Now: func() time.Time { return noon }, AgentVisibility: domain.VisibleAssigned,
	}
	if change != nil {
		change(&deps, &config)
	}
	app := &commands.App{
		Tickets: deps.Tickets, People: deps.People, Earlier: deps.Earlier, Numbers: deps.Read, Accounts: deps.Accounts,
	}
	a, err := httpapi.New(httpapi.Deps{
		App: app, Freshness: deps.Freshness, Sessions: deps.Sessions, Tokens: deps.Tokens, Access: deps.Access, Passwords: deps.Passwords, Usernames: deps.Usernames,
		Answers: deps.Answers, Log: deps.Log, Metrics: deps.Metrics, Checks: deps.Checks, Paused: deps.Paused,
	}, config, deps.routes(app))
	if err != nil {
		t.Fatal(err)
	}
	return a
}
