package webtest

import (
	"bytes"
	"context"
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Backend stands in for what is behind the kernel, and for what most sections
// need: people, sessions, the record of access, commands that are noted.
type Backend struct {
	Requests  []commands.Request // that reached a command
	Carried   []uuid.UUID        // commands on tickets that were carried out
	Refusal   error              // of commands, when not nil
	Edits     []user.EditUser
	Recorded  []string // types of records of access, and whom they are of
	RecordErr error

	BouncedAt *time.Time // since when emails to everybody come back
	Bounce    string     // and why
}

// Register notes the registration.
func (b *Backend) Register(_ context.Context, r commands.Request, _ user.ID, _ user.Register, _ string) (commands.Outcome, error) {
	return b.Note(r)
}

// ChangePassword notes the change.
func (b *Backend) ChangePassword(_ context.Context, r commands.Request, _ user.ChangePassword, _ string, _ []byte) (commands.Outcome, error) {
	return b.Note(r)
}

// MakePasswordLink notes the link.
func (b *Backend) MakePasswordLink(_ context.Context, r commands.Request, _ user.MakePasswordLink, _ []byte) (commands.Outcome, error) {
	return b.Note(r)
}

// RefuseFile notes it.
func (b *Backend) RefuseFile(_ context.Context, r commands.Request, _ user.RefuseFile) (commands.Outcome, error) {
	return b.Note(r)
}

// ClearAddress notes it.
func (b *Backend) ClearAddress(_ context.Context, r commands.Request, _ user.ClearAddress) (commands.Outcome, error) {
	return b.Note(r)
}

// UsePasswordLink notes the change.
func (b *Backend) UsePasswordLink(_ context.Context, r commands.Request, _ user.ChangePassword, _ string, _ []byte) (commands.Outcome, error) {
	return b.Note(r)
}

// Find finds one of the people of these tests.
func (b *Backend) Find(_ context.Context, name string) (user.Account, error) {
	for _, role := range domain.Roles() {
		if a := Account(string(role)); a.Username == name || a.ID.String() == name {
			return a, nil
		}
	}
	return user.Account{}, domain.ErrNotFound
}

// CheckPassword knows that everybody's password is "right".
func (b *Backend) CheckPassword(_ context.Context, _ user.ID, password string) error {
	if password != "right" {
		return auth.ErrWrongPassword
	}
	return nil
}

// Lookup finds the session of a token.
func (b *Backend) Lookup(ctx context.Context, token string) (auth.Session, error) {
	a, err := b.Find(ctx, token)
	if err != nil {
		return auth.Session{}, auth.ErrNoSession
	}
	return auth.Session{TokenHash: []byte(token), Account: a, ExpiresAt: Noon.Add(time.Hour)}, nil
}

// Hash hashes nothing.
func (b *Backend) Hash(_ context.Context, password string) (string, error) {
	return "hash of " + password, nil
}

// Await finds that everything is there.
func (b *Backend) Await(context.Context, int64, ...string) (projections.Served, error) {
	return projections.Served{}, nil
}

// Outcome knows what a repeated command led to.
func (b *Backend) Outcome(context.Context, uuid.UUID) (commands.Outcome, error) {
	return commands.Outcome{Position: 1}, nil
}

// InFull leaves nothing out.
func (*Backend) InFull(_ context.Context, out commands.Outcome, _ ...ticket.Subject) (commands.Outcome, error) {
	return out, nil
}

// At is not asked for: pages show no earlier outcome.
func (b *Backend) At(context.Context, uuid.UUID, int) (commands.Outcome, error) {
	return commands.Outcome{}, domain.ErrNotFound
}

// CarriedBetween finds a command that was carried out.
func (b *Backend) CarriedBetween(_ context.Context, from, to uuid.UUID) (uuid.UUID, error) {
	for _, id := range b.Carried {
		if bytes.Compare(from[:], id[:]) <= 0 && bytes.Compare(id[:], to[:]) <= 0 {
			return id, nil
		}
	}
	return uuid.Nil, domain.ErrNotFound
}

// Note notes that a command was asked for, and refuses it with Refusal.
func (b *Backend) Note(r commands.Request) (commands.Outcome, error) {
	b.Requests = append(b.Requests, r)
	return commands.Outcome{Position: 9}, b.Refusal
}

// Edit notes the edit.
func (b *Backend) Edit(_ context.Context, r commands.Request, c user.EditUser) (commands.Outcome, error) {
	b.Edits = append(b.Edits, c)
	return b.Note(r)
}

// User shows one of the people of these tests.
func (b *Backend) User(ctx context.Context, id user.ID) (view.User, error) {
	a, err := b.Find(ctx, id.String())
	return view.User{ID: id.UUID, Username: a.Username, Email: a.Email, Role: a.Role, IsActive: true, BouncedAt: b.BouncedAt, Bounce: b.Bounce}, err
}

// Record notes what is recorded of access.
func (b *Backend) Record(_ context.Context, _ commands.Request, _ domain.Actor, of domain.UserID, e domain.Event) error {
	b.Recorded = append(b.Recorded, e.EventType()+" "+person(of).Username)
	return b.RecordErr
}

func person(id domain.UserID) view.Person {
	for _, role := range domain.Roles() {
		if a := Account(string(role)); a.ID == id {
			return view.Person{ID: id.UUID, Username: a.Username}
		}
	}
	return view.Person{ID: id.UUID}
}
