package commands

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

// FreshnessWait is how long a command waits for the read side (API.md
// "Freshness").
const FreshnessWait = 2 * time.Second

// NoVersion is a version that no stream ever has: as [Request].IfMatch it has a
// command decided and never carried out.
const NoVersion = -1

// App is the application layer: how the API, the site and the command line have
// a command carried out. Its members are used as they are; its methods add what
// all callers need alike. It is safe for concurrent use.
type App struct {
	Tickets interface {
		Open(ctx context.Context, r Request, id ticket.ID, c ticket.OpenTicket) (Outcome, error)
		Do(ctx context.Context, r Request, id ticket.ID, c ticket.Command) (Outcome, error)
	}
	People interface {
		Register(ctx context.Context, r Request, id user.ID, c user.Register, passwordHash string) (Outcome, error)
		Edit(ctx context.Context, r Request, c user.EditUser) (Outcome, error)
		ChangePassword(ctx context.Context, r Request, c user.ChangePassword, passwordHash string, keep []byte) (Outcome, error)
	}
	// Earlier is what commands led to that were carried out before; see [Earlier].
	Earlier interface {
		Outcome(ctx context.Context, commandID uuid.UUID) (Outcome, error)
	}
	// Numbers finds the ids of tickets by their numbers, whoever asks.
	Numbers interface {
		TicketID(ctx context.Context, ref ticket.Ref) (ticket.ID, error)
	}
	// Accounts finds people on the write side by id, username or mail address:
	// [domain.ErrNotFound] when there is nobody of that name.
	Accounts interface {
		Find(ctx context.Context, name string) (user.Account, error)
	}
	// Freshness waits until the read side has reached a position of the log, and
	// returns an error of kind Unavailable when ctx ends before.
	Freshness interface {
		Wait(ctx context.Context, position int64) error
	}
	Log *slog.Logger
}

// Do is how a command is carried out: by [Tickets.Do], for example.
type Do func(Request) (Outcome, error)

// Execution is how a caller wants a command carried out.
type Execution struct {
	Request
	// Versions is what If-Match names, tried one after the other until one is not
	// stale. nil: the Request's IfMatch alone.
	Versions []int
	// Async leaves out the wait for the read side.
	Async bool
}

// Execute carries out a command and waits until the read side shows it. One that
// was carried out before under the same id leads to what it led to then. The
// outcome's Unread is set when the read side did not come so far in time: the
// command is carried out all the same.
func (a *App) Execute(ctx context.Context, e Execution, do Do) (Outcome, error) {
	out, err := a.once(ctx, e, do)
	if err != nil {
		return out, err
	}
	if !e.Async {
		out.Unread = a.Arrive(ctx, e.CorrelationID, out.Position)
	}
	return out, nil
}

// once carries out a command, or returns what it led to when that was done before.
func (a *App) once(ctx context.Context, e Execution, do Do) (Outcome, error) {
	out, err := try(e, do)
	if errors.Is(err, ErrRepeated) {
		earlier, gone := a.Earlier.Outcome(ctx, e.ID)
		if errors.Is(gone, domain.ErrNotFound) { // forgotten meanwhile
			return out, err
		}
		return earlier, gone
	}
	return out, err
}

func try(e Execution, do Do) (out Outcome, err error) {
	if e.Versions == nil {
		return do(e.Request)
	}
	for _, version := range e.Versions {
		r := e.Request
		r.IfMatch = version
		if out, err = do(r); !errors.Is(err, domain.ErrStale) {
			return out, err
		}
	}
	if len(e.Versions) == 1 && e.Versions[0] != NoVersion {
		return out, err
	}
	return out, domain.ErrStale.With("it is not at any version you named")
}

// Arrive waits until the read side has reached a position that was written, at
// most [FreshnessWait]. It returns, and logs, why it is not known to have; what
// was written stays written.
func (a *App) Arrive(ctx context.Context, correlationID string, position int64) error {
	waiting, cancel := context.WithTimeout(ctx, FreshnessWait)
	defer cancel()
	err := a.Freshness.Wait(waiting, position)
	if err != nil {
		a.Log.LogAttrs(ctx, slog.LevelWarn, "written, but not readable",
			slog.String("request_id", correlationID), slog.Int64("event_position", position), slog.Any("error", err))
	}
	return err
}
