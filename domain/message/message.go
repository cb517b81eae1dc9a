// Package message is the message aggregate: one email that somebody sent to the desk, and
// what became of it.
//
//	Received ─▶ Judged ─┬─▶ Released ────▶ Judged
//	                    ├─▶ Reprocessed ─▶ Judged
//	                    └─▶ Discarded ───▶ (reprocessed)
//
// A message is judged once, and once more each time that an admin asks for it. What came of
// it, a ticket, a comment or what is said of an email, is never undone or done again: a
// message with an effect keeps its verdict.
package message

import (
	"github.com/google/uuid"

	"helpdesk/domain"
)

// ID identifies a message; it is the id of the message's stream.
type ID struct{ uuid.UUID }

// State is a message as its events tell it. The zero State was never received.
type State struct {
	Received
	Exists   bool
	Outcome  Judged // as it was last judged; zero: not yet
	Round    int    // how often it was to be judged
	Judged   bool   // whether it was in this round
	Released bool   // whether an admin let it out of quarantine
}

// Evolve returns the state after e. Events of other aggregates change nothing.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case Received:
		return State{Received: e, Exists: true, Round: 1}
	case Judged:
		s.Outcome, s.Judged = e, true
	case Released:
		s.Round, s.Judged, s.Released = s.Round+1, false, true
	case Reprocessed:
		s.Round, s.Judged = s.Round+1, false
	case Discarded:
		s.Outcome, s.Judged = Judged{Verdict: SetAside, Reason: ReasonByAdmin, Detail: e.Reason}, true
	}
	return s
}

// Effect reports whether something came of the message that stays.
func (j Judged) Effect() bool { return j.Joins() || j.Email != uuid.Nil }

// Joins reports whether the message became a ticket or a part of one.
func (j Judged) Joins() bool {
	return j.Verdict == NewTicket || j.Verdict == Reply || j.Verdict == FollowUp
}

// Command is what can be asked of a message.
type Command interface{ ActedBy() domain.Actor }

// By is the actor part of every command.
type By struct{ Actor domain.Actor }

// ActedBy returns who gives the command.
func (b By) ActedBy() domain.Actor { return b.Actor }

type (
	// Receive makes the message, unless it is there already. It is the service's own.
	Receive struct {
		By
		Received
	}
	// Judge records what became of the message in a round, once. It is the service's own.
	Judge struct {
		By
		Round int
		Judged
	}
	// Release lets the message out of quarantine.
	Release struct{ By }
	// Reprocess has the message judged by the rules of the day. One with an effect keeps it.
	Reprocess struct{ By }
	// Discard sets the message aside, of which nothing came.
	Discard struct {
		By
		Reason string
	}
)

// ReasonMax is how many characters the reason for a discarding has at most.
const ReasonMax = 1000

// Refusals of this aggregate alone.
var (
	ErrNotQuarantined = &domain.Error{Kind: domain.KindRejected, Code: "not_quarantined", Message: "the message is not in quarantine"}
	ErrEffect         = &domain.Error{Kind: domain.KindRejected, Code: "message_has_effect", Message: "something came of the message, which stays"}
)

// Decide returns the events that carry out c on a message in state s: none when it is so
// already. It refuses with a [*domain.Error].
func Decide(s State, c Command) ([]domain.Event, error) {
	switch c := c.(type) {
	case Receive:
		if s.Exists {
			return nil, nil
		}
		return []domain.Event{c.Received}, nil
	case Judge:
		return judge(s, c)
	}
	switch {
	case !c.ActedBy().Admin():
		return nil, domain.ErrForbidden
	case !s.Exists:
		return nil, domain.ErrNotFound
	}
	switch c := c.(type) {
	case Release:
		if s.Released && !s.Judged {
			return nil, nil
		}
		if s.Outcome.Verdict != Quarantined || !s.Judged {
			return nil, ErrNotQuarantined
		}
		return []domain.Event{Released{}}, nil
	case Reprocess:
		if !s.Judged || s.Outcome.Effect() {
			return nil, nil
		}
		return []domain.Event{Reprocessed{}}, nil
	case Discard:
		return discard(s, c)
	}
	panic("message: no rule for this command")
}

func judge(s State, c Judge) ([]domain.Event, error) {
	switch {
	case !c.Actor.Trusted():
		return nil, domain.ErrForbidden
	case !s.Exists:
		return nil, domain.ErrNotFound
	case s.Judged || s.Round != c.Round:
		return nil, nil
	}
	return []domain.Event{c.Judged}, nil
}

func discard(s State, c Discard) ([]domain.Event, error) {
	reason, err := domain.Text("reason", c.Reason, ReasonMax)
	switch {
	case err != nil:
		return nil, err
	case s.Outcome.Effect():
		return nil, ErrEffect
	case s.Outcome.Verdict == SetAside:
		return nil, nil
	case !s.Judged:
		return nil, domain.ErrTooLate.With("the message is being judged; try again in a moment")
	}
	return []domain.Event{Discarded{Reason: reason}}, nil
}
