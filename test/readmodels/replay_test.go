package readmodels

import (
	"errors"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections/history"
	"helpdesk/test/kit"
)

// steps returns the steps of a ticket.
func steps(t *testing.T, h *history.Reader, id ticket.ID, until history.Until) (all []history.TicketStep, err error) {
	t.Helper()
	err = h.Replay(kit.Context(t), id, until, func(s history.TicketStep) error {
		all = append(all, s)
		return nil
	})
	return all, err
}

func TestAReplayShowsWhatTheReadModelsShowedThen(t *testing.T) {
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
	var want []history.TicketThen // by version
	look := func() {
		t.Helper()
		d.project(t, fresh)
		now, err := d.Ticket(ctx, rob, ticket.Ref{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		comments, err := d.AllComments(ctx, rob, id)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, history.TicketThen{Ticket: now, Comments: comments})
	}
	look()
	for _, c := range []ticket.Command{
		ticket.EditTicket{By: ticket.By{Actor: ann}, Title: ptr("Plotter")},
		ticket.EditTicket{By: ticket.By{Actor: ann}, Description: ptr("It burns."), Priority: ptr(ticket.High)}, // two events
		ticket.AssignTicket{By: ticket.By{Actor: rob}, To: ticket.Assignee{ID: zoe.ID, ActiveStaff: true}},
		ticket.AddComment{By: ticket.By{Actor: zoe}, CommentID: note, Text: "The fan.", Internal: true},
		ticket.AddComment{By: ticket.By{Actor: zoe}, CommentID: said, Text: "I am coming."},
		ticket.EditComment{By: ticket.By{Actor: zoe}, CommentID: note, Text: "The fan, surely."},
		ticket.ChangeStatus{By: ticket.By{Actor: zoe}, To: ticket.StatusEscalated},
		ticket.ChangeStatus{By: ticket.By{Actor: zoe}, To: ticket.StatusResolved},
		ticket.RemoveComment{By: ticket.By{Actor: rob}, CommentID: said},
		ticket.ChangeStatus{By: ticket.By{Actor: ann}, To: ticket.StatusOpen},
		ticket.AssignTicket{By: ticket.By{Actor: rob}},
	} {
		if _, err := d.tickets.Do(ctx, commands.Request{}, id, c); err != nil {
			t.Fatal(err)
		}
		look()
	}
	h := history.NewReader(d.Store, d.Pool)
	got, err := steps(t, h, id, history.Until{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]history.TicketThen{}
	for i, s := range got {
		if s.Version != i+1 || s.Ticket.Version != i+1 || s.Ticket.Deleted {
			t.Errorf("step %d is of version %d, with the ticket at %d", i+1, s.Version, s.Ticket.Version)
		}
		seen[s.Version] = s.Ticket
	}
	if len(got) != 13 {
		t.Errorf("%d steps, want 13", len(got))
	}
	for _, w := range want { // the read models never showed what is between two events of an append
		if diff := gocmp.Diff(w, seen[w.Version], cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0)); diff != "" {
			t.Errorf("at version %d (-read +replayed):\n%s", w.Version, diff)
		}
	}
	checkReplayOfDeleted(t, d, h, id, got)
}

// checkReplayOfDeleted deletes the ticket, and replays parts of it.
func checkReplayOfDeleted(t *testing.T, d *models, h *history.Reader, id ticket.ID, before []history.TicketStep) {
	t.Helper()
	if _, err := d.tickets.Do(kit.Context(t), commands.Request{}, id, ticket.DeleteTicket{By: ticket.By{Actor: everybody["rob"]}}); err != nil {
		t.Fatal(err)
	}
	if got, err := h.EverTicket(kit.Context(t), before[0].Ticket.Number); err != nil || got != id {
		t.Errorf("by number: %v, %v", got, err)
	}
	if _, err := h.EverTicket(kit.Context(t), 999); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("a number that was never used: %v", err)
	}
	all, err := steps(t, h, id, history.Until{})
	if err != nil || len(all) != len(before)+1 || !all[len(before)].Ticket.Deleted || len(all[len(before)].Ticket.Comments) != 1 {
		t.Fatalf("%d steps, %v; the last is %+v", len(all), err, all[len(all)-1])
	}
	at := before[4].RecordedAt
	for name, c := range map[string]struct {
		until   history.Until
		want    int
		refused error
	}{
		"to the first version":       {history.Until{Version: 1}, 1, nil},
		"to the last version":        {history.Until{Version: 14}, 14, nil},
		"beyond it":                  {history.Until{Version: 15}, 0, history.ErrNoSuchVersion},
		"to the instant of an event": {history.Until{At: at}, 5, nil},
		"to just before it":          {history.Until{At: at.Add(-time.Microsecond)}, 4, nil},
		"to an instant afterwards":   {history.Until{At: time.Now().Add(time.Hour)}, 14, nil},
		"to before it was opened":    {history.Until{At: before[0].RecordedAt.Add(-time.Second)}, 0, history.ErrNotYetOpened},
	} {
		got, err := steps(t, h, id, c.until)
		if len(got) != c.want || !errors.Is(err, c.refused) {
			t.Errorf("%s: %d steps, %v; want %d, %v", name, len(got), err, c.want, c.refused)
		}
	}
	if _, err := steps(t, h, newTicketID(), history.Until{}); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("of a ticket that never was: %v", err)
	}
}
