// Package escalations has the subcommands that list pending escalations and run
// those that are due.
package escalations

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"helpdesk/cmd/helpdesk/program"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"helpdesk/commands"
	"helpdesk/domain/ticket"
	"helpdesk/edge"
	"helpdesk/eventstore"
	"helpdesk/saga"
)

func command(m program.Modules, s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "escalations",
		Short: "List pending escalations and run those that are due",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(checkEscalationsCommand(m, s), listEscalationsCommand(m, s))
	return cmd
}

func checkEscalationsCommand(m program.Modules, s *settings) *cobra.Command {
	var dryRun bool
	var at string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Escalate the tickets that are due now",
		Long: `Escalates the tickets that have waited too long, prints a line for each, and returns
when all are done. A running service does this by itself, which usually leaves nothing
to do here.`,
		Example: "  helpdesk escalations check\n  helpdesk escalations check --dry-run --at 2030-01-02T09:00:00Z",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var until time.Time
			if at != "" {
				var err error
				if until, err = edge.ParseInstant(at); err != nil {
					return fmt.Errorf("--at: %q is not an instant such as 2030-01-02T09:00:00Z", at)
				}
				if !dryRun {
					return errors.New("--at: only allowed with --dry-run; no ticket escalates early")
				}
			}
			return m.Run(cmd.Context(), "escalations check", func(ctx context.Context, o *program.Operator) error {
				if dryRun {
					return s.wouldEscalate(ctx, o, cmd.OutOrStdout(), until)
				}
				return s.escalateDue(ctx, o, cmd.OutOrStdout())
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print what would escalate, change nothing")
	cmd.Flags().StringVar(&at, "at", "", "with --dry-run: as of this instant (RFC 3339) instead of now")
	return cmd
}

func listEscalationsCommand(m program.Modules, s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List pending timers, the next due first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return m.Run(cmd.Context(), "escalations list", func(ctx context.Context, o *program.Operator) error {
				if _, err := s.catchUp(ctx, o); err != nil {
					return err
				}
				n, err := printPending(ctx, o, cmd.OutOrStdout(), time.Time{})
				if err == nil && n == 0 {
					_, err = fmt.Fprintln(cmd.OutOrStdout(), "No pending escalations.")
				}
				return err
			})
		},
	}
}

// wouldEscalate prints the tickets that are due until an instant; zero: now.
func (s *settings) wouldEscalate(ctx context.Context, o *program.Operator, out io.Writer, until time.Time) error {
	if _, err := s.catchUp(ctx, o); err != nil {
		return err
	}
	if until.IsZero() {
		if err := o.Pool.QueryRow(ctx, `SELECT now()`).Scan(&until); err != nil {
			return fmt.Errorf("ask the database for the time: %w", err)
		}
	}
	n, err := printPending(ctx, o, out, until)
	if err == nil {
		_, err = fmt.Fprintf(out, "%d would escalate. Nothing was changed.\n", n)
	}
	return err
}

func printPending(ctx context.Context, o *program.Operator, out io.Writer, until time.Time) (n int, err error) {
	err = saga.PendingEscalations(ctx, o.Pool, until, func(p saga.Pending) error {
		n++
		return printTicket(ctx, o, out, p.TicketID, p.DueAt, "")
	})
	return n, err
}

// printTicket prints a ticket's line.
func printTicket(ctx context.Context, o *program.Operator, out io.Writer, id uuid.UUID, due time.Time, end string) error {
	history, err := o.Store.Load(ctx, id)
	if err != nil {
		return err
	}
	var t ticket.State
	for _, e := range history {
		t = ticket.Evolve(t, e.Event)
	}
	_, err = fmt.Fprintf(out, "#%-6d %-6s due %s  %s%s\n", t.Number, t.Priority, due.UTC().Format("2006-01-02T15:04:05Z"), t.Title, end)
	return err
}

// catchUp brings the escalation up to the head of the log, which a running
// service has mostly done already, and returns the policy in force.
func (s *settings) catchUp(ctx context.Context, o *program.Operator) (saga.Policy, error) {
	policy, known, err := saga.PolicyInForce(ctx, o.Pool)
	if err != nil {
		return policy, err
	}
	if !known {
		policy = s.policy()
		if _, _, err := policy.Adopt(ctx, o.Pool); err != nil {
			return policy, err
		}
	}
	head, err := o.Store.Head(ctx)
	if err != nil {
		return policy, err
	}
	return policy, o.Follow(ctx, head, saga.Escalation(policy, nil))
}

// escalateDue fires the timers that are due and carries their commands out.
func (s *settings) escalateDue(ctx context.Context, o *program.Operator, out io.Writer) error {
	policy, err := s.catchUp(ctx, o)
	if err != nil {
		return err
	}
	issued, set := eventstore.NewNotifier(), eventstore.NewNotifier()
	timers := saga.NewTimers(o.Pool, set, issued.Notify, o.Log)
	outbox := saga.NewOutbox(o.Pool)
	processor := saga.NewProcessor(outbox, issued, set, nil, program.Quiet(o.Log), saga.Escalations(policy, commands.NewTickets(o.Store, o.Store)))
	working, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return processor.Run(working) })
	var escalated, left int
	group.Go(func() error {
		defer stop()
		for {
			fired, err := timers.FireDue(ctx, 100)
			if err != nil || len(fired) == 0 {
				return err
			}
			for _, f := range fired {
				done, err := await(ctx, o, out, outbox, f)
				if err != nil {
					return err
				}
				if done {
					escalated++
				} else {
					left++
				}
			}
		}
	})
	if err := group.Wait(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d escalated, %d unchanged.\n", escalated, left)
	return err
}

// commandPoll is how often a command's end is looked for.
const commandPoll = 5 * time.Millisecond

// await waits for the end of a timer's command and prints the ticket's line.
func await(ctx context.Context, o *program.Operator, out io.Writer, outbox *saga.Outbox, f saga.Fired) (escalated bool, err error) {
	tick := time.NewTicker(commandPoll)
	defer tick.Stop()
	for {
		fate, problem, err := outbox.FateOf(ctx, f.TimerID)
		switch {
		case err != nil:
			return false, err
		case fate == saga.FateFailed:
			return false, printTicket(ctx, o, out, f.Key, f.DueAt, "  FAILED: "+problem)
		case fate == saga.FateDone:
			if escalated, err = o.Store.Carried(ctx, f.TimerID); err != nil {
				return false, err
			}
			end := ""
			if !escalated {
				end = "  (unchanged: it is no longer waiting)"
			}
			return escalated, printTicket(ctx, o, out, f.Key, f.DueAt, end)
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-tick.C:
		}
	}
}
