package people

import (
	"context"
	"errors"
	"time"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
)

// errNotFresh refuses a reader whose own profile is not projected yet.
var errNotFresh = &domain.Error{
	Kind: domain.KindUnavailable, Code: "not_fresh",
	Message: "the read side has not caught up yet, try again",
}

// profilePoll is how often Profile looks again.
const profilePoll = 10 * time.Millisecond

// Profile reads the caller's profile. They exist; a read side that does not
// know them yet is behind, and is waited for: another process may have made
// them a moment ago, as createsuperuser does.
func (r Resource) Profile(ctx context.Context, c *httpapi.Call) (wire.User, error) {
	ctx, cancel := context.WithTimeout(ctx, commands.FreshnessWait)
	defer cancel()
	look := time.NewTicker(profilePoll)
	defer look.Stop()
	for {
		u, err := r.Read.User(ctx, c.Actor.ID)
		switch {
		case err == nil:
			return wire.UserOf(c.Actor, u), nil
		case !errors.Is(err, domain.ErrNotFound):
			return wire.User{}, err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return wire.User{}, errNotFresh
		}
	}
}
