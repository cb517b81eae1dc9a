package program

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/saga"
)

// Followers returns all that set aside events, not running: projections and process
// managers.
func (o *Operator) Followers(ctx context.Context) (*eventstore.Followers, error) {
	return Failing(ctx, o.Pool, o.Store.Codec(), o.Config, o.Log)
}

// Failing returns all followers that set aside events. They do not run: what they
// have failed is applied under the lock that the running ones take turns by.
func Failing(ctx context.Context, pool *pgxpool.Pool, codec *eventstore.Codec, c config.Config, log *slog.Logger) (*eventstore.Followers, error) {
	policy, known, err := saga.PolicyInForce(ctx, pool)
	if err != nil {
		return nil, err
	}
	if !known {
		policy = c.Escalation()
	}
	all := append(projections.Followers(), saga.Escalation(policy, nil), saga.Emails(nil))
	return eventstore.Follow(pool, codec, eventstore.NewNotifier(), eventstore.NewNotifier(), eventstore.FollowConfig{Logger: log}, all...), nil
}
