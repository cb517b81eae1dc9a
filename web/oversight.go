package web

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/rebuild"
)

// PeopleHistory tells what happened to somebody's account; see
// [projections.Histories].
type PeopleHistory interface {
	User(ctx context.Context, id user.ID, p projections.Page) (projections.Slice[projections.Entry], error)
}

// Lookup returns tickets by their ids; see [projections.Reader].
type Lookup interface {
	TicketsByID(ctx context.Context, viewer domain.Actor, ids []uuid.UUID) (map[uuid.UUID]view.Ticket, error)
}

// Ledger knows every email; see [projections.Reader].
type Ledger interface {
	Emails(ctx context.Context, statuses []email.Status, p projections.Page) (projections.Slice[projections.Email], error)
	CountEmails(ctx context.Context, most int) (map[email.Status]int, error)
}

// Emails carries out commands on emails; see [commands.Emails].
type Emails interface {
	Do(ctx context.Context, r commands.Request, id email.ID, c email.Command) (commands.Outcome, error)
}

// Spans says how long tickets may wait before they escalate.
type Spans struct {
	Known   bool                              // false while no worker of the service has run
	Of      map[ticket.Priority]time.Duration // zero or missing: for ever
	Waiting []ticket.Status                   // in which a ticket waits
}

// Timer is when a ticket escalates, unless something is done.
type Timer struct {
	ID       uuid.UUID
	TicketID uuid.UUID
	DueAt    time.Time
	Due      bool // by the database's clock
}

// Escalations knows what is to escalate.
type Escalations interface {
	Spans(ctx context.Context) (Spans, error)
	// Pending returns the timers, the first due first: at most limit of those
	// behind the one that is due at an instant and has an id.
	Pending(ctx context.Context, after time.Time, afterID uuid.UUID, limit int) ([]Timer, error)
}

// FailedCommand is a command of a process manager that was given up until
// somebody decides.
type FailedCommand struct {
	ID       uuid.UUID
	Name     string
	Payload  string // JSON
	Error    string // of the last try
	Attempts int
	FailedAt time.Time
}

// FailedCommands holds them. Retry and Discard answer a [domain.KindNotFound]
// when there is none of the id, or not any more.
type FailedCommands interface {
	First(ctx context.Context, limit int) (first []FailedCommand, all int64, err error)
	Retry(ctx context.Context, id uuid.UUID) error
	Discard(ctx context.Context, id uuid.UUID) error
}

// FailedEvent is an event that a follower could not apply, or one behind it in
// its stream.
type FailedEvent struct {
	Follower string
	Position int64
	StreamID uuid.UUID
	Error    string
}

// FailedEvents holds them.
type FailedEvents interface {
	// First returns the first that each follower has failed, at most limit of
	// them, and how many there are of each.
	First(ctx context.Context, limit int) (first []FailedEvent, counts map[string]int64, err error)
	// Replay applies what a follower has failed, and answers how many events that
	// were; the others still fail.
	Replay(ctx context.Context, follower string) (applied int, err error)
}

// Models are the read models as operators see them; see [rebuild.Projections].
type Models interface {
	List(ctx context.Context) ([]rebuild.Status, error)
	Pause(ctx context.Context, name string) error
	Resume(ctx context.Context, name string) error
	Request(ctx context.Context, name string, accept bool) error
}

// Log is the log itself; see [projections.Events].
type Log interface {
	Types() []string
	Known(eventType string) bool
	Head(ctx context.Context) (int64, error)
	Select(ctx context.Context, q projections.EventQuery, limit int) ([]projections.LoggedEvent, error)
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
	Checkpoint  Checkpoint // the newest that the log was held against
	Checkpoints int        // that it was held against
}

// Proof shows that the log was not altered.
type Proof interface {
	// Newest returns the newest checkpoint: a [domain.KindNotFound] while nothing
	// is signed.
	Newest(ctx context.Context) (Checkpoint, error)
	// Verify reads the whole log and holds it against the checkpoints. It tells
	// progress now and then, in events, and answers an [Alteration] for a log that
	// is not as it was, and a [domain.Error] where it cannot be verified.
	Verify(ctx context.Context, progress func(done, of int64)) (Verification, error)
	// Export writes a ZIP file of the log with all that it takes to verify it. It
	// answers a [domain.Error] where there is nothing to export, before a byte is
	// written.
	Export(ctx context.Context, w io.Writer) error
}

// Alteration is the error for a log that is not as it was recorded.
type Alteration struct {
	Position int64 // the first at fault; 0: no position is
	Why      string
}

func (a *Alteration) Error() string { return a.Why }

// Oversight is what the pages of admins and auditors are made of. All are needed.
type Oversight struct {
	PeopleHistory  PeopleHistory
	Lookup         Lookup
	Ledger         Ledger
	Emails         Emails
	Escalations    Escalations
	FailedCommands FailedCommands
	FailedEvents   FailedEvents
	Models         Models
	EventLog       Log
	Proof          Proof
	Reports        Reports
}

// oversight is the table of pages and forms of those who oversee the service.
func (s *Site) oversight() []page {
	const get, post = http.MethodGet, http.MethodPost
	all := []page{
		{get, "reports", signedIn, s.showReports},
		{get, "reports/course", signedIn, s.showCourse},
		{get, "reports/waits", signedIn, s.showWaits},
		{get, "reports/agents", signedIn, s.showAgents},
		{get, "reports/tickets", signedIn, s.showBehind},

		{get, "people", signedIn, s.showPeople},
		{get, "people/:name", signedIn, s.showPerson},
		{post, "people/:name/role", signedIn, s.changeRole},
		{post, "people/:name/activity", signedIn, s.changeActivity},

		{get, "operation", signedIn, s.showOperation},
		{get, "operation/escalation", signedIn, s.showEscalation},
		{get, "operation/emails", signedIn, s.showEmails},
		{post, "operation/emails/:id/resend", signedIn, s.resend},
		{get, "operation/failed", signedIn, s.showFailed},
		{post, "operation/failed/commands/:id", signedIn, ruled(s.decideFailed)},
		{post, "operation/failed/events/:name", signedIn, ruled(s.replayFailed)},
		{get, "operation/models", signedIn, s.showModels},
		{post, "operation/models/:name", signedIn, ruled(s.operateModel)},

		{get, "audit", signedIn, s.showEvents},
		{get, "audit/proof", signedIn, s.showProof},
		{post, "audit/proof/verify", signedIn, s.verify},
		{post, "audit/proof/export", signedIn, s.export},
	}
	for i, p := range all {
		all[i].handle = overseen(p.handle)
	}
	return all
}

// overseen keeps a page from those who do not oversee the service.
func overseen(handle func(*Visit) (reply, error)) func(*Visit) (reply, error) {
	return func(v *Visit) (reply, error) {
		if !v.Actor.Oversees() {
			return reply{}, domain.ErrForbidden
		}
		return handle(v)
	}
}

// ruled keeps a form from auditors, where no command of the domain refuses it.
func ruled(handle func(*Visit) (reply, error)) func(*Visit) (reply, error) {
	return func(v *Visit) (reply, error) {
		if !v.Actor.Admin() {
			return reply{}, domain.ErrForbidden
		}
		return handle(v)
	}
}

// tab is a link among those of which one is shown.
type tab struct {
	Label   string
	To      string
	Count   string // "" for none
	Current bool
}
