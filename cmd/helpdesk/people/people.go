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
		Short: "Export or erase a person's data",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(exportPersonCommand(m), erasePersonCommand(m))
	return cmd
}

func exportPersonCommand(m program.Modules) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "export USER",
		Short: "Export a person's data to a ZIP file",
		Long: `Writes all data about a person, given by username, address or id, to a ZIP file: their
profile, their tickets with the conversation, their comments, emails, sessions, API
tokens and saved views, and every event that they caused or that contains a text of
theirs. It contains no secrets. The address may be that of somebody who wrote to the
desk and has no account.`,
		Example: "  helpdesk people export ann --out ann.zip",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "people export", func(ctx context.Context, o *program.Operator) error {
				account, stranger, err := find(ctx, o, args[0])
				if err != nil {
					return err
				}
				if out == "" && stranger {
					out = account.ID.String() + ".zip"
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
	cmd.Flags().StringVar(&out, "out", "", "file to write, which must not exist yet (default USERNAME.zip, or ID.zip without one)")
	return cmd
}

func erasePersonCommand(m program.Modules) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "erase USER",
		Short: "Erase a person's data for good by destroying its key",
		Long: `Destroys the key that a person's texts in the log (name, address, all they wrote)
are encrypted with, and removes their account, sessions and API tokens. Each of their
texts reads "[erased]" from then on: in lists, search, email notifications and every
replay. Events, reports and the audit tree stay unchanged.

USER is a username, an address or an id. An address may be that of somebody who wrote
to the desk and has no account: they are given one, which is erased at once.

This cannot be undone. Older backups of the database still contain the key: destroy
them too. A running service follows within seconds, and the command works without one.
If it is interrupted, run it again with the person's id.`,
		Example: "  helpdesk people erase ann",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "people erase", func(ctx context.Context, o *program.Operator) error {
				who, stranger, err := find(ctx, o, args[0])
				if err != nil {
					return err
				}
				if !yes {
					if err := confirm(cmd.ErrOrStderr(), who.Username); err != nil {
						return err
					}
				}
				if stranger {
					if err := makeContact(ctx, o, who); err != nil {
						return err
					}
				}
				e, err := newErasure(ctx, o, who.ID)
				if err != nil {
					return err
				}
				return e.run(ctx, cmd.OutOrStdout())
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// confirm asks for the name to be typed.
func confirm(out io.Writer, name string) error {
	ask := program.NewPrompter(os.Stdin, out)
	if !ask.Terminal {
		return errors.New("no terminal to confirm on: pass --yes")
	}
	fmt.Fprintf(out, "This cannot be undone. Type %s to continue: ", name)
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	if strings.TrimRight(line, "\r\n") != name {
		return errors.New("that does not match; nothing was erased")
	}
	return nil
}
