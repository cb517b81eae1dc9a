package message

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
)

var (
	service = By{domain.System()}
	admin   = By{domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.UUID{15: 1}}, Role: domain.RoleAdmin}}
	auditor = By{domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.UUID{15: 2}}, Role: domain.RoleAuditor}}

	came    = Received{Mailbox: uuid.UUID{15: 7}, Sender: domain.UserID{UUID: uuid.UUID{15: 9}}, From: "ann@example.org", Size: 10, At: time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)}
	waits   = Judged{Verdict: Quarantined, Reason: ReasonStranger, Detail: "Nobody has the address."}
	ticket  = Judged{Verdict: NewTicket, Reason: ReasonNew, Ticket: uuid.UUID{15: 8}}
	same    = Judged{Verdict: Duplicate, Reason: ReasonSame, Ticket: uuid.UUID{15: 8}}
	bounced = Judged{Verdict: Bounce, Reason: ReasonReport, Email: uuid.UUID{15: 6}}
	foreign = Judged{Verdict: Bounce, Reason: ReasonNotOurs}
	machine = Judged{Verdict: AutoReply, Reason: ReasonSubmitted, Ticket: uuid.UUID{15: 8}}
	aside   = Discarded{Reason: "advertising"}
)

func fold(events []domain.Event) (s State) {
	for _, e := range events {
		s = Evolve(s, e)
	}
	return s
}

func given(more ...domain.Event) []domain.Event { return append([]domain.Event{came}, more...) }

func TestAMessage(t *testing.T) {
	for _, r := range []struct {
		name    string
		given   []domain.Event
		when    Command
		then    []domain.Event
		refused error
	}{
		{name: "a message is received", when: Receive{service, came}, then: given()},
		{name: "once", given: given(), when: Receive{service, came}},
		{name: "and judged", given: given(), when: Judge{service, 1, ticket}, then: []domain.Event{ticket}},
		{name: "once", given: given(waits), when: Judge{service, 1, ticket}},
		{name: "nobody else judges", given: given(), when: Judge{admin, 1, ticket}, refused: domain.ErrForbidden},
		{name: "what never came is not judged", when: Judge{service, 1, ticket}, refused: domain.ErrNotFound},
		{name: "it is let out of quarantine", given: given(waits), when: Release{admin}, then: []domain.Event{Released{}}},
		{name: "once", given: given(waits, Released{}), when: Release{admin}},
		{name: "and judged once more", given: given(waits, Released{}), when: Judge{service, 2, ticket}, then: []domain.Event{ticket}},
		{name: "by the judge of that round alone", given: given(waits, Released{}), when: Judge{service, 1, waits}},
		{name: "what is not in quarantine is not let out", given: given(ticket), when: Release{admin}, refused: ErrNotQuarantined},
		{name: "nor what is not judged", given: given(), when: Release{admin}, refused: ErrNotQuarantined},
		{name: "an auditor lets nothing out", given: given(waits), when: Release{auditor}, refused: domain.ErrForbidden},
		{name: "nor is there anything of what never came", when: Release{admin}, refused: domain.ErrNotFound},
		{name: "it is judged anew", given: given(waits), when: Reprocess{admin}, then: []domain.Event{Reprocessed{}}},
		{name: "not twice at once", given: given(waits, Reprocessed{}), when: Reprocess{admin}},
		{name: "a ticket stays", given: given(ticket), when: Reprocess{admin}},
		{name: "what is said of an email too", given: given(bounced), when: Reprocess{admin}},
		{name: "the bounce of another's email had no effect", given: given(foreign), when: Reprocess{admin}, then: []domain.Event{Reprocessed{}}},
		{name: "nor had a duplicate", given: given(same), when: Reprocess{admin}, then: []domain.Event{Reprocessed{}}},
		{name: "nor an automatic reply", given: given(machine), when: Discard{admin, "advertising"}, then: []domain.Event{aside}},
		{name: "it is set aside", given: given(waits), when: Discard{admin, " advertising "}, then: []domain.Event{aside}},
		{name: "once", given: given(waits, aside), when: Discard{admin, "spam"}},
		{name: "with a reason", given: given(waits), when: Discard{admin, " "}, refused: domain.ErrRequired},
		{name: "what became a ticket is not", given: given(ticket), when: Discard{admin, "spam"}, refused: ErrEffect},
		{name: "nor while it is judged", given: given(), when: Discard{admin, "spam"}, refused: domain.ErrTooLate},
		{name: "an auditor sets nothing aside", given: given(waits), when: Discard{auditor, "spam"}, refused: domain.ErrForbidden},
		{name: "what was set aside is judged anew", given: given(waits, aside), when: Reprocess{admin}, then: []domain.Event{Reprocessed{}}},
		{name: "and not let out", given: given(waits, aside), when: Release{admin}, refused: ErrNotQuarantined},
	} {
		t.Run(r.name, func(t *testing.T) {
			got, err := Decide(fold(r.given), r.when)
			if !errors.Is(err, r.refused) {
				t.Fatalf("got %v, %v, want %v", got, err, r.refused)
			}
			if diff := cmp.Diff(r.then, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("events (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			if again, err := Decide(fold(append(r.given, got...)), r.when); err != nil || len(again) > 0 {
				t.Errorf("once more: got %v, %v, want no events", again, err)
			}
		})
	}
}
