package ticket

import (
	"testing"

	"helpdesk/domain"
)

func TestEscalateOverdue(t *testing.T) {
	timer := domain.Actor{Kind: domain.ActorTimer}
	overdue := func(change func(*EscalateOverdue)) EscalateOverdue {
		c := EscalateOverdue{By: by(timer), Opening: 1, Priority: Low, Waiting: []Status{StatusOpen}, Reason: "waited"}
		if change != nil {
			change(&c)
		}
		return c
	}
	escalated := []domain.Event{Escalated{Reason: "waited"}}
	inProgressToo := func(c *EscalateOverdue) { c.Waiting = []Status{StatusOpen, StatusInProgress} }
	checkRules(t, []rule{
		{name: "a ticket that waits escalates", given: given(), when: overdue(nil), then: escalated},
		{name: "one that was assigned still waits", given: given(Assigned{AssignedTo: eve.ID}), when: overdue(nil), then: escalated},
		{name: "one that is worked on does not", given: given(Assigned{AssignedTo: eve.ID}, Started{}), when: overdue(nil)},
		{name: "one in progress that is nobody's does, as older programs left it", given: given(Started{}), when: overdue(nil), then: escalated},
		{name: "unless that is waiting too", given: given(Started{}), when: overdue(inProgressToo), then: escalated},
		{name: "one that is resolved does not", given: given(Resolved{}), when: overdue(nil)},
		{name: "one that is closed does not", given: given(Closed{}), when: overdue(nil)},
		{name: "one that escalated already does not", given: given(Escalated{}), when: overdue(nil)},
		{name: "nor when it was begun since", given: given(Escalated{}, Started{}), when: overdue(inProgressToo)},
		{name: "another priority has another timer", given: given(Prioritised{Priority: High}), when: overdue(nil)},
		{name: "another opening has another timer", given: given(Resolved{}, Reopened{}), when: overdue(nil)},
		{name: "which is the one that acts", given: given(Resolved{}, Reopened{}),
			when: overdue(func(c *EscalateOverdue) { c.Opening = 2 }), then: escalated},
		{name: "also after the first opening escalated", given: given(Escalated{}, Resolved{}, Reopened{}),
			when: overdue(func(c *EscalateOverdue) { c.Opening = 2 }), then: escalated},
		{name: "a deleted ticket is not there", given: given(Deleted{}), when: overdue(nil), refused: domain.ErrNotFound},
		{name: "it is the service's alone", given: given(), when: overdue(func(c *EscalateOverdue) { c.Actor = rob }), refused: domain.ErrForbidden},
	})
}
