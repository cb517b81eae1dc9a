package people

import (
	"context"
	"errors"
	"math"

	"helpdesk/commands"
	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
)

// Profile reads the caller's profile: from the log where a projection that an operator
// holds cannot know them.
func (r Resource) Profile(ctx context.Context, c *httpapi.Call) (wire.User, error) {
	u, err := r.Read.User(ctx, c.Actor.ID)
	if errors.Is(err, projections.ErrPaused) {
		var out commands.Outcome
		if out, err = r.App.Earlier.At(ctx, c.Actor.ID.UUID, math.MaxInt); err != nil {
			return wire.User{}, err
		}
		return written(c, out)
	}
	return wire.UserOf(c.Actor, u), err
}
