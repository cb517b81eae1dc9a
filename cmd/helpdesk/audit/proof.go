package audit

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"os"

	"helpdesk/audit"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/domain"
	"helpdesk/httpapi"
	auditapi "helpdesk/httpapi/audit"
	"helpdesk/projections/feed"
	"helpdesk/web"
	"helpdesk/web/auditlog"
)

func routes(c *program.Clients) []httpapi.Route {
	tree := audit.NewReader(c.Pool, c.Store)
	return auditapi.Resource{Tree: tree, Proofs: tree}.Routes()
}

func pages(c *program.Clients) []web.Page {
	return (&auditlog.Section{
		Events: feed.NewEvents(c.Pool, c.Store), Proof: proof{c}, Tickets: program.NewReader(c.Pool), Accounts: c.Accounts, Log: c.Log,
	}).Pages()
}

// proof shows the site that the log was not altered.
type proof struct{ clients *program.Clients }

// errNoVerifier: this process has no key to verify signatures with.
var errNoVerifier = &domain.Error{
	Kind: domain.KindRejected, Code: "no_verifier_key",
	Message: `this process has no verifier key in HELPDESK_DATA_DIR: the log is signed elsewhere, and verified there with "helpdesk audit verify"`,
}

// Newest returns the newest checkpoint.
func (p proof) Newest(ctx context.Context) (auditlog.Checkpoint, error) {
	c, err := audit.NewReader(p.clients.Pool, p.clients.Store).Checkpoint(ctx)
	return auditlog.Checkpoint{Size: c.Size, Root: c.Root, Note: string(c.Note)}, err
}

// vkeys returns the keys that signatures are verified with.
func (p proof) vkeys() ([]string, error) {
	vkeys, err := dirOf(p.clients.Config).VKeys()
	if err == nil && len(vkeys) == 0 {
		err = errNoVerifier
	}
	return vkeys, err
}

// Verify verifies the database.
func (p proof) Verify(ctx context.Context, progress func(done, of int64)) (auditlog.Verification, error) {
	vkeys, err := p.vkeys()
	if err != nil {
		return auditlog.Verification{}, err
	}
	keys, err := audit.Verifiers(vkeys)
	if err != nil {
		return auditlog.Verification{}, err
	}
	var files []string
	if history := dirOf(p.clients.Config).Checkpoints(); exists(history) {
		files = append(files, history)
	}
	found, err := audit.Verify(ctx, audit.NewDatabase(p.clients.Pool, p.clients.Store), audit.VerifyConfig{Keys: keys, Files: files, Progress: progress})
	var fault *audit.Fault
	if errors.As(err, &fault) {
		err = &auditlog.Alteration{Position: fault.Position, Why: fault.Why}
	}
	return auditlog.Verification{
		Events: found.Events, Root: found.Root, Checkpoints: found.Count,
		Checkpoint: auditlog.Checkpoint{Size: found.Checkpoint.Size, Root: found.Checkpoint.Root, Note: string(found.Checkpoint.Note)},
	}, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Export writes the log as a ZIP file. It is made in a folder first, which is
// gone afterwards: its manifest comes last and is wanted whole.
func (p proof) Export(ctx context.Context, w io.Writer) (err error) {
	vkeys, err := p.vkeys()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "helpdesk-export-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	_, err = audit.Export(ctx, p.clients.Pool, p.clients.Store, audit.ExportConfig{
		Out: dir, VKeys: vkeys, History: dirOf(p.clients.Config).Checkpoints(),
	})
	if errors.Is(err, audit.ErrNothingSigned) {
		return &domain.Error{Kind: domain.KindRejected, Code: "nothing_signed", Message: "nothing is signed yet"}
	}
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	if err := z.AddFS(os.DirFS(dir)); err != nil {
		return err
	}
	return z.Close()
}
