package apitest

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
	"helpdesk/projections"
)

// kernel stands in for what is behind the kernel of the API.
type kernel struct{}

// Lookup finds the session of a token.
func (kernel) Lookup(_ context.Context, token string) (auth.Session, error) {
	if a, ok := Accounts[token]; ok {
		return auth.Session{TokenHash: []byte(token), Account: a, ExpiresAt: Noon.Add(time.Hour)}, nil
	}
	return auth.Session{}, auth.ErrNoSession
}

// Await finds every projection as new as is wanted.
func (kernel) Await(context.Context, int64, ...string) (projections.Served, error) {
	return projections.Served{}, nil
}

// Usernames returns the names of people.
func (kernel) Usernames(_ context.Context, of []uuid.UUID) (map[uuid.UUID]string, error) {
	names := map[uuid.UUID]string{}
	for _, a := range Accounts {
		if slices.Contains(of, a.ID.UUID) {
			names[a.ID.UUID] = a.Username
		}
	}
	return names, nil
}

// Record records nothing.
func (kernel) Record(context.Context, commands.Request, domain.Actor, user.ID, domain.Event) error {
	return nil
}

// TokenUsed records nothing.
func (kernel) TokenUsed(context.Context, commands.Request, domain.Actor, uuid.UUID, access.From) error {
	return nil
}
