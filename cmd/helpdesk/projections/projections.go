// Package projections has the subcommands that show projections, pause and
// rebuild them, and replay failed events.
package projections

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"helpdesk/cmd/helpdesk/program"

	"github.com/spf13/cobra"

	"helpdesk/rebuild"
)

func command(m program.Modules) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "projections",
		Short: "Show, pause and rebuild projections",
		Long: `Projections are the tables that lists, searches and reports are read from. All of
them can be rebuilt from the log while the service runs.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(listProjectionsCommand(m), projectionStatusCommand(m),
		holdCommand(m, "pause", "Pause projections until they are resumed",
			`Pauses projections in all processes, across restarts too, until they are resumed.
They can still be read as they are. Writes do not wait for them: what is written
while they are paused cannot be read from them yet, and what is erased still can.`,
			"Paused.", (*rebuild.Projections).Pause),
		holdCommand(m, "resume", "Resume paused projections", "Resumes paused projections, which then apply all that was written since.",
			"Resumed.", (*rebuild.Projections).Resume),
		rebuildCommand(m), rollbackCommand(m), failedEventsCommand(m), replayCommand(m))
	return cmd
}

// rebuilds returns the projections as operators see and rebuild them.
func rebuilds(o *program.Operator) *rebuild.Projections {
	return rebuild.New(o.Pool, o.Store.Codec(), o.Modules.Projections(), rebuild.Config{Connect: o.DB.ConnectOwner, Logger: program.Quiet(o.Log)})
}

func listProjectionsCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the projections, a line each",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return m.Run(cmd.Context(), "projections list", func(ctx context.Context, o *program.Operator) error {
				all, err := rebuilds(o).List(ctx)
				if err != nil {
					return err
				}
				for _, s := range all {
					fmt.Fprintln(cmd.OutOrStdout(), lineOf(s))
				}
				if len(all) == 0 {
					fmt.Fprintln(cmd.OutOrStdout(), "No projection has started: no worker of the service has run yet.")
				}
				return nil
			})
		},
	}
}

// lineOf returns a projection in a line, its name first.
func lineOf(s rebuild.Status) string {
	line := fmt.Sprintf("%-16s %-11s position %d of %d", s.Name, s.State, s.Position, s.Head)
	if s.Failed > 0 {
		line += ", " + program.Counted(int(s.Failed), "events") + " failed"
	}
	if s.Outdated() {
		line += fmt.Sprintf(", built by version %d of its code and to be rebuilt for version %d", s.Version, s.CodeVersion)
	}
	return line
}

func projectionStatusCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "status [NAME...]",
		Short: "Show projections and their last rebuild in detail",
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "projections status", func(ctx context.Context, o *program.Operator) error {
				p := rebuilds(o)
				if len(args) == 0 {
					args = p.Names()
				}
				for _, name := range args {
					s, err := p.Status(ctx, name)
					if err != nil {
						return err
					}
					printStatus(cmd.OutOrStdout(), s)
				}
				return nil
			})
		},
	}
}

const instantForm = "2006-01-02T15:04:05Z"

func printStatus(out io.Writer, s rebuild.Status) {
	fmt.Fprintln(out, lineOf(s))
	if s.PausedAt != nil {
		fmt.Fprintf(out, "    paused since %s\n", s.PausedAt.UTC().Format(instantForm))
	}
	if r := s.Rebuild; r != nil {
		fmt.Fprintf(out, "    %s %s\n", r.Kind, progressOf(*r))
	}
	if s.Previous != nil {
		fmt.Fprintf(out, "    previous tables are kept, as of position %d\n", *s.Previous)
	}
}

// progressOf returns how far a rebuild is.
func progressOf(r rebuild.Rebuild) string {
	since := r.BeganAt.UTC().Format(instantForm)
	switch {
	case r.Phase == rebuild.Done:
		return "done " + r.EndedAt.UTC().Format(instantForm)
	case r.Phase == rebuild.Failed:
		return fmt.Sprintf("failed %s at position %d: %s", r.EndedAt.UTC().Format(instantForm), r.Position, r.Error)
	case !r.Active:
		return fmt.Sprintf("began %s and was interrupted at position %d: run the same command again to resume", since, r.Position)
	}
	text := fmt.Sprintf("began %s, %s, position %d of %d", since, r.Phase, r.Position, r.Target)
	if r.Remaining != nil {
		text += fmt.Sprintf(", %.0f events a second, %s left", r.Rate, r.Remaining.Round(time.Second))
	}
	return text
}

func holdCommand(m program.Modules, verb, short, long, done string, hold func(*rebuild.Projections, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use:   verb + " NAME...",
		Short: short,
		Long:  long,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "projections "+verb, func(ctx context.Context, o *program.Operator) error {
				for _, name := range args {
					if err := hold(rebuilds(o), ctx, name); err != nil {
						return err
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", name, done)
				}
				return nil
			})
		},
	}
}

func rebuildCommand(m program.Modules) *cobra.Command {
	var all bool
	var o rebuild.Options
	cmd := &cobra.Command{
		Use:   "rebuild NAME... | --all",
		Short: "Rebuild projections from the log while they are read",
		Long: `Fills staging tables from the log, compares them with the tables in use and puts them
in their place. The previous tables are kept: "helpdesk projections rollback" returns
to them. Projections can be read throughout.

If it is interrupted, the same command resumes it. An event that cannot be applied
stops it, and nothing has changed. Staging tables that differ from those in use are
not put in place, since one of the two is wrong; if it is those in use, pass --accept.`,
		Example: "  helpdesk projections rebuild ticket_list comment_list\n  helpdesk projections rebuild --all",
		RunE: func(cmd *cobra.Command, args []string) error {
			if all != (len(args) == 0) {
				return errors.New("name the projections or pass --all")
			}
			return m.Run(cmd.Context(), "projections rebuild", func(ctx context.Context, op *program.Operator) error {
				p := rebuilds(op)
				if all {
					var err error
					if args, err = p.LargestFirst(ctx); err != nil {
						return err
					}
				}
				return carryOut(ctx, cmd, p, "rebuilt", rebuild.FromLog, o, args)
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all projections")
	cmd.Flags().BoolVar(&o.Accept, "accept", false, "put the staging tables in place even if they differ from those in use")
	cmd.Flags().BoolVar(&o.Afresh, "afresh", false, "start with the first event, even if an earlier rebuild was interrupted")
	return cmd
}

func rollbackCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "rollback NAME...",
		Short: "Return to the previous tables, from before the last rebuild",
		Long: `Brings the previous tables, kept by the last rebuild, up to date and puts them in the
place of those in use, which are kept in turn.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "projections rollback", func(ctx context.Context, o *program.Operator) error {
				return carryOut(ctx, cmd, rebuilds(o), "rolled back", rebuild.FromPrevious, rebuild.Options{}, args)
			})
		},
	}
}

// buildsAtOnce is how many projections are built at a time: as many as a small machine
// has processors.
const buildsAtOnce = 2

// carryOut rebuilds or rolls back projections and shows how far all of it is.
func carryOut(ctx context.Context, cmd *cobra.Command, p *rebuild.Projections, done string, kind rebuild.Kind, o rebuild.Options, names []string) error {
	bar := program.NewProgress(done, "events", program.ProgressStep, cmd.ErrOrStderr())
	defer bar.Close()
	var mu sync.Mutex
	at, of := map[string]int64{}, map[string]int64{}
	sum := func(m map[string]int64) (n int64) {
		for _, v := range m {
			n += v
		}
		return n
	}
	var orders []rebuild.Order
	for _, name := range names {
		if slices.ContainsFunc(orders, func(o rebuild.Order) bool { return o.Name == name }) {
			continue
		}
		o := o
		o.Progress = func(position, target int64) {
			mu.Lock()
			defer mu.Unlock()
			at[name], of[name] = position, target
			bar.Show(sum(at), sum(of))
		}
		o.Entered = func(phase rebuild.Phase) {
			mu.Lock()
			defer mu.Unlock()
			bar.Say(name + ": " + string(phase))
		}
		o.Served = func(position int64) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(cmd.OutOrStdout(), "%s is %s, up to position %d.\n", name, done, position)
		}
		orders = append(orders, rebuild.Order{Name: name, Kind: kind, Options: o})
	}
	failed := p.Do(ctx, buildsAtOnce, orders...)
	if ctx.Err() != nil {
		return errors.New("interrupted: run the same command again to resume")
	}
	for i, err := range failed {
		if err != nil {
			failed[i] = fmt.Errorf("%s: %s%s", orders[i].Name, program.Explain(err), wayOut(kind, err))
		}
	}
	return oneLine(failed)
}

// wayOut returns what to do about a rebuild that was refused, where there is something.
func wayOut(kind rebuild.Kind, err error) string {
	if kind == rebuild.FromLog && errors.Is(err, rebuild.ErrDiffers) {
		return "; nothing has changed: if the table in use is the wrong one, pass --accept"
	}
	return ""
}

// oneLine returns the errors as one, in a line.
func oneLine(all []error) error {
	var texts []string
	for _, err := range all {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	if texts == nil {
		return nil
	}
	return errors.New(strings.Join(texts, "; "))
}
