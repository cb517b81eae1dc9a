package web

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/workspace"
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

// Access records how people come in and what auditors read; see
// [commands.Access].
type Access interface {
	Record(ctx context.Context, r commands.Request, actor domain.Actor, of domain.UserID, e domain.Event) error
}

// Earlier tells what commands led to that were carried out before; see
// [commands.Earlier].
type Earlier interface {
	Outcome(ctx context.Context, commandID uuid.UUID) (commands.Outcome, error)
}

// Accounts finds people on the write side; see [auth.Accounts].
type Accounts interface {
	Find(ctx context.Context, nameOrID string) (user.Account, error)
	CheckPassword(ctx context.Context, id user.ID, password string) error
}

// Sessions keeps who is signed in; see [auth.Sessions].
type Sessions interface {
	SignIn(ctx context.Context, username, password string) (token string, session auth.Session, err error)
	Lookup(ctx context.Context, token string) (auth.Session, error)
	End(ctx context.Context, tokenHash []byte) error
}

// Tokens keeps API tokens; see [auth.Tokens].
type Tokens interface {
	Create(ctx context.Context, owner user.ID, t auth.Token) (secret string, made auth.Token, err error)
	List(ctx context.Context, owner user.ID) ([]auth.Token, error)
	Revoke(ctx context.Context, owner user.ID, id uuid.UUID) error
}

// Passwords turns a password into what may be stored.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
}

// Reader returns from the read models what the viewer may see, and
// [domain.ErrNotFound] for what they may not; see [projections.Reader].
type Reader interface {
	Ticket(ctx context.Context, viewer domain.Actor, ref projections.TicketRef) (view.Ticket, error)
	Tickets(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error)
	CountTickets(ctx context.Context, viewer domain.Actor, filters []projections.TicketFilter, most int, within time.Duration) ([]int, error)
	AllComments(ctx context.Context, viewer domain.Actor, of ticket.ID) ([]view.Comment, error)
	User(ctx context.Context, id user.ID) (view.User, error)
	Users(ctx context.Context, f projections.UserFilter, p projections.Page) (projections.Slice[view.User], error)
}

// Schedule tells when tickets escalate; see [saga.Schedule].
type Schedule interface {
	Due(ctx context.Context, tickets []uuid.UUID) (map[uuid.UUID]time.Time, error)
}

// Views keeps the views of the queue that people saved; see [workspace.Views].
type Views interface {
	List(ctx context.Context, owner domain.UserID) ([]workspace.View, error)
	Save(ctx context.Context, owner domain.UserID, view workspace.View) error
	Remove(ctx context.Context, owner domain.UserID, name string) error
}

// History tells what happened to a ticket; see [projections.Histories].
type History interface {
	Ticket(ctx context.Context, viewer domain.Actor, id ticket.ID, p projections.Page) (projections.Slice[projections.Entry], error)
}

// Past shows tickets as they were; see [projections.Past].
type Past interface {
	Ticket(ctx context.Context, viewer domain.Actor, ref projections.TicketRef, at projections.Moment) (projections.PastTicket, error)
}

// Viewers knows who has which ticket open; see [workspace.Viewers].
type Viewers interface {
	Arrive(ctx context.Context, ticket uuid.UUID, who domain.UserID) (others []string, err error)
	Leave(ctx context.Context, ticket uuid.UUID, who domain.UserID) error
}

// Freshness waits until the read models have reached a position of the log.
type Freshness interface {
	Wait(ctx context.Context, position int64) error
}

// Deps is what the site is made of. All are needed.
type Deps struct {
	Tickets   Tickets
	People    People
	Earlier   Earlier
	Access    Access
	Accounts  Accounts
	Sessions  Sessions
	Tokens    Tokens
	Passwords Passwords
	Read      Reader
	Freshness Freshness
	Schedule  Schedule
	Views     Views
	Viewers   Viewers
	History   History
	Past      Past
	Front     *edge.Front
	Log       *slog.Logger
	Oversight
}

// Config is what an operator may set.
type Config struct {
	// AgentVisibility is which tickets agents see, HELPDESK_AGENT_VISIBILITY.
	// Empty: [domain.VisibleAssigned].
	AgentVisibility domain.AgentVisibility
	// CursorKey signs the places in lists that links lead to:
	// [edge.CursorKeySize] random bytes that all processes share.
	CursorKey []byte
	// Now is the clock; nil: [time.Now].
	Now func() time.Time
}
