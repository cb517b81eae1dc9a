// Package people has the subcommands that make an admin, and export or erase
// what is stored of a person.
package people

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"helpdesk/cmd/helpdesk/program"

	"github.com/spf13/cobra"
)

func command(m program.Modules) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "people",
		Short: "Hand out or erase what is held of a person",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(exportPersonCommand(m), erasePersonCommand(m))
	return cmd
}

func exportPersonCommand(m program.Modules) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "export USER",
		Short: "Write all that is held of a person to a ZIP file",
		Long: `Writes all that is held of a person, named by username or id, to a ZIP file:
who they are, their tickets with the conversation, their comments, their emails,
sessions and API tokens, and every event that they caused or that holds a text
of theirs. No secret is in it.`,
		Example: "  helpdesk people export ann --out ann.zip",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "people export", func(ctx context.Context, o *program.Operator) error {
				account, err := o.Account(ctx, args[0])
				if err != nil {
					return err
				}
				if out == "" {
					out = account.Username + ".zip"
				}
				held, err := exportPerson(ctx, o, account, out)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", out, held)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the file; it must not exist yet (default USERNAME.zip)")
	return cmd
}

func erasePersonCommand(m program.Modules) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "erase USER",
		Short: "Destroy the key to all that a person wrote, for good",
		Long: `Destroys the key under which the texts of a person (their name and address, what
they wrote) are sealed in the log, and removes their account, sessions and API
tokens. Wherever one of their texts stood, "[erased]" stands from then on: in
lists, in the search, in the mail ledger, in every replay. Events, reports and
the audit tree stay as they are.

There is no way back. Older backups of the database still hold the key: they are
to be destroyed too. A running service goes along within seconds; the command
also works when there is none. It can be given again when it was interrupted,
with the person's id.`,
		Example: "  helpdesk people erase ann",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "people erase", func(ctx context.Context, o *program.Operator) error {
				e, err := newErasure(ctx, o, args[0])
				if err != nil {
					return err
				}
				if !yes {
					if err := confirm(cmd.ErrOrStderr(), e.username); err != nil {
						return err
					}
				}
				return e.run(ctx, cmd.OutOrStdout())
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// confirm asks for the username to be typed.
func confirm(out io.Writer, username string) error {
	ask := program.NewPrompter(os.Stdin, out)
	if !ask.Terminal {
		return errors.New("there is no terminal to ask on: give --yes")
	}
	fmt.Fprintf(out, "This cannot be undone. Type the username, %s, to go on: ", username)
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	if strings.TrimRight(line, "\r\n") != username {
		return errors.New("that is another name; nothing was erased")
	}
	return nil
}
