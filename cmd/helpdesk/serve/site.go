package serve

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"

	"helpdesk/audit"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/eventstore/follow"
	"helpdesk/httpapi"
	"helpdesk/projections"
	"helpdesk/saga"
	"helpdesk/web"
	"helpdesk/web/account"
	"helpdesk/web/auditlog"
	"helpdesk/web/operations"
	"helpdesk/web/people"
	"helpdesk/web/queue"
	"helpdesk/web/reports"
	"helpdesk/web/signin"
	"helpdesk/web/tickets"
	"helpdesk/workspace"
)

// sitePages is every page of the site. The order of the sections is that of the
// navigation.
func (s *Service) sitePages(api httpapi.Deps) []web.Page {
	read := projections.NewReader(s.pool)
	schedule, events := saga.NewSchedule(s.pool), projections.NewEvents(s.pool, s.Store)
	return slices.Concat(
		(&signin.Section{
			People: api.People, Accounts: s.Accounts, Sessions: s.sessions, Passwords: api.Passwords, Access: api.Access, Front: s.front,
		}).Pages(),
		(&queue.Section{
			Tickets: api.Tickets, Accounts: s.Accounts, Read: read, Schedule: schedule, Views: workspace.NewViews(s.pool),
		}).Pages(),
		(&tickets.Section{
			Tickets: api.Tickets, Accounts: s.Accounts, Read: read, Schedule: schedule, Viewers: workspace.NewViewers(s.pool),
			History: api.History, Past: projections.NewPast(s.Store, s.pool, s.Freshness), Freshness: s.Freshness,
		}).Pages(),
		(&reports.Section{Reports: read, Tickets: read, Log: events}).Pages(),
		(&people.Section{
			People: api.People, Accounts: s.Accounts, Read: read, History: projections.NewHistories(s.Store, s.pool),
		}).Pages(),
		(&operations.Section{
			Tickets: read, Ledger: read, Emails: commands.NewEmails(s.Store), Escalations: escalations{schedule},
			FailedCommands: failedCommands{saga.NewOutbox(s.pool)}, FailedEvents: failedEvents{s}, Projections: s.models,
		}).Pages(),
		(&auditlog.Section{Events: events, Proof: proof{s}, Tickets: read, Accounts: s.Accounts, Log: s.log}).Pages(),
		(&account.Section{
			People: api.People, Read: read, Accounts: s.Accounts, Passwords: api.Passwords, Tokens: api.Tokens, Front: s.front,
		}).Pages(),
	)
}

// escalations shows the site what is to escalate.
type escalations struct{ schedule *saga.Schedule }

// Spans returns how long tickets may wait.
func (e escalations) Spans(ctx context.Context) (operations.Spans, error) {
	p, known, err := e.schedule.Policy(ctx)
	return operations.Spans{Known: known, Of: p.Spans, Waiting: p.Waiting}, err
}

// Pending returns timers, the first due first.
func (e escalations) Pending(ctx context.Context, after time.Time, afterID uuid.UUID, limit int) ([]operations.Timer, error) {
	pending, err := e.schedule.Pending(ctx, after, afterID, limit)
	timers := make([]operations.Timer, len(pending))
	for i, p := range pending {
		timers[i] = operations.Timer{ID: p.TimerID, TicketID: p.TicketID, DueAt: p.DueAt, Due: p.Due}
	}
	return timers, err
}

// failedCommands shows the site the commands that were given up.
type failedCommands struct{ *saga.Outbox }

// First returns the oldest, and how many there are.
func (p failedCommands) First(ctx context.Context, limit int) ([]operations.FailedCommand, int64, error) {
	failed, all, err := p.FirstFailed(ctx, limit)
	first := make([]operations.FailedCommand, len(failed))
	for i, c := range failed {
		first[i] = operations.FailedCommand{ID: c.ID, Name: c.Command, Payload: string(c.Payload), Error: c.Error, Attempts: c.Attempts, FailedAt: c.FailedAt}
	}
	return first, all, err
}

// failedEvents shows the site the events that followers could not apply.
type failedEvents struct{ service *Service }

func (p failedEvents) followers(ctx context.Context) (*follow.Followers, error) {
	return p.service.modules.Failing(ctx, p.service.pool, p.service.Store.Codec(), p.service.config, p.service.log)
}

// First returns the first of each follower, and how many each has.
func (p failedEvents) First(ctx context.Context, limit int) ([]operations.FailedEvent, map[string]int64, error) {
	followers, err := p.followers(ctx)
	if err != nil {
		return nil, nil, err
	}
	failed, counts, err := followers.FirstFailed(ctx, limit)
	first := make([]operations.FailedEvent, len(failed))
	for i, e := range failed {
		first[i] = operations.FailedEvent(e)
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
func (p proof) Newest(ctx context.Context) (auditlog.Checkpoint, error) {
	c, err := audit.NewReader(p.service.pool, p.service.Store).Checkpoint(ctx)
	return auditlog.Checkpoint{Size: c.Size, Root: c.Root, Note: string(c.Note)}, err
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
	if history := p.service.config.AuditDir().Checkpoints(); exists(history) {
		files = append(files, history)
	}
	found, err := audit.Verify(ctx, audit.NewDatabase(p.service.pool, p.service.Store), audit.VerifyConfig{Keys: keys, Files: files, Progress: progress})
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
