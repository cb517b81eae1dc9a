// Package email is the email aggregate: one logical mail to one person, and
// what became of it.
//
//	        ┌─ Postponed ◀┐
//	        ▼             │
//	Queued, waiting ──────┼─▶ Sent
//	        ▲             ├─▶ Failed ───┐
//	        │             └─▶ Doubted ──┤
//	        └─────── Requeued ◀─────────┘
//
// The stream of an email that is sent at once is one event: how that ended. One that
// has to wait is queued first.
//
// A mail server takes an email at one instant, and no log can be written in the
// same one. So whoever sends it notes that durably just before, outside the log. A
// sender that ends before that has sent nothing, and another may try; one that ends
// after it leaves an email of which nobody knows, and that is not sent again by itself.
package email

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// ID identifies an email; it is the id of the email's stream.
type ID struct{ uuid.UUID }

// Status is what became of an email, as the mail ledger shows it.
type Status string

// The statuses.
const (
	StatusQueued    Status = "queued"    // to be tried, now or at State.RetryAt
	StatusSending   Status = "sending"   // handed over; no answer yet: in streams from before
	StatusSent      Status = "sent"      // a mail server took it
	StatusFailed    Status = "failed"    // refused for good
	StatusUncertain Status = "uncertain" // nobody knows
)

// Statuses lists every status.
func Statuses() []Status {
	return []Status{StatusQueued, StatusSending, StatusSent, StatusFailed, StatusUncertain}
}

// State is an email as its events tell it. The zero State was never queued.
type State struct {
	Queued
	Exists   bool
	Status   Status
	Attempts int       // in all
	Tries    int       // since it was last queued: they decide how long to wait
	Since    time.Time // when it was last queued, by the process that did
	RetryAt  time.Time // not to be tried before; zero: at once
}

// Evolve returns the state after e. Events of other aggregates change nothing.
func Evolve(s State, e domain.Event) State {
	if q, ok := Begins(e); ok {
		s = State{Queued: q, Exists: true, Status: StatusQueued, Since: q.At}
	}
	switch e := e.(type) {
	case HandedOver:
		s.Status, s.RetryAt = StatusSending, time.Time{}
		s = s.tried(e.Attempt)
	case Postponed:
		s.Status, s.RetryAt = StatusQueued, e.RetryAt
		s = s.tried(e.Attempt)
	case Sent:
		s.Status = StatusSent
		s = s.tried(e.Attempt)
	case Failed:
		s.Status = StatusFailed
		s = s.tried(e.Attempt)
	case Doubted:
		s.Status = StatusUncertain
		s = s.tried(e.Attempt)
	case Requeued:
		s.Status, s.Tries, s.Since, s.RetryAt = StatusQueued, 0, e.At, time.Time{}
	}
	return s
}

// tried counts an attempt once, however many events tell of it.
func (s State) tried(attempt int) State {
	if attempt > s.Attempts {
		s.Tries += attempt - s.Attempts
		s.Attempts = attempt
	}
	return s
}

// GiveUpAfter is how long an email that is postponed again and again is tried.
const GiveUpAfter = 24 * time.Hour

// Command is what can be asked of an email. Emails are the service's own:
// permissions are checked where an operator asks for one.
type Command interface{ ActedBy() domain.Actor }

// By is the actor part of every command.
type By struct{ Actor domain.Actor }

// ActedBy returns who gives the command.
func (b By) ActedBy() domain.Actor { return b.Actor }

type (
	// Queue makes the email, unless it is there already.
	Queue struct {
		By
		Queued
	}
	// Record records how an attempt ended, of an email that is new or that waits.
	Record struct {
		By
		Email    Queued // where it is new
		Verdict  Verdict
		Error    string // "" with VerdictSent
		Now      time.Time
		RetryMin time.Duration // wait after the first try; doubled with each
	}
	// Resend has a failed or uncertain email sent again. It is an admin's to ask.
	Resend struct {
		By
		Now time.Time
	}
)

// Verdict is how an attempt to send an email ended.
type Verdict string

// The verdicts.
const (
	VerdictSent      Verdict = "sent"      // the server took it
	VerdictRefused   Verdict = "refused"   // it never will
	VerdictPostponed Verdict = "postponed" // it has not, and may another time
	VerdictUncertain Verdict = "uncertain" // nobody knows
)

// ErrSent refuses to send again what was sent.
var ErrSent = &domain.Error{Kind: domain.KindRejected, Code: "email_sent", Message: "the email was sent"}

// Decide returns the events that carry out c on an email in state s: none when
// it is so already. It refuses with a [*domain.Error].
func Decide(s State, c Command) ([]domain.Event, error) {
	switch c := c.(type) {
	case Queue:
		if s.Exists {
			return nil, nil
		}
		return []domain.Event{c.Queued}, nil
	case Record:
		return record(s, c)
	case Resend:
		return resend(s, c)
	}
	panic("email: no rule for this command")
}

func resend(s State, c Resend) ([]domain.Event, error) {
	if !s.Exists {
		return nil, domain.ErrNotFound
	}
	if !c.Actor.Admin() {
		return nil, domain.ErrForbidden
	}
	switch s.Status {
	case StatusSent, StatusSending:
		return nil, ErrSent.With("the email is %s; only failed and uncertain ones are sent again", s.Status)
	case StatusQueued:
		return nil, nil
	}
	return []domain.Event{Requeued{At: c.Now}}, nil
}

// record decides how an attempt ended. One whose end is known already is told of
// once. A server's acceptance is also believed of an email that was held uncertain
// meanwhile.
func record(s State, c Record) ([]domain.Event, error) {
	begins := c.Email
	if s.Exists {
		begins = Queued{}
	} else if s = Evolve(s, begins); !s.Exists {
		return nil, domain.ErrNotFound
	}
	attempt := s.Attempts
	switch {
	case s.Status == StatusQueued:
		attempt++
	case s.Status == StatusSending:
	case s.Status == StatusUncertain && c.Verdict == VerdictSent:
	default:
		return nil, nil
	}
	switch c.Verdict {
	case VerdictSent:
		return []domain.Event{Sent{Attempt: attempt, Email: begins}}, nil
	case VerdictUncertain:
		return []domain.Event{Doubted{Attempt: attempt, Error: c.Error, Email: begins}}, nil
	case VerdictPostponed:
		if next, ok := s.next(attempt, c); ok {
			return waiting(begins, Postponed{Attempt: attempt, Error: c.Error, RetryAt: next}), nil
		}
	}
	return []domain.Event{Failed{Attempt: attempt, Error: c.Error, Email: begins}}, nil
}

// next returns when an email is tried again after an attempt; not ok: no more.
func (s State) next(attempt int, c Record) (at time.Time, ok bool) {
	end := s.Since.Add(GiveUpAfter)
	at = c.Now.Add(c.RetryMin << min(s.tried(attempt).Tries-1, 12))
	if at.After(end) {
		at = end
	}
	return at, c.Now.Before(end)
}

// waiting returns the events of an email that has to wait, which is queued where it
// begins.
func waiting(begins Queued, p Postponed) []domain.Event {
	if (begins == Queued{}) {
		return []domain.Event{p}
	}
	return []domain.Event{begins, p}
}
