package serve

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"helpdesk/eventstore/follow"

	"github.com/google/uuid"

	"helpdesk/audit"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/projections"
	"helpdesk/saga"
	"helpdesk/web"
)

// oversight is what the site's pages for admins and auditors are made of.
func (s *Service) oversight() web.Oversight {
	read, outbox := projections.NewReader(s.pool), saga.NewOutbox(s.pool)
	return web.Oversight{
		PeopleHistory:  projections.NewHistories(s.Store, s.pool),
		Lookup:         read,
		Ledger:         read,
		Emails:         commands.NewEmails(s.Store),
		Escalations:    escalations{saga.NewSchedule(s.pool)},
		FailedCommands: failedCommands{outbox},
		FailedEvents:   failedEvents{s},
		Models:         s.models,
		EventLog:       projections.NewEvents(s.pool, s.Store),
		Proof:          proof{s},
		Reports:        read,
	}
}

// escalations shows the site what is to escalate.
type escalations struct{ schedule *saga.Schedule }

// Spans returns how long tickets may wait.
func (e escalations) Spans(ctx context.Context) (web.Spans, error) {
	p, known, err := e.schedule.Policy(ctx)
	return web.Spans{Known: known, Of: p.Spans, Waiting: p.Waiting}, err
}

// Pending returns timers, the first due first.
func (e escalations) Pending(ctx context.Context, after time.Time, afterID uuid.UUID, limit int) ([]web.Timer, error) {
	pending, err := e.schedule.Pending(ctx, after, afterID, limit)
	timers := make([]web.Timer, len(pending))
	for i, p := range pending {
		timers[i] = web.Timer{ID: p.TimerID, TicketID: p.TicketID, DueAt: p.DueAt, Due: p.Due}
	}
	return timers, err
}

// failedCommands shows the site the commands that were given up.
type failedCommands struct{ *saga.Outbox }

// First returns the oldest, and how many there are.
func (p failedCommands) First(ctx context.Context, limit int) ([]web.FailedCommand, int64, error) {
	failed, all, err := p.FirstFailed(ctx, limit)
	first := make([]web.FailedCommand, len(failed))
	for i, c := range failed {
		first[i] = web.FailedCommand{ID: c.ID, Name: c.Command, Payload: string(c.Payload), Error: c.Error, Attempts: c.Attempts, FailedAt: c.FailedAt}
	}
	return first, all, err
}

// failedEvents shows the site the events that followers could not apply.
type failedEvents struct{ service *Service }

func (p failedEvents) followers(ctx context.Context) (*follow.Followers, error) {
	return p.service.modules.Failing(ctx, p.service.pool, p.service.Store.Codec(), p.service.config, p.service.log)
}

// First returns the first of each follower, and how many each has.
func (p failedEvents) First(ctx context.Context, limit int) ([]web.FailedEvent, map[string]int64, error) {
	followers, err := p.followers(ctx)
	if err != nil {
		return nil, nil, err
	}
	failed, counts, err := followers.FirstFailed(ctx, limit)
	first := make([]web.FailedEvent, len(failed))
	for i, e := range failed {
		first[i] = web.FailedEvent(e)
	}
	return first, counts, err
}

// Replay applies what a follower has failed.
func (p failedEvents) Replay(ctx context.Context, follower string) (int, error) {
	followers, err := p.followers(ctx)
	if err != nil {
		return 0, err
	}
	return followers.Replay(ctx, follower)
}

// proof shows the site that the log was not altered.
type proof struct{ service *Service }

// errNoVerifier: this process has no key to verify signatures with.
var errNoVerifier = &domain.Error{
	Kind: domain.KindRejected, Code: "no_verifier_key",
	Message: `this process has no verifier key in HELPDESK_DATA_DIR: the log is signed elsewhere, and verified there with "helpdesk audit verify"`,
}

// Newest returns the newest checkpoint.
func (p proof) Newest(ctx context.Context) (web.Checkpoint, error) {
	c, err := audit.NewReader(p.service.pool, p.service.Store).Checkpoint(ctx)
	return web.Checkpoint{Size: c.Size, Root: c.Root, Note: string(c.Note)}, err
}

// vkeys returns the keys that signatures are verified with.
func (p proof) vkeys() ([]string, error) {
	vkeys, err := p.service.config.AuditDir().VKeys()
	if err == nil && len(vkeys) == 0 {
		err = errNoVerifier
	}
	return vkeys, err
}

// Verify verifies the database.
func (p proof) Verify(ctx context.Context, progress func(done, of int64)) (web.Verification, error) {
	vkeys, err := p.vkeys()
	if err != nil {
		return web.Verification{}, err
	}
	keys, err := audit.Verifiers(vkeys)
	if err != nil {
		return web.Verification{}, err
	}
	var files []string
	if history := p.service.config.AuditDir().Checkpoints(); exists(history) {
		files = append(files, history)
	}
	found, err := audit.Verify(ctx, audit.NewDatabase(p.service.pool, p.service.Store), audit.VerifyConfig{Keys: keys, Files: files, Progress: progress})
	var fault *audit.Fault
	if errors.As(err, &fault) {
		err = &web.Alteration{Position: fault.Position, Why: fault.Why}
	}
	return web.Verification{
		Events: found.Events, Root: found.Root, Checkpoints: found.Count,
		Checkpoint: web.Checkpoint{Size: found.Checkpoint.Size, Root: found.Checkpoint.Root, Note: string(found.Checkpoint.Note)},
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
	_, err = audit.Export(ctx, p.service.pool, p.service.Store, audit.ExportConfig{
		Out: dir, VKeys: vkeys, History: p.service.config.AuditDir().Checkpoints(),
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
