package commands

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

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
	// Together carries out commands on one ticket together. nil: each is carried out alone.
	Together interface {
		DoAll(ctx context.Context, r Request, id ticket.ID, steps []Step) ([]Result, error)
	}
	People interface {
		Register(ctx context.Context, r Request, id user.ID, c user.Register, passwordHash string) (Outcome, error)
		Edit(ctx context.Context, r Request, c user.EditUser) (Outcome, error)
		ChangePassword(ctx context.Context, r Request, c user.ChangePassword, passwordHash string, keep []byte) (Outcome, error)
		MakePasswordLink(ctx context.Context, r Request, c user.MakePasswordLink, tokenHash []byte) (Outcome, error)
		RefuseFile(ctx context.Context, r Request, c user.RefuseFile) (Outcome, error)
		ClearAddress(ctx context.Context, r Request, c user.ClearAddress) (Outcome, error)
		UsePasswordLink(ctx context.Context, r Request, c user.ChangePassword, passwordHash string, tokenHash []byte) (Outcome, error)
	}
	Mailboxes interface {
		Do(ctx context.Context, r Request, id mailbox.ID, c mailbox.Command) (Outcome, error)
	}
	Messages interface {
		Do(ctx context.Context, r Request, id message.ID, c message.Command) (Outcome, error)
	}
	// Earlier is what commands led to that were carried out before; see [Earlier].
	Earlier interface {
		Outcome(ctx context.Context, commandID uuid.UUID) (Outcome, error)
		At(ctx context.Context, stream uuid.UUID, version int) (Outcome, error)
		InFull(ctx context.Context, out Outcome, of ...ticket.Subject) (Outcome, error)
	}
	// Numbers finds the ids of tickets by their numbers, whoever asks.
	Numbers interface {
		TicketID(ctx context.Context, ref ticket.Ref) (ticket.ID, error)
	}
	// Files takes uploads in and finds them: [ticket.ErrAttached], with its place in ids, for one that is
	// not there or not theirs.
	Files interface {
		Uploaded(ctx context.Context, by domain.UserID, ids []uuid.UUID) ([]ticket.Attachment, error)
		// Take keeps what r reads as a file of somebody's; see [attachments.Files.Take].
		Take(ctx context.Context, id uuid.UUID, by domain.UserID, name, declared string, r io.Reader) (ticket.Attachment, error)
	}
	// Accounts finds people on the write side by id, username or mail address:
	// [domain.ErrNotFound] when there is nobody of that name.
	Accounts interface {
		Find(ctx context.Context, name string) (user.Account, error)
	}
}

// Do is how a command is carried out: by [Tickets.Do], for example.
type Do func(Request) (Outcome, error)

// Execution is how a caller wants a command carried out.
type Execution struct {
	Request
	// Versions is what If-Match names, tried one after the other until one is not
	// stale. nil: the Request's IfMatch alone.
	Versions []int
}

// Execute carries out a command. One that was carried out before under the same id
// leads to what it led to then.
func (a *App) Execute(ctx context.Context, e Execution, do Do) (Outcome, error) {
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
	return out, domain.ErrStale.With("it is at none of the versions that you named")
}
