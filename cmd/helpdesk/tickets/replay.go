package tickets

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"helpdesk/cmd/helpdesk/program"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/edge"
	"helpdesk/projections/history"
)

func replayTicketCommand(m program.Modules) *cobra.Command {
	var at, format string
	var version int
	cmd := &cobra.Command{
		Use:   "replay ID",
		Short: "Print a ticket's history with the ticket after each step",
		Long: `Prints the history of a ticket, given by id or number, from the log: each step, and
the ticket as of that step with its comments and internal notes. Deleted tickets can be
replayed too.

With --at it ends with what was recorded at that instant, with --version with that
version of the ticket. As JSON, each step is an object on a line of its own.`,
		Example: "  helpdesk tickets replay 7\n  helpdesk tickets replay 7 --at 2030-01-02T09:00:00Z --format json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			until, err := parseUntil(at, version, cmd.Flags().Changed("version"))
			if err != nil {
				return err
			}
			print, ok := map[string]func(io.Writer, history.TicketStep) error{"text": printStep, "json": writeStep}[format]
			if !ok {
				return fmt.Errorf("--format: %q is neither text nor json", format)
			}
			return m.Run(cmd.Context(), "tickets replay", func(ctx context.Context, o *program.Operator) error {
				out := bufio.NewWriter(cmd.OutOrStdout())
				err := replay(ctx, o, args[0], until, func(s history.TicketStep) error { return print(out, s) })
				return errors.Join(err, out.Flush())
			})
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "end with what was recorded at this instant (RFC 3339)")
	cmd.Flags().IntVar(&version, "version", 0, "end with this version of the ticket")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.MarkFlagsMutuallyExclusive("at", "version")
	return cmd
}

func parseUntil(at string, version int, versioned bool) (u history.Until, err error) {
	if versioned && version < 1 {
		return u, fmt.Errorf("--version: %d is none; a ticket begins at 1", version)
	}
	u.Version = version
	if at == "" {
		return u, nil
	}
	if u.At, err = edge.ParseInstant(at); err != nil {
		return u, fmt.Errorf("--at: %q is not an instant such as 2030-01-02T09:00:00Z", at)
	}
	if u.At.After(time.Now()) {
		return u, fmt.Errorf("--at: %s has not come yet", at)
	}
	return u, nil
}

// replay calls each with the steps of the ticket that has, or had, the id or
// number.
func replay(ctx context.Context, o *program.Operator, name string, until history.Until, each func(history.TicketStep) error) error {
	histories := history.NewReader(o.Store, o.Pool)
	var id ticket.ID
	var err error
	if number, notNumber := strconv.ParseInt(name, 10, 64); notNumber == nil {
		id, err = histories.EverTicket(ctx, number)
	} else if id.UUID, err = uuid.Parse(name); err != nil {
		return fmt.Errorf("%q is neither the number nor the id of a ticket", name)
	}
	if err == nil {
		err = histories.Replay(ctx, id, until, each)
	}
	if errors.Is(err, domain.ErrNotFound) {
		return fmt.Errorf("there never was a ticket %s", name)
	}
	return err
}

// writeStep writes a step as a line of JSON.
func writeStep(out io.Writer, s history.TicketStep) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e.Encode(s)
}

// printStep writes a step for people to read: what happened, and the ticket
// since, with a mark before what changed.
func printStep(out io.Writer, s history.TicketStep) error {
	t := s.Ticket
	fmt.Fprintf(out, "%d. %s  %s\n", s.Version, s.RecordedAt.Format("2006-01-02 15:04:05.000000 MST"), s.Summary)
	if !s.OccurredAt.Equal(s.RecordedAt) {
		fmt.Fprintf(out, "   It happened at %s.\n", s.OccurredAt.Format("2006-01-02 15:04:05.000000 MST"))
	}
	if s.Cause != nil {
		fmt.Fprintf(out, "   It came of %s.\n", causeOf(*s.Cause))
	}
	changed := map[string]bool{}
	for _, c := range s.Changes {
		changed[c.Field] = true
	}
	printMember(out, false, "ticket", fmt.Sprintf("%d  %s", t.Number, t.ID))
	state, names := t.State()
	for _, m := range ticket.Members() {
		value := m.Text(state, names)
		if value == "" {
			value = "none"
		}
		if m.Name == "status" && t.Deleted {
			value = "deleted, was " + value
		}
		printMember(out, changed[m.Name] || m.Name == "status" && changed["deleted"], m.Label, value)
	}
	for _, c := range t.Comments {
		kind := "comment"
		if c.Internal {
			kind = "note"
		}
		said := !t.Deleted && changed["comment"] && (c.CreatedAt.Equal(s.OccurredAt) || c.EditedAt != nil && c.EditedAt.Equal(s.OccurredAt))
		printMember(out, said, kind, c.Author.Username+": "+c.Text)
	}
	_, err := fmt.Fprintln(out)
	return err
}

// printMember writes a member, the further lines of its value below the first.
func printMember(out io.Writer, changed bool, name, value string) {
	mark := " "
	if changed {
		mark = "*"
	}
	fmt.Fprintf(out, " %s %-12s %s\n", mark, name, strings.ReplaceAll(value, "\n", "\n"+strings.Repeat(" ", 16)))
}

func causeOf(c history.Cause) string {
	switch {
	case c.Kind == "timer" && c.Position != nil:
		return fmt.Sprintf("timer %s, set by the event at position %d", c.ID, *c.Position)
	case c.Position != nil:
		return fmt.Sprintf("the event at position %d", *c.Position)
	}
	return c.Kind + " " + c.ID.String()
}
