// Package auditlog is the log of events as auditors read it, and the proof that it
// was not altered.
package auditlog

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections/feed"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// Log is the log itself; see [feed.Events].
type Log interface {
	Types() []string
	Known(eventType string) bool
	Head(ctx context.Context) (int64, error)
	Select(ctx context.Context, q feed.EventQuery, limit int) ([]feed.LoggedEvent, error)
}

// Checkpoint is what a key said of the log's tree: its size, in events, and its
// root hash, in the signed note.
type Checkpoint struct {
	Size int64
	Root []byte
	Note string
}

// Verification is what was found of a log that is in order.
type Verification struct {
	Events      int64
	Root        []byte     // of the tree over all of them
	Checkpoint  Checkpoint // the latest that the log was compared with
	Checkpoints int        // that it was compared with
}

// Proof shows that the log was not altered.
type Proof interface {
	// Newest returns the newest checkpoint: a [domain.KindNotFound] while nothing
	// is signed.
	Newest(ctx context.Context) (Checkpoint, error)
	// Verify reads the whole log and compares it with the checkpoints. It reports
	// progress now and then, in events, and returns an [Alteration] for a log that
	// is not as it was, and a [domain.Error] where it cannot be verified.
	Verify(ctx context.Context, progress func(done, of int64)) (Verification, error)
	// Export writes a ZIP file of the log with all that it takes to verify it. It
	// returns a [domain.Error] where there is nothing to export, before a byte is
	// written.
	Export(ctx context.Context, w io.Writer) error
}

// Alteration is the error for a log that is not as it was recorded.
type Alteration struct {
	Position int64 // the first at fault; 0: no position is
	Why      string
}

func (a *Alteration) Error() string { return a.Why }

// Tickets finds tickets by their numbers; see [projections.Reader].
type Tickets interface {
	Ticket(ctx context.Context, viewer domain.Actor, ref ticket.Ref) (view.Ticket, error)
}

// Section is the pages of this package. All exported fields are needed.
type Section struct {
	Events   Log
	Proof    Proof
	Tickets  Tickets
	Accounts commands.Finder
	Log      *slog.Logger

	proving sync.Mutex // held while the whole log is read: one at a time
}

// Pages returns the pages and forms of the section.
func (s *Section) Pages() []web.Page {
	return []web.Page{
		web.Get("audit", web.Overseers, s.showEvents).InMenu(50, "Audit log"),
		web.Get("audit/proof", web.Overseers, s.showProof),
		web.Post("audit/proof/verify", web.Overseers, s.verify),
		web.Post("audit/proof/export", web.Overseers, s.export),
	}
}
