// Package audit has the subcommands that export and verify the log.
package audit

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/cmd/helpdesk/program"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"helpdesk/attachments"
	"helpdesk/audit"
	"helpdesk/eventstore"
)

func command(m program.Modules, s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove that the log was not altered",
		Long: `The log is a Merkle tree whose size and root are signed whenever it has grown
(docs/audit-log.md). These commands export the log, verify it and show the key.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(exportCommand(m), verifyCommand(m), keyCommand(m, s))
	return cmd
}

func exportCommand(m program.Modules) *cobra.Command {
	var out string
	var files bool
	cmd := &cobra.Command{
		Use:   "export --out DIR",
		Short: "Export the log to a folder, with all that is needed to verify it",
		Long: `Writes every event up to the newest signed checkpoint as a line of JSON, 65,536 to
a file, with the hashes of the tree, the checkpoint, the verifier key and a
manifest with the SHA-256 of each file. "helpdesk audit verify DIR" verifies it,
and docs/audit-log.md says how others can.

With --with-attachments the folder has the bytes of the files of tickets, too, as they
are stored, sealed, and attachments.ndjson with a line for each of them; a file that
was removed, or whose uploader was erased, is named there without bytes. An export that
has them once gets them each time.

If it is interrupted, run it again to resume, even days later. The folder contains
personal data, as the log does.`,
		Example: "  helpdesk audit export --out /backup/log",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withLog(cmd.Context(), m, "audit export", func(ctx context.Context, c config.Config, pool *pgxpool.Pool, store *eventstore.Store) error {
				vkeys, err := dirOf(c).VKeys()
				if err != nil {
					return err
				}
				if len(vkeys) == 0 {
					return errors.New("no verifier key in HELPDESK_DATA_DIR: run this where the log is signed")
				}
				bar := program.NewProgress("exported", "events", program.ProgressStep, cmd.ErrOrStderr())
				manifest, err := audit.Export(ctx, pool, store, audit.ExportConfig{
					Out: out, VKeys: vkeys, History: dirOf(c).Checkpoints(), Progress: bar.Show,
				})
				bar.Close()
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%d events in %s, as the newest checkpoint has them.\n", manifest.Size, out)
				if !files && !attachments.HasArchive(out) {
					return nil
				}
				return exportFiles(ctx, cmd, m, pool, store, manifest.Size, out)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder to write into")
	cmd.Flags().BoolVar(&files, "with-attachments", false, "export the bytes of files too")
	_ = cmd.MarkFlagRequired("out") // it is there
	return cmd
}

func verifyCommand(m program.Modules) *cobra.Command {
	var v verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [DIR]",
		Short: "Verify the log, or an export of it",
		Long: `Reads every event, of the database or of an export, makes the tree anew and holds
it against the signed checkpoints: those in HELPDESK_DATA_DIR or in the export, and
those of --checkpoint. Nothing in the database is believed. On the way it checks
that positions and versions have no holes and that times of recording go forward.

Without --key the signatures are checked with the key in HELPDESK_DATA_DIR, or with
the one in the export, which proves only that the export agrees with itself: an
auditor has a key and checkpoints from elsewhere.

It names the first position that is not as it was, and ends with status 1.`,
		Example: "  helpdesk audit verify\n  helpdesk audit verify /backup/log --key desk.example.com+0123abcd+A… --checkpoint witness.txt",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			v.out, v.errs = cmd.OutOrStdout(), cmd.ErrOrStderr()
			if len(args) == 1 {
				v.codec = m.Codec(nil)
				return v.archive(cmd.Context(), args[0])
			}
			return withLog(cmd.Context(), m, "audit verify", v.database)
		},
	}
	cmd.Flags().StringArrayVar(&v.checkpoints, "checkpoint", nil, "file with signed checkpoints from elsewhere; may be repeated")
	cmd.Flags().StringArrayVar(&v.keys, "key", nil, "verifier key to check signatures with; may be repeated")
	return cmd
}

// verifyFlags is what verify is told.
type verifyFlags struct {
	checkpoints, keys []string
	codec             *eventstore.Codec
	out, errs         io.Writer
}

func (v verifyFlags) database(ctx context.Context, c config.Config, pool *pgxpool.Pool, store *eventstore.Store) error {
	own := dirOf(c)
	vkeys, err := own.VKeys()
	if err != nil {
		return err
	}
	files := v.checkpoints
	if _, err := os.Stat(own.Checkpoints()); err == nil {
		files = append([]string{own.Checkpoints()}, files...)
	}
	if err := v.verify(ctx, audit.NewDatabase(pool, store), vkeys, files, ""); err != nil {
		return err
	}
	redacted, err := audit.Redactions(ctx, pool)
	if err == nil && redacted > 0 {
		_, err = fmt.Fprintf(v.out, "%s: nothing opens what was there, as events of the log say.\n", program.Counted(int(redacted), "redacted texts"))
	}
	return err
}

func (v verifyFlags) archive(ctx context.Context, dir string) error {
	a, err := audit.OpenArchive(dir)
	if err != nil {
		return err
	}
	vkeys, err := a.VKeys()
	if err != nil && len(v.keys) == 0 {
		return err
	}
	err = v.verify(ctx, a, vkeys, append(a.Files(), v.checkpoints...),
		"The key is the export's own. Compare it with one from elsewhere, or give that with --key.\n")
	if err != nil || !attachments.HasArchive(dir) {
		return err
	}
	return v.files(ctx, a, dir)
}

// verify verifies a source with the keys given, or else with own.
func (v verifyFlags) verify(ctx context.Context, source audit.Source, own, files []string, warning string) error {
	given := v.keys
	if len(given) == 0 {
		given = own
	} else {
		warning = ""
	}
	if len(given) == 0 {
		return errors.New("no verifier key in HELPDESK_DATA_DIR: pass one with --key")
	}
	keys, err := audit.Verifiers(given)
	if err != nil {
		return err
	}
	bar := program.NewProgress("verified", "events", program.ProgressStep, v.errs)
	found, err := audit.Verify(ctx, source, audit.VerifyConfig{Keys: keys, Files: files, Progress: bar.Show})
	bar.Close()
	if err != nil {
		return err
	}
	if found.Events == 0 {
		_, err := fmt.Fprintln(v.out, "The log is empty, and so it was whenever it was signed.")
		return err
	}
	fmt.Fprintf(v.out, "%d events are as they were recorded.\n  Root of the tree    %s\n  Newest checkpoint   %d events, %s\n  Checkpoints         %d agree\n",
		found.Events, base64.StdEncoding.EncodeToString(found.Root), found.Checkpoint.Size,
		base64.StdEncoding.EncodeToString(found.Checkpoint.Root), found.Count)
	for _, vkey := range given {
		fmt.Fprintf(v.out, "  Verifier key        %s\n", vkey)
	}
	if after := found.Events - found.Checkpoint.Size; after > 0 {
		fmt.Fprintln(v.out, unsigned(after, found.Untreed))
	}
	_, err = fmt.Fprint(v.out, warning)
	return err
}

// unsigned returns a line about the events that nothing proves yet.
func unsigned(events, untreed int64) string {
	in := "all of them are in the tree"
	if untreed > 0 {
		in = fmt.Sprintf("the newest %d are not in the tree yet", untreed)
	}
	return fmt.Sprintf("The newest %d events are not signed yet; %s. A running service signs them within seconds: verify again then.", events, in)
}

func keyCommand(m program.Modules, s *settings) *cobra.Command {
	var renew bool
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Show the key to verify checkpoints with",
		Long: `Prints the verifier key of the log, for everybody who is to verify it.

With --new a new signing key is made and becomes the log's, as when the former was
lost or got about. The former one and its checkpoints stay beside it, and what it
signed stays as true as it was. A service that is running goes on with the new key.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if renew {
				return m.WithDatabase(cmd.Context(), program.Share, func(ctx context.Context, c config.Config, db *program.Database) error {
					if s.AuditKey != "" {
						return errors.New("HELPDESK_AUDIT_KEY: --new makes the key in HELPDESK_DATA_DIR; unset it, and put the new key in its place afterwards")
					}
					pool, err := db.Connect(ctx, "helpdesk audit key", 2, nil)
					if err != nil {
						return err
					}
					defer pool.Close()
					key, err := audit.Renew(ctx, pool, dirOf(c), s.origin(c))
					if err != nil {
						return err
					}
					_, err = fmt.Fprintln(cmd.OutOrStdout(), key.VKey())
					return err
				})
			}
			c, _, err := m.Load(os.Environ())
			if err != nil {
				return err
			}
			key, err := dirOf(c).LoadKey(s.AuditKey)
			if errors.Is(err, audit.ErrNoKey) {
				return errors.New("no signing key in HELPDESK_DATA_DIR: the first worker creates it")
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), key.VKey())
			return err
		},
	}
	cmd.Flags().BoolVar(&renew, "new", false, "create a new signing key for the log")
	return cmd
}

// withLog runs a command that reads the log of the configured database, which is
// not migrated first: it is looked at as it is.
func withLog(ctx context.Context, m program.Modules, name string, work func(context.Context, config.Config, *pgxpool.Pool, *eventstore.Store) error) error {
	return m.WithDatabaseAsItIs(ctx, func(ctx context.Context, c config.Config, db *program.Database) error {
		pool, err := db.Connect(ctx, "helpdesk "+name, 2, nil)
		if err != nil {
			return err
		}
		defer pool.Close()
		return work(ctx, c, pool, eventstore.New(pool, m.Codec(nil), func([]string) {}))
	})
}
