package people

import (
	"context"

	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
)

// Profile reads the caller's profile.
func (r Resource) Profile(ctx context.Context, c *httpapi.Call) (wire.User, error) {
	u, err := r.Read.User(ctx, c.Actor.ID)
	return wire.UserOf(c.Actor, u), err
}
