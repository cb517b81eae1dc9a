package attachments

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"helpdesk/attachments"
	"helpdesk/cmd/helpdesk/program"
)

func command(m program.Modules, s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "attachments",
		Short: "Verify the files of tickets, and move them to another store",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(verifyCommand(m, s), moveCommand(m, s))
	return cmd
}

// step is how many files are between two lines of progress.
const step = 1000

var (
	errFaulty = errors.New("files are missing or altered")
	errLeft   = errors.New("not all files could be carried")
)

func verifyCommand(m program.Modules, s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Hold the bytes of every file against the log",
		Long: `Reads the bytes of every file that the log names and compares their SHA-256 with the
one that the log has. Prints a line for each file that is missing, altered or unreadable,
and how many are sound, removed, or of people who were erased. Ends with an error where
any is faulty. "helpdesk audit verify" proves that the log itself is as it was.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return m.Run(cmd.Context(), "attachments verify", func(ctx context.Context, o *program.Operator) error {
				files, err := s.files(o.Pool, o.Store)
				if err != nil {
					return err
				}
				progress := program.NewProgress("verified", "files", step, cmd.ErrOrStderr())
				v, err := files.Verify(ctx, o.Store, func(f attachments.Fault) {
					progress.Say(fmt.Sprintf("file %s of ticket %s, attached at position %d: %s", f.Attachment, f.Ticket, f.Position, f.What))
				}, func(done, of int) { progress.Show(int64(done), int64(of)) })
				progress.Close()
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "Sound: %d. Removed: %d. Erased: %d. Missing or altered: %d.\n", v.Sound, v.Removed, v.Erased, v.Faulty)
				if v.Faulty > 0 {
					return errFaulty
				}
				return nil
			})
		},
	}
}

func moveCommand(m program.Modules, s *settings) *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use:   "move URL",
		Short: "Carry the bytes of all files to another store",
		Long: `Carries the bytes of all files from the store that HELPDESK_BLOBS_URL names to another:
file:///path, or "database". What is there already stays, so it may be interrupted and
begun again. First run it while the service runs, then once more with the service
stopped, which brings what came meanwhile; then set HELPDESK_BLOBS_URL, start the
service, and run "helpdesk attachments verify". With --remove each blob is taken from
the old store once it is in the new one: only with the service stopped.`,
		Example: "  helpdesk attachments move file:///var/lib/helpdesk/attachments",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			target := settings{BlobsURL: args[0]}
			if args[0] == "database" {
				target.BlobsURL = ""
			}
			if _, err := target.folder(); err != nil || args[0] == "" {
				return fmt.Errorf("%q is not a store: use file:///path or database", args[0])
			}
			return m.Run(cmd.Context(), "attachments move", func(ctx context.Context, o *program.Operator) error {
				from, err := s.store(o.Pool) // the settings are read by now
				if err != nil {
					return err
				}
				to, err := target.store(o.Pool)
				if err != nil {
					return err
				}
				if s.same(target) {
					return errors.New("the files are there already: HELPDESK_BLOBS_URL names the same store")
				}
				progress := program.NewProgress("looked at", "files", step, cmd.ErrOrStderr())
				defer progress.Close()
				var files int
				var bytes int64
				left := 0
				err = attachments.Move(ctx, from, to, remove, func(looked int, carried int64) {
					files, bytes = looked, carried
					progress.Show(int64(looked), -1)
				}, func(id uuid.UUID, err error) {
					left++
					progress.Say(fmt.Sprintf("file %s stays where it is: %v", id, err))
				})
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%d files are in the new store; %d bytes were carried now.\n", files, bytes)
				if left > 0 {
					return errLeft
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "take each file from the old store once it is in the new one")
	return cmd
}
