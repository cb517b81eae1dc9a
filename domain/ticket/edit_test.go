package ticket

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
)

func TestEditTicket(t *testing.T) {
	// put names every member as it stands on Ann's ticket.
	put := func(a domain.Actor, change func(*EditTicket)) EditTicket {
		c := EditTicket{
			By: by(a), Title: ptr("Printer"), Description: ptr("It smokes."), Priority: ptr(Low),
			Status: ptr(StatusOpen), AssignedTo: &Assignee{},
		}
		if change != nil {
			change(&c)
		}
		return c
	}
	checkRules(t, []rule{
		{name: "nothing named is nothing changed", given: given(), when: EditTicket{By: by(ann)}},
		{name: "an auditor edits not even nothing", given: given(), when: EditTicket{By: by(ida)}, refused: domain.ErrForbidden},
		{name: "a PUT of what stands is no change", given: given(), when: put(ann, nil)},
		{name: "an auditor's PUT of what stands is refused", given: given(), when: put(ida, nil), refused: domain.ErrForbidden},
		{
			name: "a text that differs by spaces around it is no change", given: given(),
			when: EditTicket{By: by(ann), Title: ptr("  Printer\n"), Description: ptr("\tIt smokes. ")},
		},
		{
			name: "each member has its own event", given: given(),
			when: put(eve, func(c *EditTicket) {
				c.Title, c.Description, c.Priority = ptr("Copier"), ptr("It burns."), ptr(High)
				c.Status, c.AssignedTo = ptr(StatusInProgress), ptr(staff(eve))
			}),
			then: []domain.Event{
				Retitled{Title: "Copier"}, Described{Description: "It burns."}, Prioritised{Priority: High},
				Assigned{AssignedTo: eve.ID}, Started{},
			},
		},
		{
			name: "only what changes has an event", given: given(),
			when: put(ann, func(c *EditTicket) { c.Priority = ptr(Medium) }),
			then: []domain.Event{Prioritised{Priority: Medium}},
		},
		{
			name: "one bad member refuses all", given: given(),
			when:    put(eve, func(c *EditTicket) { c.Title, c.Priority = ptr("Copier"), ptr(Priority("urgent")) }),
			refused: domain.ErrEnum, field: "priority",
		},
		{
			name: "a status there is not refuses all", given: given(),
			when:    put(eve, func(c *EditTicket) { c.Title, c.Status = ptr("Copier"), ptr(Status("done")) }),
			refused: domain.ErrEnum, field: "status",
		},
		{
			name: "a transition there is not refuses all", given: given(Closed{}),
			when:    put(eve, func(c *EditTicket) { c.Title, c.Status = ptr("Copier"), ptr(StatusResolved) }),
			refused: ErrTransition, field: "status",
		},
		{
			name: "an assignee who is no active staff refuses all", given: given(),
			when:    put(rob, func(c *EditTicket) { c.Title, c.AssignedTo = ptr("Copier"), &Assignee{ID: bob.ID} }),
			refused: ErrAssignee, field: "assigned_to",
		},
		{
			name: "a user edits and closes at once", given: given(),
			when: EditTicket{By: by(ann), Title: ptr("Copier"), Status: ptr(StatusClosed)},
			then: []domain.Event{Retitled{Title: "Copier"}, Closed{}},
		},
		{
			name: "a user's PUT repeats the assignee they could not choose", given: given(Assigned{AssignedTo: eve.ID}),
			when: put(ann, func(c *EditTicket) { c.Title, c.AssignedTo = ptr("Copier"), &Assignee{ID: eve.ID} }),
			then: []domain.Event{Retitled{Title: "Copier"}},
		},
		{
			name: "a PUT repeats an assignee who has left since", given: given(Assigned{AssignedTo: eve.ID}),
			when: put(rob, func(c *EditTicket) { c.Title, c.AssignedTo = ptr("Copier"), &Assignee{ID: eve.ID} }),
			then: []domain.Event{Retitled{Title: "Copier"}},
		},
		{
			name: "a user's PUT repeats the status they could not choose", given: given(Started{}),
			when: put(ann, func(c *EditTicket) { c.Priority, c.Status = ptr(High), ptr(StatusInProgress) }),
			then: []domain.Event{Prioritised{Priority: High}},
		},
		{
			name: "a user's PUT closes a resolved ticket and repeats the rest", given: given(Resolved{}),
			when: put(ann, func(c *EditTicket) { c.Status = ptr(StatusClosed) }),
			then: []domain.Event{Closed{}},
		},
		{
			name: "a user does not resolve by PUT", given: given(),
			when:    put(ann, func(c *EditTicket) { c.Status = ptr(StatusResolved) }),
			refused: domain.ErrForbidden,
		},
		{
			name: "a user does not assign by PUT", given: given(),
			when:    put(ann, func(c *EditTicket) { c.AssignedTo = ptr(staff(eve)) }),
			refused: domain.ErrForbidden,
		},
		{
			name: "an agent does not assign to others by PUT", given: given(),
			when:    put(eve, func(c *EditTicket) { c.AssignedTo = ptr(staff(max)) }),
			refused: domain.ErrForbidden,
		},
		{
			name: "null takes the assignee off", given: given(Assigned{AssignedTo: max.ID}),
			when: EditTicket{By: by(rob), AssignedTo: &Assignee{}},
			then: []domain.Event{Unassigned{}},
		},
	})
}

func TestAUserEditsUntilTheTicketIsResolvedOrClosed(t *testing.T) {
	for _, s := range []struct {
		status Status
		since  []domain.Event
		user   *domain.Error
	}{
		{StatusOpen, nil, nil},
		{StatusInProgress, []domain.Event{Started{}}, nil},
		{StatusEscalated, []domain.Event{Escalated{}}, nil},
		{StatusResolved, []domain.Event{Resolved{}}, domain.ErrTooLate},
		{StatusClosed, []domain.Event{Closed{}}, domain.ErrTooLate},
		{"reopened", []domain.Event{Closed{}, Reopened{}}, nil},
	} {
		for member, edit := range map[string]struct {
			when EditTicket
			then domain.Event
		}{
			"title":       {EditTicket{Title: ptr("Copier")}, Retitled{Title: "Copier"}},
			"description": {EditTicket{Description: ptr("It burns.")}, Described{Description: "It burns."}},
			"priority":    {EditTicket{Priority: ptr(High)}, Prioritised{Priority: High}},
		} {
			for who, actor := range map[string]domain.Actor{"the requester": ann, "an agent": eve, "an admin": rob} {
				r := rule{
					name:  who + " changes the " + member + " of a ticket " + string(s.status),
					given: given(s.since...), then: []domain.Event{edit.then},
				}
				edit.when.By = by(actor)
				r.when = edit.when
				if actor == ann {
					r.refused = s.user
				}
				t.Run(r.name, r.check)
			}
		}
	}
}

func TestAssignTicket(t *testing.T) {
	assigned := given(Assigned{AssignedTo: eve.ID})
	checkRules(t, []rule{
		{name: "an agent takes a ticket", given: given(), when: AssignTicket{By: by(eve), To: staff(eve)}, then: []domain.Event{Assigned{AssignedTo: eve.ID}}},
		{name: "an agent takes a ticket over", given: assigned, when: AssignTicket{By: by(max), To: staff(max)}, then: []domain.Event{Assigned{AssignedTo: max.ID}}},
		{name: "an agent gives their ticket back", given: assigned, when: AssignTicket{By: by(eve)}, then: []domain.Event{Unassigned{}}},
		{name: "an agent takes no ticket off another", given: assigned, when: AssignTicket{By: by(max)}, refused: domain.ErrForbidden},
		{name: "an agent gives no ticket to another", given: given(), when: AssignTicket{By: by(eve), To: staff(max)}, refused: domain.ErrForbidden},
		{name: "an agent does not pass their ticket on", given: assigned, when: AssignTicket{By: by(eve), To: staff(max)}, refused: domain.ErrForbidden},
		{name: "an agent gives a ticket of nobody back", given: given(), when: AssignTicket{By: by(eve)}},
		{name: "an admin gives a ticket to an agent", given: given(), when: AssignTicket{By: by(rob), To: staff(eve)}, then: []domain.Event{Assigned{AssignedTo: eve.ID}}},
		{name: "an admin passes a ticket on", given: assigned, when: AssignTicket{By: by(rob), To: staff(max)}, then: []domain.Event{Assigned{AssignedTo: max.ID}}},
		{name: "an admin takes a ticket off an agent", given: assigned, when: AssignTicket{By: by(rob)}, then: []domain.Event{Unassigned{}}},
		{name: "an admin gives a ticket to itself", given: assigned, when: AssignTicket{By: by(rob), To: staff(rob)}, then: []domain.Event{Assigned{AssignedTo: rob.ID}}},
		{name: "a ticket goes to no user", given: given(), when: AssignTicket{By: by(rob), To: Assignee{ID: bob.ID}}, refused: ErrAssignee, field: "assigned_to"},
		{name: "a ticket does not go to an agent who left", given: given(), when: AssignTicket{By: by(rob), To: Assignee{ID: eve.ID}}, refused: ErrAssignee, field: "assigned_to"},
		{name: "the assignee it has is no change, even one who left", given: assigned, when: AssignTicket{By: by(rob), To: Assignee{ID: eve.ID}}},
		{name: "nobody instead of nobody is no change", given: given(), when: AssignTicket{By: by(rob)}},
		{name: "a closed ticket can be assigned", given: given(Closed{}), when: AssignTicket{By: by(eve), To: staff(eve)}, then: []domain.Event{Assigned{AssignedTo: eve.ID}}},
		{name: "a user assigns nothing", given: given(), when: AssignTicket{By: by(ann), To: staff(eve)}, refused: domain.ErrForbidden},
		{name: "a user does not take their own ticket", given: given(), when: AssignTicket{By: by(ann), To: Assignee{ID: ann.ID}}, refused: domain.ErrForbidden},
		{name: "an auditor assigns nothing", given: given(), when: AssignTicket{By: by(ida), To: staff(eve)}, refused: domain.ErrForbidden},
	})
}

func TestATicketInProgressThatLosesItsAssigneeReturnsToOpen(t *testing.T) {
	begun := given(Assigned{AssignedTo: eve.ID}, Started{})
	returned := []domain.Event{Unassigned{}, Returned{}}
	nobody := &Assignee{}
	checkRules(t, []rule{
		{name: "given back by its agent", given: begun, when: AssignTicket{By: by(eve)}, then: returned},
		{name: "taken off by an admin", given: begun, when: AssignTicket{By: by(rob)}, then: returned},
		{name: "by null", given: begun, when: EditTicket{By: by(rob), AssignedTo: nobody}, then: returned},
		{name: "by null and the status it gets", given: begun, when: EditTicket{By: by(rob), AssignedTo: nobody, Status: ptr(StatusOpen)}, then: returned},
		{name: "but not on its way elsewhere", given: begun, when: EditTicket{By: by(rob), AssignedTo: nobody, Status: ptr(StatusResolved)}, then: []domain.Event{Unassigned{}, Resolved{}}},
		{name: "nor from one agent to another", given: begun, when: AssignTicket{By: by(rob), To: staff(max)}, then: []domain.Event{Assigned{AssignedTo: max.ID}}},
		{name: "nor one that escalated", given: given(Assigned{AssignedTo: eve.ID}, Escalated{}), when: AssignTicket{By: by(rob)}, then: []domain.Event{Unassigned{}}},
		{name: "nor one that is resolved", given: given(Assigned{AssignedTo: eve.ID}, Resolved{}), when: AssignTicket{By: by(rob)}, then: []domain.Event{Unassigned{}}},
		{name: "to be begun again", given: append(begun, returned...), when: ChangeStatus{By: by(max), To: StatusInProgress}, then: []domain.Event{Assigned{AssignedTo: max.ID}, Started{}}},
	})
	put := EditTicket{By: by(rob), Title: ptr("Printer"), Status: ptr(StatusInProgress), AssignedTo: nobody}
	got, err := Decide(fold(begun), put)
	if diff := cmp.Diff(returned, got); err != nil || diff != "" {
		t.Errorf("a PUT that repeats the status: %v (-want +got):\n%s", err, diff)
	}
}

func TestATicketInProgressIsSomebodys(t *testing.T) {
	start := func(a domain.Actor) ChangeStatus { return ChangeStatus{By: by(a), To: StatusInProgress, Reason: "now"} }
	edit := func(a domain.Actor, to *Assignee) EditTicket {
		return EditTicket{By: by(a), Status: ptr(StatusInProgress), AssignedTo: to}
	}
	hers := Assigned{AssignedTo: eve.ID}
	checkRules(t, []rule{
		{name: "who starts work takes it", given: given(), when: start(eve), then: []domain.Event{hers, Started{Reason: "now"}}},
		{name: "an admin too", given: given(), when: start(rob), then: []domain.Event{Assigned{AssignedTo: rob.ID}, Started{Reason: "now"}}},
		{name: "also after it escalated", given: given(Escalated{}), when: start(eve), then: []domain.Event{hers, Started{Reason: "now"}}},
		{name: "not what another has", given: given(hers), when: start(max), then: []domain.Event{Started{Reason: "now"}}},
		{name: "by its status", given: given(), when: edit(eve, nil), then: []domain.Event{hers, Started{}}},
		{name: "by its status and somebody else", given: given(), when: edit(rob, ptr(staff(eve))), then: []domain.Event{hers, Started{}}},
		{name: "not by taking it from who has it", given: given(hers), when: edit(rob, &Assignee{}), refused: ErrUnassigned, field: "assigned_to"},
		{name: "nobody can start it", given: given(), when: start(domain.System()), refused: ErrUnassigned, field: "assigned_to"},
		{name: "but for who has it", given: given(hers), when: start(domain.System()), then: []domain.Event{Started{Reason: "now"}}},
	})
	got, err := Decide(fold(given()), edit(eve, &Assignee{}))
	if diff := cmp.Diff([]domain.Event{hers, Started{}}, got); err != nil || diff != "" {
		t.Errorf("null, which stands already, beside the status: %v (-want +got):\n%s", err, diff)
	}
}

func TestTakeBack(t *testing.T) {
	back := func(a domain.Actor) TakeBack { return TakeBack{By: by(a), From: eve.ID} }
	hers := Assigned{AssignedTo: eve.ID}
	gone := []domain.Event{Unassigned{}}
	checkRules(t, []rule{
		{name: "an open ticket", given: given(hers), when: back(domain.System()), then: gone},
		{name: "one in progress", given: given(hers, Started{}), when: back(domain.System()), then: []domain.Event{Unassigned{}, Returned{}}},
		{name: "one that escalated", given: given(hers, Escalated{}), when: back(domain.System()), then: gone},
		{name: "one that was reopened", given: given(hers, Resolved{}, Reopened{}), when: back(domain.System()), then: gone},
		{name: "what is resolved stays whose it was", given: given(hers, Resolved{}), when: back(domain.System())},
		{name: "so does what is closed", given: given(hers, Closed{}), when: back(domain.System())},
		{name: "not that of another meanwhile", given: given(hers, Assigned{AssignedTo: max.ID}), when: back(domain.System())},
		{name: "not nobody's", given: given(), when: TakeBack{By: by(domain.System())}},
		{name: "not one that is gone", given: given(hers, Deleted{}), when: back(domain.System()), refused: domain.ErrNotFound},
		{name: "not for an admin to ask", given: given(hers), when: back(rob), refused: domain.ErrForbidden},
	})
}

func TestDeleteTicket(t *testing.T) {
	gone := []domain.Event{Deleted{}}
	checkRules(t, []rule{
		{name: "a user deletes their fresh ticket", given: given(), when: DeleteTicket{by(ann)}, then: gone},
		{name: "comments of their own do not matter", given: given(said(first, ann, "me")), when: DeleteTicket{by(ann)}, then: gone},
		{name: "a comment of another keeps it", given: given(said(first, eve, "we")), when: DeleteTicket{by(ann)}, refused: domain.ErrTooLate},
		{name: "an internal note keeps it", given: given(noted(first, eve, "we")), when: DeleteTicket{by(ann)}, refused: domain.ErrTooLate},
		{name: "a comment of another that was removed does not", given: given(said(first, eve, "we"), CommentRemoved{CommentID: first}), when: DeleteTicket{by(ann)}, then: gone},
		{name: "an assignee keeps it", given: given(Assigned{AssignedTo: eve.ID}), when: DeleteTicket{by(ann)}, refused: domain.ErrTooLate},
		{name: "an assignee who gave it back does not", given: given(Assigned{AssignedTo: eve.ID}, Unassigned{}), when: DeleteTicket{by(ann)}, then: gone},
		{name: "begun work keeps it", given: given(Started{}), when: DeleteTicket{by(ann)}, refused: domain.ErrTooLate},
		{name: "escalation keeps it", given: given(Escalated{}), when: DeleteTicket{by(ann)}, refused: domain.ErrTooLate},
		{name: "resolution keeps it", given: given(Resolved{}), when: DeleteTicket{by(ann)}, refused: domain.ErrTooLate},
		{name: "closing keeps it", given: given(Closed{}), when: DeleteTicket{by(ann)}, refused: domain.ErrTooLate},
		{name: "reopened it can go", given: given(Closed{}, Reopened{}), when: DeleteTicket{by(ann)}, then: gone},
		{name: "a ticket opened on their behalf is theirs to delete", given: []domain.Event{Opened{Title: "t", CreatedBy: ann.ID, OpenedBy: eve.ID}}, when: DeleteTicket{by(ann)}, then: gone},
		{name: "another user's ticket is not to be seen", given: given(), when: DeleteTicket{by(bob)}, refused: domain.ErrNotFound},
		{name: "an agent deletes nothing", given: given(), when: DeleteTicket{by(eve)}, refused: domain.ErrForbidden},
		{name: "an agent deletes not even their own", given: []domain.Event{Opened{Title: "t", CreatedBy: eve.ID, OpenedBy: eve.ID}}, when: DeleteTicket{by(eve)}, refused: domain.ErrForbidden},
		{name: "an auditor deletes nothing", given: given(), when: DeleteTicket{by(ida)}, refused: domain.ErrForbidden},
		{name: "an admin deletes whatever there is", given: given(Assigned{AssignedTo: eve.ID}, Resolved{}, said(first, eve, "we")), when: DeleteTicket{by(rob)}, then: gone},
		{name: "what is gone is gone", given: given(Deleted{}), when: DeleteTicket{by(rob)}, refused: domain.ErrNotFound},
		{name: "what never was is not to be seen", when: DeleteTicket{by(rob)}, refused: domain.ErrNotFound},
	})
}

func TestRestoreTicket(t *testing.T) {
	back := []domain.Event{Restored{}}
	checkRules(t, []rule{
		{name: "an admin restores a deleted ticket", given: given(Deleted{}), when: RestoreTicket{by(rob)}, then: back},
		{name: "whatever it was", given: given(Assigned{AssignedTo: eve.ID}, Started{}, said(first, eve, "we"), Deleted{}), when: RestoreTicket{by(rob)}, then: back},
		{name: "one that was restored before", given: given(Deleted{}, Restored{}, Deleted{}), when: RestoreTicket{by(rob)}, then: back},
		{name: "one that is there is refused", given: given(), when: RestoreTicket{by(rob)}, refused: ErrNotDeleted},
		{name: "one that is there again is refused", given: given(Deleted{}, Restored{}), when: RestoreTicket{by(rob)}, refused: ErrNotDeleted},
		{name: "one that never was is not to be seen", when: RestoreTicket{by(rob)}, refused: domain.ErrNotFound},
		{name: "its requester does not see that it was deleted", given: given(Deleted{}), when: RestoreTicket{by(ann)}, refused: domain.ErrNotFound},
		{name: "nor does an agent", given: given(Deleted{}), when: RestoreTicket{by(eve)}, refused: domain.ErrNotFound},
		{name: "nor may an auditor", given: given(Deleted{}), when: RestoreTicket{by(ida)}, refused: domain.ErrNotFound},
		{name: "who sees one that is there may not either", given: given(), when: RestoreTicket{by(ida)}, refused: domain.ErrForbidden},
	})
}

func TestARestoredTicketIsAsItWas(t *testing.T) {
	before := fold(given(Assigned{AssignedTo: eve.ID}, Started{}, Prioritised{Priority: High}, Escalated{}, said(first, eve, "we"), noted(second, eve, "us")))
	after := Evolve(Evolve(before, Deleted{}), Restored{})
	before.Size += 2 * eventSize
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}
