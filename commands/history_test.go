package commands

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/test/kit"
)

// past is the history of a ticket that was taken over: Ann opened it, Eve
// worked on it.
func past() []Past {
	began := time.Date(2020, 2, 3, 9, 0, 0, 0, time.UTC)
	by := func(a domain.Actor) ticket.By {
		return ticket.By{Actor: domain.Actor{Kind: domain.ActorImport, ID: a.ID}}
	}
	return []Past{
		{began, ticket.OpenTicket{By: by(ann), Title: "Printer", Description: "It smokes."}},
		{began.Add(time.Hour), ticket.AssignTicket{By: by(eve), To: ticket.Assignee{ID: eve.ID, ActiveStaff: true}}},
		{began.Add(time.Hour), ticket.AssignTicket{By: by(eve), To: ticket.Assignee{ID: eve.ID, ActiveStaff: true}}}, // changes nothing
		{began.Add(2 * time.Hour), ticket.AddComment{By: by(eve), CommentID: ticket.CommentID{UUID: uuid.UUID{1}}, Text: "Which one?", Now: began}},
		{began.Add(3 * time.Hour), ticket.ChangeStatus{By: by(eve), To: ticket.StatusResolved, Reason: "a new drum"}},
	}
}

func TestAHistoryIsTakenOverWithItsTimesAndPeople(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := newTicketID()
	written, err := d.TakeOver(kit.Context(t), Request{CorrelationID: "move"}, id, past())
	if err != nil || written != 4 {
		t.Fatalf("got %d events and %v, want 4", written, err)
	}
	var got []any
	for _, e := range d.Stream(t, id.UUID) {
		got = append(got, e.Type, e.ActorKind, e.ActorID.UUID, e.CorrelationID, e.OccurredAt.UTC().Hour())
	}
	checkDiff(t, "history", []any{
		"ticket.opened", domain.ActorImport, ann.ID.UUID, "move", 9,
		"ticket.assigned", domain.ActorImport, eve.ID.UUID, "move", 10,
		"ticket.comment_added", domain.ActorImport, eve.ID.UUID, "move", 11,
		"ticket.resolved", domain.ActorImport, eve.ID.UUID, "move", 12,
	}, got)
	if n := d.state(t, id).Number; n != 1 {
		t.Errorf("number: got %d, want 1", n)
	}
}

func TestAHistoryThatWasCutOffIsGoneOnWith(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := newTicketID()
	total := 0
	for upto := range len(past()) + 1 {
		written, err := d.TakeOver(kit.Context(t), Request{}, id, past()[:upto])
		if err != nil {
			t.Fatalf("the first %d: %v", upto, err)
		}
		total += written
	}
	if got := len(d.Stream(t, id.UUID)); total != 4 || got != 4 {
		t.Errorf("wrote %d events, %d are there, want 4", total, got)
	}
	if written, err := d.TakeOver(kit.Context(t), Request{}, id, past()); written != 0 || err != nil {
		t.Errorf("once more: got %d events and %v, want none", written, err)
	}
	if got := d.state(t, d.open(t)).Number; got != 2 {
		t.Errorf("the next number is %d, want 2", got)
	}
}

func TestAnotherHistoryIsNotContinued(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := d.open(t)
	d.must(t)(d.Do(kit.Context(t), Request{}, id, ticket.ChangeStatus{By: as(eve), To: ticket.StatusInProgress}))
	if _, err := d.TakeOver(kit.Context(t), Request{}, id, past()); !errors.Is(err, ErrOtherHistory) {
		t.Errorf("got %v, want %v", err, ErrOtherHistory)
	}
	if got := len(d.Stream(t, id.UUID)); got != 3 {
		t.Errorf("%d events are there, want the 3 from before", got)
	}
}
