// Package email is the email aggregate: one logical mail to one person, and
// what became of it.
//
//	        ┌─ Postponed ◀┐
//	        ▼             │
//	Queued, waiting ──────┼─▶ Sent
//	        ▲             ├─▶ Failed ────┐
//	        │             ├─▶ Doubted ───┤
//	        │             ├─▶ Cancelled ─┤
//	        │             └─▶ Digested   │
//	        └─────── Requeued ◀──────────┘
//
// One that is too many within an hour for its recipient is Digested: it is told of in a
// digest, an email of its own. The digest has its own stream, and is what may be sent again.
//
// A server behind the one that took an email may report that it is Delayed, and in the
// end that it Bounced: then it was not sent after all.
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
	StatusBlocked   Status = "blocked"   // as StatusQueued: the server takes nothing from us until somebody mends that
	StatusSending   Status = "sending"   // handed over; no answer yet: in streams from before
	StatusSent      Status = "sent"      // a mail server took it
	StatusFailed    Status = "failed"    // refused for good
	StatusUncertain Status = "uncertain" // nobody knows
	StatusCancelled Status = "cancelled" // what it would have told of did not hold any more
	StatusDelayed   Status = "delayed"   // sent; a server behind that has not passed it on yet
	StatusBounced   Status = "bounced"   // sent; a server behind that returned it
	StatusDigested  Status = "digested"  // told of in a digest, whose status says what became of that
)

// Statuses lists every status.
func Statuses() []Status {
	return []Status{StatusQueued, StatusBlocked, StatusSending, StatusSent, StatusFailed, StatusUncertain, StatusCancelled, StatusDelayed, StatusBounced, StatusDigested}
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
	if q, ok := Brings(e); ok && s.Exists {
		s.Queued = q
	} else if ok {
		s = State{Queued: q, Exists: true, Status: StatusQueued, Since: q.At}
	}
	switch e := e.(type) {
	case HandedOver:
		s.Status, s.RetryAt = StatusSending, time.Time{}
		s = s.tried(e.Attempt)
	case Postponed:
		s.Status, s.RetryAt = e.Status(), e.RetryAt
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
	case Cancelled:
		s.Status, s.RetryAt = StatusCancelled, time.Time{}
	case Digested:
		s.Status, s.RetryAt = StatusDigested, time.Time{}
	case Delayed:
		s.Status = StatusDelayed
	case Bounced:
		s.Status = StatusBounced
	case Requeued:
		s.Status, s.Tries, s.Since, s.RetryAt = StatusQueued, 0, e.At, time.Time{}
	}
	return s
}

// Waits reports whether the email is to be tried.
func (s State) Waits() bool { return s.Status == StatusQueued || s.Status == StatusBlocked }

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
		Email    Queued // as it was tried; zero: as the log has it
		Verdict  Verdict
		Error    string // "" with VerdictSent
		Now      time.Time
		RetryMin time.Duration // wait after the first try; doubled with each
	}
	// Cancel ends an email that is new or waits without sending it.
	Cancel struct {
		By
		Email  Queued // where it is new
		Reason Reason
	}
	// Gather ends an email that is new or waits without sending it: a digest tells of it.
	Gather struct {
		By
		Email  Queued // where it is new
		Digest ID
	}
	// Resend has an email that was not sent, may not have been or was returned sent
	// again, if it then still holds. It is an admin's to ask.
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
	// VerdictBlocked is VerdictPostponed by a server that takes no email like it from
	// us, until somebody mends that.
	VerdictBlocked   Verdict = "blocked"
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
	case Cancel:
		return cancel(s, c)
	case Gather:
		return gather(s, c)
	case Resend:
		return resend(s, c)
	case Report:
		return report(s, c)
	}
	panic("email: no rule for this command")
}

func cancel(s State, c Cancel) ([]domain.Event, error) {
	switch {
	case !s.Exists && c.Email == Queued{}:
		return nil, domain.ErrNotFound
	case !s.Exists:
		return []domain.Event{Cancelled{Reason: c.Reason, Email: c.Email}}, nil
	case s.Waits():
		return []domain.Event{Cancelled{Reason: c.Reason}}, nil
	}
	return nil, nil
}

func gather(s State, c Gather) ([]domain.Event, error) {
	switch {
	case !s.Exists && c.Email == Queued{}:
		return nil, domain.ErrNotFound
	case !s.Exists:
		return []domain.Event{Digested{Digest: c.Digest, Email: c.Email}}, nil
	case s.Waits():
		return []domain.Event{Digested{Digest: c.Digest}}, nil
	}
	return nil, nil
}

func resend(s State, c Resend) ([]domain.Event, error) {
	if !s.Exists {
		return nil, domain.ErrNotFound
	}
	if !c.Actor.Admin() {
		return nil, domain.ErrForbidden
	}
	switch s.Status {
	case StatusSent, StatusSending, StatusDelayed:
		return nil, ErrSent.With("the email is %s; only those that were not sent, or of which nobody knows, are sent again", s.Status)
	case StatusDigested:
		return nil, ErrSent.With("the email is told of in a digest; send that again")
	case StatusQueued, StatusBlocked:
		return nil, nil
	}
	return []domain.Event{Requeued{At: c.Now}}, nil
}

// record decides how an attempt ended. One whose end is known already is told of
// once. A server's acceptance is also believed of an email that was held uncertain
// meanwhile.
func record(s State, c Record) ([]domain.Event, error) {
	var queued []domain.Event // first, where the email is new and has to wait
	brings := c.Email
	switch {
	case !s.Exists:
		if s = Evolve(s, brings); !s.Exists {
			return nil, domain.ErrNotFound
		}
		queued = []domain.Event{brings}
	case brings.Address == s.Address || brings.Address == "":
		brings = Queued{}
	default:
		brings = s.Queued
		brings.Address = c.Email.Address
	}
	attempt := s.Attempts
	switch {
	case s.Waits():
		attempt++
	case s.Status == StatusSending:
	case s.Status == StatusUncertain && c.Verdict == VerdictSent:
	default:
		return nil, nil
	}
	switch c.Verdict {
	case VerdictSent:
		return []domain.Event{Sent{Attempt: attempt, Email: brings}}, nil
	case VerdictUncertain:
		return []domain.Event{Doubted{Attempt: attempt, Error: c.Error, Email: brings}}, nil
	case VerdictPostponed, VerdictBlocked:
		if next, ok := s.next(attempt, c); ok {
			return append(queued, Postponed{Attempt: attempt, Error: c.Error, RetryAt: next, Blocked: c.Verdict == VerdictBlocked}), nil
		}
	}
	return []domain.Event{Failed{Attempt: attempt, Error: c.Error, Email: brings}}, nil
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
