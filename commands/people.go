package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// Accounts is the write side's index of users. Each method answers work for
// the transaction of the append, so that index and events never disagree.
type Accounts interface {
	// Insert adds the account: [user.ErrUsernameTaken] or [user.ErrEmailTaken]
	// when another has the name or the address.
	Insert(a user.Account, passwordHash string) eventstore.InTx
	// Update brings the account to a, ending its sessions when it is no longer
	// active: [user.ErrEmailTaken], or [user.ErrLastAdmin] when no active admin
	// would be left.
	Update(a user.Account) eventstore.InTx
	// Erase takes all that is personal out of the account and ends its sessions
	// and tokens: [user.ErrLastAdmin] when no active admin would be left.
	Erase(id user.ID) eventstore.InTx
	// SetPassword stores the hash and ends every session but keep.
	SetPassword(id user.ID, passwordHash string, keep []byte) eventstore.InTx
	// KeepLink stores the hash of a password link, in place of an earlier one.
	KeepLink(id user.ID, tokenHash []byte, until time.Time) eventstore.InTx
	// UseLink is SetPassword by the link, which is used up: it refuses one that is not
	// there any more.
	UseLink(id user.ID, passwordHash string, tokenHash []byte) eventstore.InTx
}

// People carries out commands on users.
type People struct {
	log      Log
	accounts Accounts
}

// NewPeople makes the user commands over a log and the accounts beside it.
func NewPeople(log Log, accounts Accounts) *People {
	return &People{log: log, accounts: accounts}
}

var people = aggregate[user.State, user.Command]{
	streamType: domain.UserStream, evolve: user.Evolve, fold: folding(user.Evolve), decide: user.Decide,
	person: func(id uuid.UUID, _ user.State, _ user.Command) domain.UserID { return domain.UserID{UUID: id} },
}

// Register makes the user id with a password that was hashed already. Events
// and password are written in one transaction.
func (p *People) Register(ctx context.Context, r Request, id user.ID, c user.Register, passwordHash string) (Outcome, error) {
	if c.Actor.ID.IsZero() && !c.Actor.Trusted() {
		c.Actor.ID = id // somebody who registers acts as who they become
	}
	return p.run(ctx, r, id, c, func(next user.State, a *eventstore.Append) {
		a.Also = p.accounts.Insert(next.Account(id), passwordHash)
	})
}

// Edit changes a user's profile, role or activity.
func (p *People) Edit(ctx context.Context, r Request, c user.EditUser) (Outcome, error) {
	return p.run(ctx, r, c.ID, c, func(next user.State, a *eventstore.Append) {
		a.Also = p.accounts.Update(next.Account(c.ID))
	})
}

// ChangePassword stores a new password hash, ends the person's other sessions
// and records that it happened. keep is the token hash of the session to keep,
// nil for none.
func (p *People) ChangePassword(ctx context.Context, r Request, c user.ChangePassword, passwordHash string, keep []byte) (Outcome, error) {
	return p.run(ctx, r, c.ID, c, func(_ user.State, a *eventstore.Append) {
		a.Also = p.accounts.SetPassword(c.ID, passwordHash, keep)
	})
}

// MakePasswordLink lets whoever has the token of this hash set the password of somebody.
func (p *People) MakePasswordLink(ctx context.Context, r Request, c user.MakePasswordLink, tokenHash []byte) (Outcome, error) {
	return p.run(ctx, r, c.ID, c, func(_ user.State, a *eventstore.Append) {
		a.Also = p.accounts.KeepLink(c.ID, tokenHash, c.At.Add(user.PasswordLinkLifetime))
	})
}

// RefuseFile records that malware was found in a file that somebody brought.
func (p *People) RefuseFile(ctx context.Context, r Request, c user.RefuseFile) (Outcome, error) {
	return p.run(ctx, r, c.Actor.ID, c, func(user.State, *eventstore.Append) {})
}

// ReportBounce records that an email to somebody came back for good.
func (p *People) ReportBounce(ctx context.Context, r Request, c user.ReportBounce) (Outcome, error) {
	return p.run(ctx, r, c.ID, c, func(user.State, *eventstore.Append) {})
}

// ClearAddress has emails sent to somebody again.
func (p *People) ClearAddress(ctx context.Context, r Request, c user.ClearAddress) (Outcome, error) {
	return p.run(ctx, r, c.ID, c, func(user.State, *eventstore.Append) {})
}

// UsePasswordLink is [People.ChangePassword] by the link whose token has this hash, which
// keeps no session.
func (p *People) UsePasswordLink(ctx context.Context, r Request, c user.ChangePassword, passwordHash string, tokenHash []byte) (Outcome, error) {
	return p.run(ctx, r, c.ID, c, func(_ user.State, a *eventstore.Append) {
		a.Also = p.accounts.UseLink(c.ID, passwordHash, tokenHash)
	})
}

// Erase erases the user id, and does also, in the same transaction, what is to
// be done where the rest of the service keeps something of them.
func (p *People) Erase(ctx context.Context, r Request, id user.ID, c user.Erase, also ...eventstore.InTx) (Outcome, error) {
	return p.run(ctx, r, id, c, func(_ user.State, a *eventstore.Append) {
		a.Also = eventstore.InTurn(append([]eventstore.InTx{p.accounts.Erase(id)}, also...)...)
	})
}

func (p *People) run(ctx context.Context, r Request, id user.ID, c user.Command, with func(next user.State, a *eventstore.Append)) (Outcome, error) {
	return people.run(ctx, task[user.State, user.Command]{
		log: p.log, id: id.UUID, request: r, actor: c.ActedBy(), command: c, prepare: with,
	})
}
