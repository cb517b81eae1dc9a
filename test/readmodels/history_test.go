package readmodels

import (
	"context"
	"errors"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/test/kit"
)

// told is what a history says, a line for each event.
func told(entries []history.Entry) []string {
	lines := make([]string, len(entries))
	for i, e := range entries {
		var changes []string
		for _, c := range e.Changes {
			changes = append(changes, c.Field)
		}
		lines[i] = e.Summary + " " + strings.Join(changes, ",")
	}
	return lines
}

func TestTheHistoryOfATicket(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	ann, zoe, rob := everybody["ann"], everybody["zoe"], everybody["rob"]
	id, note, said := newTicketID(), ticket.CommentID{UUID: kit.NewID()}, ticket.CommentID{UUID: kit.NewID()}
	ctx := kit.Context(t)
	if _, err := d.tickets.Open(ctx, commands.Request{}, id, ticket.OpenTicket{
		By: ticket.By{Actor: zoe}, Title: "Printer", Description: "It smokes.", CreatedBy: ann.ID}); err != nil {
		t.Fatal(err)
	}
	timer := kit.NewID()
	for _, step := range []struct {
		r commands.Request
		c ticket.Command
	}{
		{c: ticket.EditTicket{By: ticket.By{Actor: ann}, Title: ptr("Plotter"), Priority: ptr(ticket.High)}},
		{c: ticket.AssignTicket{By: ticket.By{Actor: rob}, To: ticket.Assignee{ID: zoe.ID, ActiveStaff: true}}},
		{c: ticket.AddComment{By: ticket.By{Actor: zoe}, CommentID: note, Text: "The fan.", Internal: true}},
		{c: ticket.AddComment{By: ticket.By{Actor: zoe}, CommentID: said, Text: "I am coming."}},
		{c: ticket.EditComment{By: ticket.By{Actor: zoe}, CommentID: note, Text: "The fan, surely."}},
		{c: ticket.RemoveComment{By: ticket.By{Actor: rob}, CommentID: said}},
		{r: commands.Request{CausationID: timer}, c: ticket.EscalateOverdue{By: ticket.By{Actor: domain.Actor{Kind: domain.ActorTimer}}, Opening: 1,
			Priority: ticket.High, Waiting: []ticket.Status{ticket.StatusOpen}, Reason: "It waited for 1h0m0s."}},
		{c: ticket.ChangeStatus{By: ticket.By{Actor: zoe}, To: ticket.StatusResolved}},
	} {
		if _, err := d.tickets.Do(ctx, step.r, id, step.c); err != nil {
			t.Fatal(err)
		}
	}
	resolved := d.log(t)[len(d.log(t))-1]
	prioritised := d.log(t)[len(d.log(t))-8]
	d.setTimer(t, timer, id, prioritised, true)
	about := func(to domain.Actor) email.Queued {
		return email.Queued{Kind: email.Resolved, TicketID: id.UUID, TicketNumber: 1, CauseVersion: 10, Recipient: to.ID, Address: "a@example.com"}
	}
	for _, events := range [][]domain.Event{
		{about(ann), email.Postponed{Attempt: 1, Error: "come again"}, email.HandedOver{Attempt: 2}, email.Sent{Attempt: 2}}, // as they were
		{email.Sent{Attempt: 1, Email: about(rob)}},
	} {
		a := kit.Appending(kit.NewID(), 0, events...)
		a.StreamType, a.Metadata = domain.EmailStream, eventstore.Metadata{ActorKind: domain.ActorSystem, CausationID: resolved.EventID}
		d.MustAppend(t, a)
	}
	d.project(t, fresh)
	h := history.NewReader(d.Store, d.Pool)
	toAnn := []string{
		"The email to ann (resolved) was queued. email", "The email to ann (resolved) was not taken and is tried again: come again. ",
		"The email to ann (resolved) was handed to the mail server. email", "The email to ann (resolved) was sent. email",
	}
	public := []string{
		"zoe opened the ticket for ann. title,description,priority,status,created_by",
		"ann changed the title. title",
		"ann changed the priority from low to high. priority",
		"rob assigned the ticket to zoe. assigned_to",
		"zoe added a comment. comment",
		"rob removed a comment. comment",
		"A timer escalated the ticket: It waited for 1h0m0s. status",
		"zoe resolved the ticket. status",
	}
	got, err := entries(ctx, h, ann, id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(append(append([]string{}, public...), toAnn...), told(got)); diff != "" {
		t.Errorf("as the requester is told (-want +got):\n%s", diff)
	}
	for i, e := range got {
		switch {
		case e.Type == "ticket.escalated":
			if want := (history.Cause{Kind: "timer", ID: timer, Position: ptr(got[2].Position)}); e.Cause == nil || gocmp.Diff(want, *e.Cause) != "" {
				t.Errorf("the cause of the escalation: %+v, want the timer that the priority set", e.Cause)
			}
			if want := []history.Change{{Field: "status", Before: ticket.StatusOpen, After: ticket.StatusEscalated}}; gocmp.Diff(want, e.Changes) != "" {
				t.Errorf("the changes of the escalation: %+v", e.Changes)
			}
		case strings.HasPrefix(e.Type, "email."):
			if want := (history.Cause{Kind: "event", ID: resolved.EventID, Position: &resolved.Position}); e.Cause == nil || gocmp.Diff(want, *e.Cause) != "" {
				t.Errorf("the cause of an email: %+v", e.Cause)
			}
		case e.Cause != nil:
			t.Errorf("entry %d has a cause: %+v", i, e.Cause)
		}
		checkEffects(t, got, e)
	}
	all, err := entries(ctx, h, zoe, id)
	if err != nil {
		t.Fatal(err)
	}
	staff := append([]string{}, public[:4]...)
	staff = append(staff, "zoe added an internal note. comment", public[4], "zoe edited a comment. comment")
	staff = append(append(append(staff, public[5:]...), toAnn...), "The email to rob (resolved) was sent. email")
	if diff := gocmp.Diff(staff, told(all)); diff != "" {
		t.Errorf("as staff are told (-want +got):\n%s", diff)
	}
	checkPagesOfHistory(t, h, id, all)
	checkWhoIsTold(t, d, h, id)
}

// setTimer writes a timer as the escalation does.
func (d *models) setTimer(t *testing.T, timer uuid.UUID, of ticket.ID, by eventstore.Envelope, fired bool) {
	t.Helper()
	const q = `
INSERT INTO saga.timers (timer_id, saga, key, due_at, command, payload, cause_id, cause_position, correlation_id, fired_at)
VALUES ($1, 'escalation', $2, now(), 'escalate', '{}', $3, $4, 'test', CASE WHEN $5 THEN now() END)`
	if _, err := d.Pool.Exec(kit.Context(t), q, timer, of, by.EventID, by.Position, fired); err != nil {
		t.Fatal(err)
	}
}

// entries returns the whole history of a ticket as somebody may know it.
func entries(ctx context.Context, h *history.Reader, viewer domain.Actor, id ticket.ID) ([]history.Entry, error) {
	slice, err := h.Ticket(ctx, viewer, id, projections.Page{Size: 1000})
	return slice.Items, err
}

// checkEffects looks that an entry's effects are those that name it as their cause.
func checkEffects(t *testing.T, all []history.Entry, e history.Entry) {
	t.Helper()
	var want []history.Effect
	for _, other := range all {
		if c := other.Cause; c != nil && c.Position != nil && *c.Position == e.Position {
			effect := history.Effect{Kind: c.Kind, ID: other.EventID, Position: &other.Position}
			if c.Kind == "timer" {
				effect.ID = c.ID
			}
			want = append(want, effect)
		}
	}
	if diff := gocmp.Diff(want, e.Effects); diff != "" {
		t.Errorf("effects of %s (-want +got):\n%s", e.Summary, diff)
	}
	if n := map[string]int{"ticket.resolved": 4, "ticket.prioritised": 1}[e.Type]; len(e.Effects) != n {
		t.Errorf("%s has %d effects, want %d", e.Type, len(e.Effects), n)
	}
}

func TestAPendingTimerIsAnEffect(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	id, timer := newTicketID(), kit.NewID()
	if _, err := d.tickets.Open(kit.Context(t), commands.Request{}, id, ticket.OpenTicket{By: ticket.By{Actor: everybody["ann"]}, Title: "x", Description: "y"}); err != nil {
		t.Fatal(err)
	}
	d.setTimer(t, timer, id, d.log(t)[len(d.log(t))-1], false)
	got, err := entries(kit.Context(t), history.NewReader(d.Store, d.Pool), everybody["ann"], id)
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	if diff := gocmp.Diff([]history.Effect{{Kind: "timer", ID: timer}}, got[0].Effects); diff != "" {
		t.Errorf("effects of the opening (-want +got):\n%s", diff)
	}
}

// checkPagesOfHistory walks the history there and back.
func checkPagesOfHistory(t *testing.T, h *history.Reader, id ticket.ID, all []history.Entry) {
	t.Helper()
	var there, back []history.Entry
	p := projections.Page{Size: 4, Count: true}
	for {
		s, err := h.Ticket(kit.Context(t), everybody["zoe"], id, p)
		if err != nil {
			t.Fatal(err)
		}
		if s.Count == nil || *s.Count != int64(len(all)) {
			t.Errorf("count: got %v, want %d", s.Count, len(all))
		}
		there = append(there, s.Items...)
		if s.Next == nil {
			p.Cursor = s.Previous
			back = append(back, s.Items...)
			break
		}
		p.Cursor = s.Next
	}
	for p.Cursor != nil {
		s, err := h.Ticket(kit.Context(t), everybody["zoe"], id, p)
		if err != nil {
			t.Fatal(err)
		}
		back = append(append([]history.Entry{}, s.Items...), back...)
		p.Cursor = s.Previous
	}
	unexported := cmpopts.IgnoreUnexported(history.Entry{})
	if gocmp.Diff(all, there, unexported) != "" || gocmp.Diff(all, back, unexported) != "" {
		t.Errorf("walked %d and back %d entries, want %d", len(there), len(back), len(all))
	}
}

func checkWhoIsTold(t *testing.T, d *models, h *history.Reader, id ticket.ID) {
	t.Helper()
	see := func(name string, want bool) {
		t.Helper()
		_, err := entries(kit.Context(t), h, everybody[name], id)
		if (err == nil) != want || (!want && !errors.Is(err, domain.ErrNotFound)) {
			t.Errorf("%s: got %v, want to be told: %v", name, err, want)
		}
	}
	for name, want := range map[string]bool{"ann": true, "bob": false, "eve": false, "zoe": true, "rob": true, "ida": true, "nemo": false} {
		see(name, want)
	}
	if _, err := d.tickets.Do(kit.Context(t), commands.Request{}, id, ticket.DeleteTicket{By: ticket.By{Actor: everybody["rob"]}}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"ann": false, "zoe": false, "rob": true, "ida": true} {
		see(name, want) // gone, but for those who audit
	}
	if _, err := entries(kit.Context(t), h, everybody["rob"], newTicketID()); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("of a ticket that never was: %v", err)
	}
}

var _ history.StreamLog = (*eventstore.Store)(nil)
