package ticket

import (
	"fmt"
	"testing"

	"helpdesk/domain"
)

// reach is how a ticket gets into each status.
var reach = map[Status][]domain.Event{
	StatusOpen:       nil,
	StatusInProgress: {Assigned{AssignedTo: eve.ID}, Started{}},
	StatusResolved:   {Resolved{}},
	StatusClosed:     {Closed{}},
	StatusEscalated:  {Escalated{}},
}

// allowed is API.md's sentence on transitions, written down once more: a row
// for the status it is in, a column for the one it is to have.
var allowed = map[Status]string{
	//                open in-progress resolved closed escalated
	StatusOpen:       "= y y y y",
	StatusInProgress: "n = y y y",
	StatusResolved:   "y n = y n",
	StatusClosed:     "y n n = n",
	StatusEscalated:  "n y y y =",
}

var columns = []Status{StatusOpen, StatusInProgress, StatusResolved, StatusClosed, StatusEscalated}

// statusEvent is the event that stands for having come to a status.
func statusEvent(to Status, reason string) domain.Event {
	switch to {
	case StatusOpen:
		return Reopened{Reason: reason}
	case StatusInProgress:
		return Started{Reason: reason}
	case StatusResolved:
		return Resolved{Reason: reason}
	case StatusClosed:
		return Closed{Reason: reason}
	default:
		return Escalated{Reason: reason}
	}
}

func TestEveryTransition(t *testing.T) {
	for from, row := range allowed {
		for i, to := range columns {
			for who, actor := range map[string]domain.Actor{"an agent": eve, "an admin": rob, "the service": domain.System()} {
				begins := row[2*i] == 'y' && to == StatusInProgress // of what nobody has
				verb := rule{
					name:  fmt.Sprintf("%s takes %s to %s", who, from, to),
					given: given(reach[from]...), when: ChangeStatus{By: by(actor), To: to, Reason: "because"},
				}
				edit := rule{
					name:  fmt.Sprintf("%s edits %s to %s", who, from, to),
					given: given(reach[from]...), when: EditTicket{By: by(actor), Status: &to},
				}
				switch row[2*i] {
				case 'y':
					verb.then = []domain.Event{statusEvent(to, "because")}
					edit.then = []domain.Event{statusEvent(to, "")}
					if begins {
						taken := Assigned{AssignedTo: actor.ID}
						verb.then, edit.then = append([]domain.Event{taken}, verb.then...), append([]domain.Event{taken}, edit.then...)
					}
				case 'n':
					verb.refused, edit.refused = ErrTransition, ErrTransition
					verb.field, edit.field = "status", "status"
				}
				if begins && actor.Trusted() {
					verb.then, verb.refused, verb.field = nil, ErrUnassigned, "assigned_to"
					edit.then, edit.refused, edit.field = nil, ErrUnassigned, "assigned_to"
				}
				t.Run(verb.name, verb.check)
				t.Run(edit.name, edit.check)
			}
			user := rule{
				name:  fmt.Sprintf("the requester takes %s to %s", from, to),
				given: given(reach[from]...), when: ChangeStatus{By: by(ann), To: to},
			}
			switch {
			case to != StatusOpen && to != StatusClosed:
				user.refused = domain.ErrForbidden
			case row[2*i] == 'y':
				user.then = []domain.Event{statusEvent(to, "")}
			case row[2*i] == 'n':
				user.refused = ErrTransition
			}
			t.Run(user.name, user.check)
		}
	}
}

func TestATransitionThatIsRefusedNamesBothEnds(t *testing.T) {
	_, err := Decide(fold(given(Closed{})), ChangeStatus{By: by(eve), To: StatusEscalated})
	if got, want := err.Error(), "a ticket cannot go from closed to escalated"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestChangeStatusToNoStatus(t *testing.T) {
	checkRules(t, []rule{
		{name: "an agent names a status there is not", given: given(), when: ChangeStatus{By: by(eve), To: "done"}, refused: ErrTransition},
		{name: "a user names a status there is not", given: given(), when: ChangeStatus{By: by(ann), To: "done"}, refused: domain.ErrForbidden},
		{name: "an auditor names the status it has", given: given(), when: ChangeStatus{By: by(ida), To: StatusOpen}, refused: domain.ErrForbidden},
	})
}

func TestStatusesAndPrioritiesAreThoseOfTheContract(t *testing.T) {
	for status, want := range map[Status]bool{
		"open": true, "in-progress": true, "resolved": true, "closed": true, "escalated": true,
		"": false, "Open": false, "in_progress": false,
	} {
		if got := status.Valid(); got != want {
			t.Errorf("status %q valid: got %v, want %v", status, got, want)
		}
	}
	for priority, want := range map[Priority]int{"low": 1, "medium": 2, "high": 3, "": 0, "LOW": 0} {
		if got := priority.Rank(); got != want {
			t.Errorf("rank of %q: got %d, want %d", priority, got, want)
		}
	}
}
