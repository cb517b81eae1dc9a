package projections

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// withTexts completes a projector whose tables hold texts of people: forgetSQL
// removes what they hold of the streams $1.
func withTexts(f eventstore.Follower, forgetSQL string) eventstore.Follower {
	f.Types = append(f.Types, user.TextsErased{}.EventType())
	f.Forget = func(ctx context.Context, tx pgx.Tx, streamIDs []uuid.UUID) error {
		_, err := tx.Exec(ctx, forgetSQL, streamIDs)
		return err
	}
	return f
}
