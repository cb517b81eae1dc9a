package email

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"helpdesk/domain"
)

var (
	noon   = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	later  = func(d time.Duration) time.Time { return noon.Add(d) }
	digest = ID{UUID: uuid.UUID{9}}
	first  = Queued{
		Kind: Assigned, TicketID: uuid.UUID{0: 1}, TicketNumber: 7, CauseVersion: 2,
		Recipient: domain.UserID{UUID: uuid.UUID{0: 2}}, Address: "ann@example.com", At: noon,
	}
)

func given(since ...domain.Event) []domain.Event { return append([]domain.Event{first}, since...) }

func fold(events []domain.Event) State {
	var s State
	for _, e := range events {
		s = Evolve(s, e)
	}
	return s
}

// moved is the first email to another address.
var moved = func() Queued {
	q := first
	q.Address = "ann@example.net"
	return q
}()

func elsewhere(c Record) Record {
	c.Email = moved
	return c
}

// ended is how an attempt ended at noon.
func ended(v Verdict, text string) Record {
	return Record{Verdict: v, Error: text, Now: noon, RetryMin: 30 * time.Second}
}

// isNew is the end of an attempt at an email that was not queued.
func isNew(c Record) Record {
	c.Email = first
	return c
}

func at(when time.Time, c Record) Record {
	c.Now = when
	return c
}

func TestWhatBecomesOfAnEmail(t *testing.T) {
	over := func(n int) HandedOver { return HandedOver{Attempt: n} } // of streams from before
	sent := func(n int) Sent { return Sent{Attempt: n} }
	doubted := func(n int) Doubted { return Doubted{Attempt: n, Error: "cut"} }
	failed := func(n int, text string) Failed { return Failed{Attempt: n, Error: text} }
	wait := func(n int, d time.Duration) Postponed {
		return Postponed{Attempt: n, Error: "busy", RetryAt: later(d)}
	}
	for _, r := range []struct {
		name    string
		given   []domain.Event
		when    Command
		then    []domain.Event
		refused *domain.Error
	}{
		{name: "an email is queued", when: Queue{Queued: first}, then: []domain.Event{first}},
		{name: "an email is queued once", given: given(), when: Queue{Queued: first}},
		{name: "an email that never was has no end", when: ended(VerdictSent, ""), refused: domain.ErrNotFound},
		{name: "nor is it sent again", when: Resend{By: operator, Now: noon}, refused: domain.ErrNotFound},

		{name: "a new one is sent at once", when: isNew(ended(VerdictSent, "")), then: []domain.Event{Sent{Attempt: 1, Email: first}}},
		{name: "or refused", when: isNew(ended(VerdictRefused, "spam")), then: []domain.Event{Failed{1, "spam", first}}},
		{name: "or nobody knows", when: isNew(ended(VerdictUncertain, "cut")), then: []domain.Event{Doubted{1, "cut", first}}},
		{name: "or it has to wait", when: isNew(ended(VerdictPostponed, "busy")), then: []domain.Event{first, wait(1, 30*time.Second)}},
		{name: "what was sent at once stays sent", given: []domain.Event{Sent{1, first}}, when: isNew(ended(VerdictUncertain, "cut"))},
		{name: "what was refused at once is sent again", given: []domain.Event{Failed{1, "full", first}}, when: Resend{By: operator, Now: noon}, then: []domain.Event{Requeued{noon}}},
		{name: "as its second attempt", given: []domain.Event{Failed{1, "full", first}, Requeued{noon}}, when: ended(VerdictSent, ""), then: []domain.Event{sent(2)}},
		{name: "the first of two senders begins it", given: []domain.Event{Doubted{1, "cut", first}}, when: isNew(ended(VerdictSent, "")), then: []domain.Event{sent(1)}},
		{name: "a new one is digested", when: Gather{Email: first, Digest: digest}, then: []domain.Event{Digested{Digest: digest, Email: first}}},
		{name: "so is one that waits", given: given(wait(1, time.Minute)), when: Gather{Email: first, Digest: digest}, then: []domain.Event{Digested{Digest: digest}}},
		{name: "once", given: []domain.Event{Digested{digest, first}}, when: Gather{Email: first, Digest: ID{UUID: uuid.UUID{8}}}},
		{name: "not what was sent", given: []domain.Event{Sent{1, first}}, when: Gather{Email: first, Digest: digest}},
		{name: "nor what never was", when: Gather{Digest: digest}, refused: domain.ErrNotFound},
		{name: "what is digested is not sent by itself", given: []domain.Event{Digested{digest, first}}, when: isNew(ended(VerdictSent, ""))},
		{name: "nor again", given: []domain.Event{Digested{digest, first}}, when: Resend{By: operator, Now: noon}, refused: ErrSent},
		{name: "nor does a report say anything of it", given: []domain.Event{Digested{digest, first}}, when: Report{Delivery: DeliveryFailed}},
		{name: "an email that waits is sent", given: given(), when: ended(VerdictSent, ""), then: []domain.Event{sent(1)}},
		{name: "or nobody knows of it", given: given(), when: ended(VerdictUncertain, "cut"), then: []domain.Event{doubted(1)}},
		{name: "the second try is the second attempt", given: given(wait(1, time.Minute)), when: ended(VerdictSent, ""), then: []domain.Event{sent(2)}},

		{name: "the server took it", given: given(over(1)), when: ended(VerdictSent, ""), then: []domain.Event{sent(1)}},
		{name: "nobody knows", given: given(over(1)), when: ended(VerdictUncertain, "cut"), then: []domain.Event{doubted(1)}},
		{name: "refused at the end", given: given(over(1)), when: ended(VerdictRefused, "spam"), then: []domain.Event{failed(1, "spam")}},
		{name: "refused before the end", given: given(), when: ended(VerdictRefused, "no such box"), then: []domain.Event{failed(1, "no such box")}},
		{name: "postponed at the end", given: given(over(1)), when: ended(VerdictPostponed, "busy"), then: []domain.Event{wait(1, 30*time.Second)}},
		{name: "postponed before the end", given: given(), when: ended(VerdictPostponed, "busy"), then: []domain.Event{wait(1, 30*time.Second)}},
		{name: "the server takes nothing from us", given: given(), when: ended(VerdictBlocked, "relay denied"),
			then: []domain.Event{Postponed{Attempt: 1, Error: "relay denied", RetryAt: later(30 * time.Second), Blocked: true}}},
		{name: "until it does", given: given(Postponed{Attempt: 1, Blocked: true}), when: ended(VerdictSent, ""), then: []domain.Event{sent(2)}},
		{name: "for a day", given: given(wait(1, 0)), when: at(later(24*time.Hour), ended(VerdictBlocked, "relay denied")), then: []domain.Event{failed(2, "relay denied")}},
		{name: "the second wait is double", given: given(wait(1, 0)), when: ended(VerdictPostponed, "busy"), then: []domain.Event{wait(2, time.Minute)}},
		{name: "the third is double that", given: given(wait(1, 0), over(2), wait(2, 0)), when: ended(VerdictPostponed, "busy"), then: []domain.Event{wait(3, 2*time.Minute)}},
		{name: "the last try comes after a day", given: given(wait(12, 0)), when: at(later(23*time.Hour), ended(VerdictPostponed, "busy")),
			then: []domain.Event{wait(13, 24*time.Hour)}},
		{name: "a day is the end", given: given(wait(1, 0)), when: at(later(24*time.Hour), ended(VerdictPostponed, "busy")), then: []domain.Event{failed(2, "busy")}},
		{name: "an end is told of once", given: given(over(1), sent(1)), when: ended(VerdictSent, "")},
		{name: "a sent email stays sent", given: given(over(1), sent(1)), when: ended(VerdictUncertain, "cut")},
		{name: "a server is believed late", given: given(over(1), doubted(1)), when: ended(VerdictSent, ""), then: []domain.Event{sent(1)}},
		{name: "but nothing else is", given: given(over(1), doubted(1)), when: ended(VerdictPostponed, "busy")},

		{name: "it went to another address", given: given(), when: elsewhere(ended(VerdictSent, "")), then: []domain.Event{Sent{1, moved}}},
		{name: "which is where it is sent again", given: given(Doubted{1, "cut", moved}), when: elsewhere(ended(VerdictSent, "")), then: []domain.Event{sent(1)}},

		{name: "a new email is cancelled", when: Cancel{Email: first, Reason: CommentRemoved}, then: []domain.Event{Cancelled{CommentRemoved, first}}},
		{name: "one that waits is cancelled", given: given(wait(1, 0)), when: Cancel{Email: first, Reason: TicketDeleted}, then: []domain.Event{Cancelled{Reason: TicketDeleted}}},
		{name: "one that was sent is not", given: given(sent(1)), when: Cancel{Reason: TicketDeleted}},
		{name: "nor one that never was", when: Cancel{Reason: TicketDeleted}, refused: domain.ErrNotFound},
		{name: "a cancelled email has no other end", given: given(Cancelled{Reason: TicketDeleted}), when: ended(VerdictSent, "")},
		{name: "it is sent again if it is asked for", given: given(Cancelled{Reason: NotificationsOff}), when: Resend{By: operator, Now: noon}, then: []domain.Event{Requeued{noon}}},

		{name: "a failed email is sent again", given: given(failed(1, "full")), when: Resend{By: operator, Now: later(time.Hour)}, then: []domain.Event{Requeued{later(time.Hour)}}},
		{name: "an uncertain one too", given: given(over(1), doubted(1)), when: Resend{By: operator, Now: noon}, then: []domain.Event{Requeued{noon}}},
		{name: "a sent one is not", given: given(over(1), sent(1)), when: Resend{By: operator, Now: noon}, refused: ErrSent},
		{name: "nor one that is being sent", given: given(over(1)), when: Resend{By: operator, Now: noon}, refused: ErrSent},
		{name: "who is no admin cannot ask for it", given: given(failed(1, "full")), when: Resend{By: By{domain.Actor{Kind: domain.ActorUser, Role: domain.RoleAuditor}}, Now: noon}, refused: domain.ErrForbidden},
		{name: "one that waits anyway is left alone", given: given(wait(1, time.Hour)), when: Resend{By: operator, Now: noon}},
		{name: "sent again, the waits begin anew", given: given(wait(1, 0), wait(2, 0), failed(3, "full"), Requeued{noon}),
			when: ended(VerdictPostponed, "busy"), then: []domain.Event{wait(4, 30*time.Second)}},
	} {
		t.Run(r.name, func(t *testing.T) {
			got, err := Decide(fold(r.given), r.when)
			if r.refused != nil {
				if !errors.Is(err, r.refused) || got != nil {
					t.Fatalf("got %v, %v, want the refusal %q", got, err, r.refused.Code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(r.then, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// operator asks for emails to be sent again.
var operator = By{domain.System()}

// However commands fall, an end that is known stays, unless it is asked for once
// more: but for a server that is believed late.
func TestAnEmailEndsOnceUnasked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s State
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			c := rapid.SampledFrom([]Command{
				Queue{Queued: first}, Resend{By: operator, Now: noon}, isNew(ended(VerdictSent, "")),
				ended(VerdictSent, ""), ended(VerdictRefused, "no"), ended(VerdictPostponed, "busy"), ended(VerdictUncertain, "cut"),
			}).Draw(t, "command")
			events, err := Decide(s, c)
			if err != nil {
				continue
			}
			for _, e := range events {
				before := s
				s = Evolve(s, e)
				if _, asked := e.(Requeued); asked || before.Waits() || !before.Exists {
					continue
				}
				if before.Status != StatusUncertain || s.Status != StatusSent {
					t.Fatalf("what was %s became %s by %#v", before.Status, s.Status, e)
				}
			}
		}
	})
}
