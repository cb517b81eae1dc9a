package audit

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"helpdesk/attachments"
	"helpdesk/audit"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/eventstore"
)

var errFiles = errors.New("files are missing or altered")

// exportFiles writes the bytes of the files that the log names up to a position into an
// export of it.
func exportFiles(ctx context.Context, cmd *cobra.Command, m program.Modules, pool *pgxpool.Pool, store *eventstore.Store, upto int64, out string) error {
	from, err := m.Blobs(pool)
	if err != nil {
		return err
	}
	const step = 1000
	bar := program.NewProgress("exported", "files", step, cmd.ErrOrStderr())
	defer bar.Close()
	n := map[string]int{}
	err = attachments.Archive(ctx, from, store, upto, out, func(a attachments.Archived, done, of int) {
		n[a.State]++
		if a.State == attachments.Missing || a.State == attachments.Altered {
			bar.Say(fmt.Sprintf("file %s of ticket %s, attached at position %d: %s", a.ID, a.Ticket, a.Position, a.State))
		}
		bar.Show(int64(done), int64(of))
	})
	if err != nil {
		return err
	}
	lost := n[attachments.Missing] + n[attachments.Altered]
	fmt.Fprintf(cmd.OutOrStdout(), "Files: %d with their bytes. Removed: %d. Erased: %d. Missing or altered: %d.\n",
		n[attachments.Here], n[attachments.Removed], n[attachments.Erased], lost)
	if lost > 0 {
		return errFiles
	}
	return nil
}

// files verifies the bytes of files in an export.
func (v verifyFlags) files(ctx context.Context, a *audit.Archive, dir string) error {
	each := func(visit func(*eventstore.Recorded) error) error { return a.Events(ctx, math.MaxInt64, visit) }
	found, err := attachments.VerifyArchive(ctx, dir, v.codec, each, func(f attachments.Fault) {
		fmt.Fprintf(v.errs, "file %s of ticket %s, attached at position %d: %s\n", f.Attachment, f.Ticket, f.Position, f.What)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(v.out, "Files: %d are as they were attached. Removed: %d. Erased: %d. Missing or altered: %d.\n",
		found.Sound, found.Removed, found.Erased, found.Faulty)
	if found.Faulty > 0 {
		return errFiles
	}
	return nil
}
