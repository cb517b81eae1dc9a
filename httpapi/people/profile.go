package people

import (
	"context"
	"errors"

	"helpdesk/domain"
	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
)

// errNotFresh refuses a reader whose own profile is not projected yet.
var errNotFresh = &domain.Error{
	Kind: domain.KindUnavailable, Code: "not_fresh",
	Message: "the read side has not caught up yet, try again",
}

// Profile reads the caller's profile. They exist: only a projection that an operator
// holds may not know them yet.
func (r Resource) Profile(ctx context.Context, c *httpapi.Call) (wire.User, error) {
	u, err := r.Read.User(ctx, c.Actor.ID)
	if errors.Is(err, domain.ErrNotFound) {
		return wire.User{}, errNotFresh
	}
	return wire.UserOf(c.Actor, u), err
}
