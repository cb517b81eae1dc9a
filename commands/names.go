package commands

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

// TicketNamed returns the id of the ticket with that id or number:
// [domain.ErrNotFound] when there can be none. Whether a ticket of that id exists,
// and who may see it, is for the command to decide.
func (a *App) TicketNamed(ctx context.Context, name string) (ticket.ID, error) {
	ref, err := ticket.ParseRef(name)
	if err != nil || ref.Number == 0 {
		return ref.ID, err
	}
	return a.Numbers.TicketID(ctx, ref)
}

// PersonNamed returns the account of that id, username or mail address. known is
// false when there is none; the account is then one that nobody has, so that the
// rules can refuse it as they would refuse a real one.
func (a *App) PersonNamed(ctx context.Context, name string) (account user.Account, known bool, err error) {
	account, err = a.Accounts.Find(ctx, strings.TrimSpace(name))
	if errors.Is(err, domain.ErrNotFound) {
		return user.Account{ID: user.ID{UUID: uuid.New()}}, false, nil
	}
	return account, err == nil, err
}

// Uploads returns the files that a caller names by the ids of their uploads, for a command
// that attaches them: [ticket.ErrAttached], with its place, for what is none of theirs.
func (a *App) Uploads(ctx context.Context, of domain.Actor, names []string) ([]ticket.Attachment, error) {
	if len(names) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(names))
	for i, name := range names {
		ids[i], _ = uuid.Parse(name) // nothing is uploaded under the zero id
	}
	return a.Files.Uploaded(ctx, of.ID, ids)
}

// Assigning is a command that makes somebody the assignee of a ticket.
type Assigning struct {
	To    ticket.Assignee
	Name  string // the assignee's username; "" for nobody
	known bool
}

// AssigneeNamed looks up whom a caller wants to assign tickets to. Somebody who
// does not exist is passed on to the rules under an id that nobody has: they refuse
// first what the caller may not do at all, and so tell no more than they would of
// somebody who does exist. What they then refuse MUST go through
// [Assigning.Refused].
func (a *App) AssigneeNamed(ctx context.Context, name string) (Assigning, error) {
	account, known, err := a.PersonNamed(ctx, name)
	return Assigning{
		To:   ticket.Assignee{ID: account.ID, ActiveStaff: account.ActiveStaff()},
		Name: account.Username, known: known,
	}, err
}

// AssignNobody is the [Assigning] that leaves a ticket without an assignee.
func AssignNobody() Assigning { return Assigning{known: true} }

// Known reports whether there is somebody of the name that was looked up.
func (g Assigning) Known() bool { return g.known }

// Refused returns why the rules refused a command, put right for somebody who does
// not exist.
func (g Assigning) Refused(err error) error {
	if !g.known && errors.Is(err, ticket.ErrAssignee) {
		return domain.ErrUnknown.On("assigned_to")
	}
	return err
}
