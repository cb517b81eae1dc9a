// Package operations is what keeps the service running: escalations, email
// notifications, what failed, and the projections. Admins act here and auditors
// look.
package operations

import (
	"context"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/emails"
	"helpdesk/projections/view"
	"helpdesk/rebuild"
	"helpdesk/web"
)

// Tickets finds tickets by their ids; see [projections.Reader].
type Tickets interface {
	TicketsByID(ctx context.Context, viewer domain.Actor, ids []uuid.UUID) (map[uuid.UUID]view.Ticket, error)
}

// Ledger knows every email; see [projections.Reader].
type Ledger interface {
	Emails(ctx context.Context, statuses []email.Status, p projections.Page) (projections.Slice[emails.Email], error)
	CountEmails(ctx context.Context, most int) (map[email.Status]int, error)
}

// Emails carries out commands on emails; see [commands.Emails].
type Emails interface {
	Do(ctx context.Context, r commands.Request, id email.ID, c email.Command) (commands.Outcome, error)
}

// Spans are how long tickets may wait before they escalate.
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

// FailedCommands keeps them. Retry and Discard return a [domain.KindNotFound]
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

// FailedEvents keeps them.
type FailedEvents interface {
	// First returns the first failed events of each follower, at most limit of
	// them, and how many there are of each.
	First(ctx context.Context, limit int) (first []FailedEvent, counts map[string]int64, err error)
	// Replay applies the failed events of a follower, and returns how many events that
	// were; the others still fail.
	Replay(ctx context.Context, follower string) (applied int, err error)
}

// Projections are the projections as operators see them; see [rebuild.Projections].
type Projections interface {
	List(ctx context.Context) ([]rebuild.Status, error)
	Pause(ctx context.Context, name string) error
	Resume(ctx context.Context, name string) error
	Request(ctx context.Context, name string, accept bool) error
}

// Section is the pages of this package. All fields are needed.
type Section struct {
	Tickets        Tickets
	Ledger         Ledger
	Emails         Emails
	Escalations    Escalations
	FailedCommands FailedCommands
	FailedEvents   FailedEvents
	Projections    Projections
}

// Pages returns the pages and forms of the section.
func (s *Section) Pages() []web.Page {
	return []web.Page{
		web.Get("system", web.Overseers, s.showOperation).InMenu(40, "System"),
		web.Get("system/escalations", web.Overseers, s.showEscalation),
		web.Get("system/emails", web.Overseers, s.showEmails),
		web.Post("system/emails/:id/resend", web.Overseers, s.resend),
		web.Get("system/failed", web.Overseers, s.showFailed),
		web.Post("system/failed/commands/:id", web.Admins, s.decideFailed),
		web.Post("system/failed/events/:name", web.Admins, s.replayFailed),
		web.Get("system/projections", web.Overseers, s.showProjections),
		web.Post("system/projections/:name", web.Admins, s.operateProjection),
	}
}
