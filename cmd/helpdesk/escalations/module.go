package escalations

import (
	"context"

	"helpdesk/eventstore/follow"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/commands"
	"helpdesk/saga"
)

// Module returns the escalation of tickets that waited too long.
func Module() program.Module {
	s := &settings{}
	return program.Module{
		Name:     "escalations",
		Settings: s,
		Manager:  s.manager,
		Work:     s.work,
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m, s)} },
	}
}

func (s *settings) manager(ctx context.Context, pool *pgxpool.Pool) (follow.Follower, error) {
	policy, known, err := saga.PolicyInForce(ctx, pool)
	if !known {
		policy = s.policy()
	}
	return saga.Escalation(policy, nil), err
}

func (s *settings) work(ctx context.Context, w *program.Worker) (done program.Work, err error) {
	policy := s.policy()
	changed, pending, err := policy.Adopt(ctx, w.Following)
	if err != nil {
		return done, err
	}
	if changed {
		w.Log.Info("escalation policy changed", "high", s.EscalateHigh,
			"medium", s.EscalateMedium, "low", s.EscalateLow, "pending_timers", pending)
	}
	return program.Work{
		Follower: saga.Escalation(policy, w.TimersSet.Notify),
		Handlers: []saga.Handler{saga.Escalations(policy, commands.NewTickets(w.Store, w.Store))},
	}, nil
}
