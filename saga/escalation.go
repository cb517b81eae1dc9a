package saga

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Policy is how long a ticket may wait before it escalates.
type Policy struct {
	// Spans is the longest wait by priority; zero or missing: it never escalates.
	Spans map[ticket.Priority]time.Duration `json:"spans"`
	// Waiting lists the statuses in which a ticket waits.
	Waiting []ticket.Status `json:"waiting"`
}

// DefaultPolicy is that of the system this one replaces: one hour, four, a day,
// for tickets nobody has begun to work on.
func DefaultPolicy() Policy {
	return Policy{
		Spans:   map[ticket.Priority]time.Duration{ticket.High: time.Hour, ticket.Medium: 4 * time.Hour, ticket.Low: 24 * time.Hour},
		Waiting: []ticket.Status{ticket.StatusOpen},
	}
}

// EscalateTicket is the command a timer of the escalation becomes.
type EscalateTicket struct {
	TicketID uuid.UUID       `json:"ticket_id"`
	Opening  int             `json:"opening"`
	Priority ticket.Priority `json:"priority"`
	// ImportedAt is when a ticket was imported that was overdue then; zero: it was not.
	ImportedAt time.Time `json:"imported_at,omitzero"`
}

// silent reports whether nobody is to be told.
func (c EscalateTicket) silent() bool { return !c.ImportedAt.IsZero() }

// importGrace is how long after its opening an import may bring the ticket's status.
const importGrace = 2 * time.Second

// Name implements [Command].
func (EscalateTicket) Name() string { return "EscalateTicket" }

// Wait is what the escalation remembers of a ticket; zero: it is not there.
type Wait struct {
	TicketID  uuid.UUID       `json:"ticket_id"`
	Priority  ticket.Priority `json:"priority"`
	Status    ticket.Status   `json:"status"`
	Assigned  bool            `json:"assigned"`
	Opening   int             `json:"opening"`   // how often it was opened
	Since     time.Time       `json:"since"`     // when it was last opened
	Escalated bool            `json:"escalated"` // or exempted from that

	ImportedAt *time.Time `json:"imported_at"` // when it was imported; nil: it was opened here

	Deleted bool `json:"-" db:"-"` // it is forgotten once the page is
}

// React folds an event into what is remembered of its ticket and returns what
// is to come of it: a timer set anew, one called off, or nothing. When it is due
// follows from the events' own instants alone, so no clock is needed: what is
// overdue already is due at once.
func (p Policy) React(w Wait, e eventstore.Envelope) (Wait, []Effect) {
	next := w.fold(e)
	before, waited := p.due(w)
	due, waits := p.due(next)
	switch {
	case waits && (!waited || !due.Equal(before) || next.Opening != w.Opening):
		return next, []Effect{p.timer(next, due)}
	case waited && !waits:
		return next, []Effect{CancelTimer{Key: w.TicketID}}
	}
	return next, nil
}

// due returns when the ticket escalates if nothing happens to it; ok is false
// when it never does.
func (p Policy) due(w Wait) (at time.Time, ok bool) {
	span := p.Spans[w.Priority]
	waits := slices.Contains(p.Waiting, w.Status) || slices.Contains(p.Waiting, ticket.WaitsAs(w.Status, w.Assigned))
	if span <= 0 || w.Deleted || w.Escalated || !waits {
		return time.Time{}, false
	}
	return w.Since.Add(span), true
}

// Overdue reports whether a ticket of a priority that is in a status since an
// instant would have escalated before another.
func (p Policy) Overdue(priority ticket.Priority, status ticket.Status, since, at time.Time) bool {
	due, waits := p.due(Wait{Priority: priority, Status: status, Since: since})
	return waits && !due.After(at)
}

func (p Policy) timer(w Wait, due time.Time) Effect {
	c := EscalateTicket{TicketID: w.TicketID, Opening: w.Opening, Priority: w.Priority}
	if w.ImportedAt != nil && !due.After(*w.ImportedAt) {
		c.ImportedAt = *w.ImportedAt
	}
	return SetTimer{Key: w.TicketID, DueAt: due, Command: c}
}

func (w Wait) fold(e eventstore.Envelope) Wait {
	switch d := e.Event.(type) {
	case ticket.Opened:
		w = Wait{TicketID: e.StreamID, Priority: d.Priority}
		if e.ActorKind == domain.ActorImport {
			w.ImportedAt = &e.RecordedAt
		}
	case ticket.Exempted:
		w.Escalated = true
	case ticket.Prioritised:
		w.Priority = d.Priority
	case ticket.Assigned:
		w.Assigned = true
	case ticket.Unassigned:
		w.Assigned = false
	case ticket.Deleted:
		w.Deleted = true
	case ticket.Restored: // all of the ticket's events are here with it
		w.Deleted = false
	}
	to, ok := ticket.StatusAfter(e.Event)
	if !ok {
		return w
	}
	w.Status = to
	switch to {
	case ticket.StatusOpen:
		w.Opening, w.Since, w.Escalated = w.Opening+1, e.OccurredAt, false
	case ticket.StatusEscalated:
		w.Escalated = true
	}
	return w
}

// reason is what the history says of an escalation by time.
func (p Policy) reason(c EscalateTicket) string {
	said := fmt.Sprintf("It waited for %s, the longest for priority %s.", p.Spans[c.Priority], c.Priority)
	if c.silent() {
		said += " That was before it was imported, so nobody was told."
	}
	return said
}

// escalate is the command to the ticket that c stands for.
func (p Policy) escalate(c EscalateTicket) ticket.EscalateOverdue {
	return ticket.EscalateOverdue{
		By:      ticket.By{Actor: domain.Actor{Kind: domain.ActorTimer}},
		Opening: c.Opening, Priority: c.Priority, Waiting: p.Waiting, Reason: p.reason(c), Silent: c.silent(),
	}
}
