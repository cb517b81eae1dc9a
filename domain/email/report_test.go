package email

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
)

func TestWhatServersBehindReport(t *testing.T) {
	bounced := Bounced{Status: "5.1.1", Diagnostic: "no such user"}
	delayed := Delayed{Status: "4.4.1", Diagnostic: "no answer"}
	failed := Report{Delivery: DeliveryFailed, Status: "5.1.1", Diagnostic: "no such user"}
	late := Report{Delivery: DeliveryDelayed, Status: "4.4.1", Diagnostic: "no answer"}
	sent := Sent{Attempt: 1}
	for _, r := range []struct {
		name    string
		given   []domain.Event
		when    Command
		then    []domain.Event
		refused error
	}{
		{name: "an email that was sent is returned", given: given(sent), when: failed, then: []domain.Event{bounced}},
		{name: "one that was sent at once too", given: []domain.Event{Sent{Attempt: 1, Email: first}}, when: failed, then: []domain.Event{bounced}},
		{name: "one of which nobody knew", given: given(Doubted{Attempt: 1}), when: failed, then: []domain.Event{bounced}},
		{name: "it is returned once", given: given(sent, bounced), when: failed},
		{name: "an email is delayed", given: given(sent), when: late, then: []domain.Event{delayed}},
		{name: "it is delayed once", given: given(sent, delayed), when: late},
		{name: "and then returned", given: given(sent, delayed), when: failed, then: []domain.Event{bounced}},
		{name: "after that it is not delayed", given: given(sent, bounced), when: late},
		{name: "that it arrived is what was thought", given: given(sent), when: Report{Delivery: DeliveryDone}},
		{name: "a report that comes after it was queued again is of before", given: given(sent, bounced, Requeued{At: noon}), when: failed},
		{name: "what was never sent is not returned", given: given(Cancelled{Reason: TicketDeleted}), when: failed},
		{name: "an email that never was", when: failed, refused: domain.ErrNotFound},
		{name: "what was returned is sent again", given: given(sent, bounced), when: Resend{By: By{domain.System()}, Now: noon}, then: []domain.Event{Requeued{At: noon}}},
		{name: "what is delayed is not", given: given(sent, delayed), when: Resend{By: By{domain.System()}, Now: noon}, refused: ErrSent},
	} {
		t.Run(r.name, func(t *testing.T) {
			events, err := Decide(fold(r.given), r.when)
			if !errors.Is(err, r.refused) {
				t.Fatalf("got %v, want %v", err, r.refused)
			}
			if diff := cmp.Diff(r.then, events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}
