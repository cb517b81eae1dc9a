package user

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
)

func TestAnAddressThatBounces(t *testing.T) {
	ann := ID{UUID: uuid.UUID{15: 1}}
	admin := By{Actor: domain.Actor{Kind: domain.ActorUser, ID: ID{UUID: uuid.UUID{15: 2}}, Role: domain.RoleAdmin}}
	agent := By{Actor: domain.Actor{Kind: domain.ActorUser, ID: ID{UUID: uuid.UUID{15: 3}}, Role: domain.RoleAgent}}
	there := []domain.Event{Registered{Username: "ann", Email: "ann@example.org", Role: domain.RoleUser}}
	came := AddressBounced{Email: uuid.UUID{15: 9}, Status: "5.1.1", Diagnostic: "no such user"}
	bounced := append(there[:1:1], came)
	report := ReportBounce{By: By{domain.System()}, ID: ann, Address: "Ann@example.org", AddressBounced: came}
	for _, r := range []struct {
		name    string
		given   []domain.Event
		when    Command
		then    []domain.Event
		refused error
	}{
		{name: "is known as one", given: there, when: report, then: bounced[1:]},
		{name: "once", given: bounced, when: report},
		{name: "is another by now", given: append(there[:1:1], ProfileChanged{Email: "new@example.org"}), when: report},
		{name: "of somebody who was erased", given: append(there[:1:1], Erased{}), when: report},
		{name: "of nobody", when: report, refused: domain.ErrNotFound},
		{name: "is no admin's to report", given: there, when: ReportBounce{By: admin, ID: ann}, refused: domain.ErrForbidden},
		{name: "is cleared", given: bounced, when: ClearAddress{admin, ann}, then: []domain.Event{AddressCleared{}}},
		{name: "is cleared by another address", given: append(bounced[:2:2], ProfileChanged{Email: "new@example.org"}), when: ClearAddress{admin, ann}},
		{name: "stays one under another name", given: append(bounced[:2:2], ProfileChanged{Email: "ANN@example.org", FirstName: "Ann"}),
			when: ClearAddress{admin, ann}, then: []domain.Event{AddressCleared{}}},
		{name: "is cleared once", given: append(bounced[:2:2], AddressCleared{}), when: ClearAddress{admin, ann}},
		{name: "is no agent's to clear", given: bounced, when: ClearAddress{agent, ann}, refused: domain.ErrForbidden},
		{name: "of nobody is not cleared", when: ClearAddress{admin, ann}, refused: domain.ErrNotFound},
	} {
		t.Run(r.name, func(t *testing.T) {
			var s State
			for _, e := range r.given {
				s = Evolve(s, e)
			}
			got, err := Decide(s, r.when)
			if !errors.Is(err, r.refused) {
				t.Fatalf("got %v, %v, want %v", got, err, r.refused)
			}
			if diff := cmp.Diff(r.then, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}
