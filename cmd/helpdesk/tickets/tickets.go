// Package tickets has the subcommands that import tickets and replay one.
package tickets

import (
	"context"
	"fmt"
	"io"
	"os"

	"helpdesk/cmd/helpdesk/program"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func command(m program.Modules) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tickets",
		Short: "Import tickets, or replay one",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(importTicketsCommand(m), replayTicketCommand(m))
	return cmd
}

func importTicketsCommand(m program.Modules) *cobra.Command {
	var dry, exempt bool
	cmd := &cobra.Command{
		Use:   "import FILE.ndjson",
		Short: "Import tickets with the time they were opened",
		Long: `Opens a ticket for each line of the file, a JSON object:

  {"title": "…", "description": "…", "priority": "low|medium|high", "created_by": "username or id",
   "occurred_at": "2030-01-02T09:00:00Z", "status": "open|in-progress|resolved|closed|escalated",
   "status_at": "2030-01-02T10:00:00Z"}

priority, status and status_at are optional. The ticket was opened at occurred_at and
reached its status at status_at (by default at once). One that was in progress is open:
it has no assignee here. No email is sent about it. It escalates like any other; what
was overdue already does so at once, without an email.

Lines that are invalid are reported and skipped. The same file can be imported again:
tickets that are already in stay unchanged. "-" is standard input.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "tickets import", func(ctx context.Context, o *program.Operator) error {
				in, size, err := openInput(args[0])
				if err != nil {
					return err
				}
				defer in.Close()
				i, err := newImporter(ctx, o, cmd.ErrOrStderr())
				if err != nil {
					return err
				}
				i.dry, i.exempt = dry, exempt
				bar := byteBar(size, cmd.ErrOrStderr())
				err = i.run(ctx, io.TeeReader(in, bar))
				_ = bar.Close() // it only draws
				fmt.Fprintln(cmd.OutOrStdout(), i.summary())
				if err == nil && i.refused.Load() > 0 {
					err = fmt.Errorf("%s refused", program.Counted(int(i.refused.Load()), "lines"))
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "check every line and count, but write nothing")
	cmd.Flags().BoolVar(&exempt, "no-escalation", false, "let none of these tickets escalate by itself, until it is reopened")
	return cmd
}

// openInput opens the file, or standard input for "-". size is -1 where it is
// not known.
func openInput(name string) (in io.ReadCloser, size int64, err error) {
	if name == "-" {
		return io.NopCloser(os.Stdin), -1, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// byteBar shows how much of size bytes was read, on a terminal only.
func byteBar(size int64, out io.Writer) *progressbar.ProgressBar {
	if f, ok := out.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		out = io.Discard
	}
	return progressbar.NewOptions64(size, progressbar.OptionSetWriter(out), progressbar.OptionShowBytes(true),
		progressbar.OptionSetDescription("importing"), progressbar.OptionClearOnFinish())
}
