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
	noon  = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	later = func(d time.Duration) time.Time { return noon.Add(d) }
	first = Queued{
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

// ended is how an attempt ended at noon.
func ended(v Verdict, text string) Record {
	return Record{Verdict: v, Error: text, Now: noon, RetryMin: 30 * time.Second}
}

func at(when time.Time, c Record) Record {
	c.Now = when
	return c
}

func TestWhatBecomesOfAnEmail(t *testing.T) {
	over := func(n int) HandedOver { return HandedOver{Attempt: n} }
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
		{name: "an email that never was cannot be handed over", when: HandOver{}, refused: domain.ErrNotFound},

		{name: "unless it is made with that", when: HandOver{New: &first}, then: []domain.Event{first, over(1)}},
		{name: "which makes no second one", given: given(), when: HandOver{New: &first}, then: []domain.Event{over(1)}},
		{name: "a waiting email is handed over", given: given(), when: HandOver{}, then: []domain.Event{over(1)}},
		{name: "one that is handed over is not again", given: given(over(1)), when: HandOver{}, refused: ErrNotWaiting},
		{name: "nor one that was sent", given: given(over(1), Sent{1}), when: HandOver{}, refused: ErrNotWaiting},
		{name: "nor one that is uncertain", given: given(over(1), Doubted{1, "cut"}), when: HandOver{}, refused: ErrNotWaiting},
		{name: "the second try is the second attempt", given: given(wait(1, time.Minute)), when: HandOver{}, then: []domain.Event{over(2)}},

		{name: "the server took it", given: given(over(1)), when: ended(VerdictSent, ""), then: []domain.Event{Sent{1}}},
		{name: "nobody knows", given: given(over(1)), when: ended(VerdictUncertain, "cut"), then: []domain.Event{Doubted{1, "cut"}}},
		{name: "refused at the end", given: given(over(1)), when: ended(VerdictRefused, "spam"), then: []domain.Event{Failed{1, "spam"}}},
		{name: "refused before the end", given: given(), when: ended(VerdictRefused, "no such box"), then: []domain.Event{Failed{1, "no such box"}}},
		{name: "postponed at the end", given: given(over(1)), when: ended(VerdictPostponed, "busy"), then: []domain.Event{wait(1, 30*time.Second)}},
		{name: "postponed before the end", given: given(), when: ended(VerdictPostponed, "busy"), then: []domain.Event{wait(1, 30*time.Second)}},
		{name: "the second wait is double", given: given(wait(1, 0)), when: ended(VerdictPostponed, "busy"), then: []domain.Event{wait(2, time.Minute)}},
		{name: "the third is double that", given: given(wait(1, 0), over(2), wait(2, 0)), when: ended(VerdictPostponed, "busy"), then: []domain.Event{wait(3, 2*time.Minute)}},
		{name: "the last try comes after a day", given: given(wait(12, 0)), when: at(later(23*time.Hour), ended(VerdictPostponed, "busy")),
			then: []domain.Event{wait(13, 24*time.Hour)}},
		{name: "a day is the end", given: given(wait(1, 0)), when: at(later(24*time.Hour), ended(VerdictPostponed, "busy")), then: []domain.Event{Failed{2, "busy"}}},
		{name: "one that was not handed over was not sent", given: given(), when: ended(VerdictSent, "")},
		{name: "nor is it uncertain", given: given(), when: ended(VerdictUncertain, "cut")},
		{name: "an end is told of once", given: given(over(1), Sent{1}), when: ended(VerdictSent, "")},
		{name: "a sent email stays sent", given: given(over(1), Sent{1}), when: ended(VerdictUncertain, "cut")},
		{name: "a server is believed late", given: given(over(1), Doubted{1, "cut"}), when: ended(VerdictSent, ""), then: []domain.Event{Sent{1}}},
		{name: "but nothing else is", given: given(over(1), Doubted{1, "cut"}), when: ended(VerdictPostponed, "busy")},

		{name: "a failed email is sent again", given: given(Failed{1, "full"}), when: Resend{By: operator, Now: later(time.Hour)}, then: []domain.Event{Requeued{later(time.Hour)}}},
		{name: "an uncertain one too", given: given(over(1), Doubted{1, "cut"}), when: Resend{By: operator, Now: noon}, then: []domain.Event{Requeued{noon}}},
		{name: "a sent one is not", given: given(over(1), Sent{1}), when: Resend{By: operator, Now: noon}, refused: ErrSent},
		{name: "nor one that is being sent", given: given(over(1)), when: Resend{By: operator, Now: noon}, refused: ErrSent},
		{name: "who is no admin cannot ask for it", given: given(Failed{1, "full"}), when: Resend{By: By{domain.Actor{Kind: domain.ActorUser, Role: domain.RoleAuditor}}, Now: noon}, refused: domain.ErrForbidden},
		{name: "one that waits anyway is left alone", given: given(wait(1, time.Hour)), when: Resend{By: operator, Now: noon}},
		{name: "sent again, the waits begin anew", given: given(wait(1, 0), wait(2, 0), Failed{3, "full"}, Requeued{noon}),
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

// However commands fall, between two requests to send an email it is handed over
// again only after a server has said that it had not taken it.
func TestAnEmailIsNeverSentTwiceUnasked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s State
		doubtful := false // handed over, and no server has said that it was not taken
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			c := rapid.SampledFrom([]Command{
				Queue{Queued: first}, HandOver{}, Resend{By: operator, Now: noon},
				ended(VerdictSent, ""), ended(VerdictRefused, "no"), ended(VerdictPostponed, "busy"), ended(VerdictUncertain, "cut"),
			}).Draw(t, "command")
			events, err := Decide(s, c)
			if err != nil {
				continue
			}
			for _, e := range events {
				switch e.(type) {
				case HandedOver:
					if doubtful {
						t.Fatal("handed over while it may have been taken")
					}
					doubtful = true
				case Postponed, Failed, Requeued:
					doubtful = false
				}
				s = Evolve(s, e)
			}
		}
	})
}
