package escalations

import (
	"context"

	"helpdesk/eventstore/follow"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/commands"
	"helpdesk/saga"
)

// Module returns the escalation of tickets that waited too long.
func Module() program.Module {
	return program.Module{
		Name:     "escalations",
		Manager:  manager,
		Work:     work,
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
	}
}

func manager(ctx context.Context, pool *pgxpool.Pool, c config.Config) (follow.Follower, error) {
	policy, known, err := saga.PolicyInForce(ctx, pool)
	if !known {
		policy = c.Escalation()
	}
	return saga.Escalation(policy, nil), err
}

func work(ctx context.Context, w *program.Worker) (done program.Work, err error) {
	policy := w.Config.Escalation()
	changed, pending, err := policy.Adopt(ctx, w.Following)
	if err != nil {
		return done, err
	}
	if changed {
		w.Log.Info("escalation policy changed", "high", w.Config.EscalateHigh,
			"medium", w.Config.EscalateMedium, "low", w.Config.EscalateLow, "pending_timers", pending)
	}
	return program.Work{
		Follower: saga.Escalation(policy, w.TimersSet.Notify),
		Handlers: []saga.Handler{saga.Escalations(policy, commands.NewTickets(w.Store, w.Store))},
	}, nil
}
