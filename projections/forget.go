package projections

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// Forgetting completes a projection whose tables hold texts of people: forgetSQL
// removes what they hold of the streams $1. It is given [user.TextsErased] too.
func Forgetting(f follow.Follower, forgetSQL string) follow.Follower {
	if erased := (user.TextsErased{}).EventType(); !slices.Contains(f.Types, erased) {
		f.Types = append(f.Types, erased)
	}
	f.Forget = func(ctx context.Context, tx pgx.Tx, streamIDs []uuid.UUID) error {
		_, err := tx.Exec(ctx, forgetSQL, streamIDs)
		return err
	}
	return f
}

// WithTexts is [Forgetting] for a projection that knows nothing of users.
func WithTexts(f follow.Follower, forgetSQL string) follow.Follower {
	apply := f.Apply
	f.Apply = func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
		events = slices.DeleteFunc(events, func(e eventstore.Envelope) bool { _, ok := e.Event.(user.TextsErased); return ok })
		if len(events) == 0 {
			return nil
		}
		return apply(ctx, tx, events)
	}
	return Forgetting(f, forgetSQL)
}
