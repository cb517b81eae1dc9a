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
	"helpdesk/domain/letter"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/rebuild"
	"helpdesk/web"
)

// Tickets finds tickets by their ids; see [projections.Reader].
type Tickets interface {
	TicketsByID(ctx context.Context, viewer domain.Actor, ids []uuid.UUID) (map[uuid.UUID]projections.Ticket, error)
}

// Ledger knows every letter; see [projections.Reader].
type Ledger interface {
	Letters(ctx context.Context, statuses []letter.Status, p projections.Page) (projections.Slice[projections.Email], error)
	CountLetters(ctx context.Context, most int) (map[letter.Status]int, error)
}

// Letters carries out commands on letters; see [commands.Letters].
type Letters interface {
	Do(ctx context.Context, r commands.Request, id letter.ID, c letter.Command) (commands.Outcome, error)
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
	// Pending answers the timers, the first due first: at most limit of those
	// behind the one that is due at an instant and has an id.
	Pending(ctx context.Context, after time.Time, afterID uuid.UUID, limit int) ([]Timer, error)
}

// ParkedCommand is a command of a process manager that was given up until
// somebody decides.
type ParkedCommand struct {
	ID       uuid.UUID
	Name     string
	Payload  string // JSON
	Error    string // of the last try
	Attempts int
	ParkedAt time.Time
}

// ParkedCommands holds them. Retry and Discard answer a [domain.KindNotFound]
// when there is none of the id, or not any more.
type ParkedCommands interface {
	First(ctx context.Context, limit int) (first []ParkedCommand, all int64, err error)
	Retry(ctx context.Context, id uuid.UUID) error
	Discard(ctx context.Context, id uuid.UUID) error
}

// ParkedEvent is an event that a follower could not apply, or one behind it in
// its stream.
type ParkedEvent struct {
	Follower string
	Position int64
	StreamID uuid.UUID
	Error    string
}

// ParkedEvents holds them.
type ParkedEvents interface {
	// First answers the first that each follower has parked, at most limit of
	// them, and how many there are of each.
	First(ctx context.Context, limit int) (first []ParkedEvent, counts map[string]int64, err error)
	// Replay applies what a follower has parked, and answers how many events that
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

// Section is the pages of this package. All fields are needed.
type Section struct {
	Tickets        Tickets
	Ledger         Ledger
	Letters        Letters
	Escalations    Escalations
	ParkedCommands ParkedCommands
	ParkedEvents   ParkedEvents
	Models         Models
}

// Pages returns the pages and forms of the section.
func (s *Section) Pages() []web.Page {
	return []web.Page{
		web.Get("operation", web.Overseers, s.showOperation).InMenu("Operation"),
		web.Get("operation/escalation", web.Overseers, s.showEscalation),
		web.Get("operation/letters", web.Overseers, s.showLetters),
		web.Post("operation/letters/:id/resend", web.Overseers, s.resend),
		web.Get("operation/parked", web.Overseers, s.showParked),
		web.Post("operation/parked/commands/:id", web.Admins, s.decideParked),
		web.Post("operation/parked/events/:name", web.Admins, s.replayParked),
		web.Get("operation/models", web.Overseers, s.showModels),
		web.Post("operation/models/:name", web.Admins, s.operateModel),
	}
}
