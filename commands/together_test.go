package commands

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/test/kit"
)

// told is what a result says.
type told struct {
	Refusal   string
	Version   int
	Changed   bool
	Events    int
	AtTheLast bool // its position is that of the last of them
}

func said(results []Result) (all []told) {
	for _, r := range results {
		s := told{Version: r.Version, Changed: r.Changed, Events: len(r.Events)}
		if n := len(r.Events); n > 0 {
			s.AtTheLast = r.Position == r.Events[n-1].Position && r.Version == r.Events[n-1].Version
		}
		if rule, ok := errors.AsType[*domain.Error](r.Err); ok {
			s.Refusal = rule.Code
		}
		all = append(all, s)
	}
	return all
}

// TestOperationsOnOneTicketAreWrittenTogether holds what a bulk call leads to against what
// it leads to operation by operation, and counts appends and events that are read.
func TestOperationsOnOneTicketAreWrittenTogether(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	m := &metered{Store: d.Store}
	here := NewTickets(m, d.Store)
	priority := func(p ticket.Priority) ticket.Command { return ticket.EditTicket{By: as(rob), Priority: &p} }
	status := func(to ticket.Status) ticket.Command { return ticket.ChangeStatus{By: as(rob), To: to} }
	operations := func(first, second ticket.ID) []Operation {
		return []Operation{
			{Ticket: first.String(), Command: priority(ticket.High)},
			{Ticket: first.String(), Command: priority(ticket.High)},
			{Ticket: second.String(), Command: priority(ticket.High)},
			{Ticket: first.String(), Command: status(ticket.StatusClosed), IfMatch: 9},
			{Ticket: first.String(), Command: ticket.AssignTicket{By: as(rob)}, Assignee: "nobody"},
			{Ticket: first.String(), Command: ticket.AssignTicket{By: as(rob)}, Assignee: "eve"},
			{Ticket: uuid.NewString(), Command: priority(ticket.High)},
			{Ticket: second.String(), Command: ticket.RestoreTicket{By: as(rob)}},
			{Ticket: first.String(), Command: status(ticket.StatusInProgress), IfMatch: 3},
			{Ticket: first.String(), Command: ticket.AssignTicket{By: as(rob)}}, // which returns it to open
			{Ticket: second.String(), Command: ticket.DeleteTicket{By: as(rob)}},
			{Ticket: second.String(), Command: priority(ticket.Low)},
			{Ticket: first.String(), Command: status(ticket.StatusResolved)},
		}
	}
	alone := &App{Tickets: here, Earlier: NewEarlier(d.Store), Accounts: eveAlone{}}
	together := &App{Tickets: here, Together: here, Earlier: NewEarlier(d.Store), Accounts: eveAlone{}}
	one, other := [2]ticket.ID{d.open(t), d.open(t)}, [2]ticket.ID{d.open(t), d.open(t)}
	want, _, err := alone.Bulk(kit.Context(t), "r", operations(one[0], one[1]), false)
	if err != nil {
		t.Fatal(err)
	}
	m.reset()
	got, _, err := together.Bulk(kit.Context(t), "r", operations(other[0], other[1]), false)
	if err != nil {
		t.Fatal(err)
	}
	checkDiff(t, "results", said(want), said(got))
	for i := range one {
		checkDiff(t, "events", d.types(t, one[i].UUID), d.types(t, other[i].UUID))
	}
	if appends, events := m.appends.Load(), m.events.Load(); appends != 2 || events != 2 {
		t.Errorf("%d appends and %d events read for two tickets of one event each", appends, events)
	}
}

// TestABulkCallOnALongTicketCostsAsOneCommand counts appends, events that are read and
// texts that are opened for a hundred operations, by a process that has not had the ticket
// and by one that has.
func TestABulkCallOnALongTicketCostsAsOneCommand(t *testing.T) {
	t.Parallel()
	const comments, size = 64, 16_000
	d := newLog(t)
	m := &metered{Store: d.Store}
	here := NewTickets(m, d.Store)
	app := &App{Tickets: here, Together: here, Earlier: NewEarlier(d.Store)}
	id := d.open(t)
	for range comments {
		d.must(t)(d.Do(kit.Context(t), Request{}, id, saying(ann, strings.Repeat("x", size))))
	}
	priorities := []ticket.Priority{ticket.High, ticket.Medium}
	var operations []Operation
	for i := range 100 {
		operations = append(operations, Operation{Ticket: id.String(), Command: ticket.EditTicket{By: as(rob), Priority: &priorities[i%2]}})
	}
	there := comments + 1
	for _, read := range []int64{int64(there), 0} {
		m.reset()
		results, _, err := app.Bulk(kit.Context(t), "r", operations, false)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.Err != nil || r.Version != there+i+1 {
				t.Errorf("operation %d: version %d, %v", i, r.Version, r.Err)
			}
		}
		if appends, events := m.appends.Load(), m.events.Load(); appends != 1 || events != read {
			t.Errorf("%d appends, want 1; %d events read, want %d", appends, events, read)
		}
		there += len(operations)
	}
}

// TestTogetherAgainAfterAConflict has another process write between two bulk calls.
func TestTogetherAgainAfterAConflict(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	here := NewTickets(d.Store, d.Store)
	id := d.open(t)
	app := &App{Tickets: here, Together: here, Earlier: NewEarlier(d.Store)}
	high, low := ticket.High, ticket.Low
	both := []Operation{
		{Ticket: id.String(), Command: ticket.EditTicket{By: as(rob), Priority: &high}},
		{Ticket: id.String(), Command: ticket.EditTicket{By: as(rob), Priority: &low}},
	}
	for _, want := range []int{3, 6} {
		results, _, err := app.Bulk(kit.Context(t), "r", both, false)
		if err != nil || results[0].Err != nil || results[1].Version != want {
			t.Errorf("got %+v, %v; want version %d", said(results), err, want)
		}
		d.must(t)(d.Do(kit.Context(t), Request{}, id, saying(ann, "meanwhile"))) // its memory is another
	}
	over, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	results, _, err := app.Bulk(over, "r", both, false)
	if err != nil || !errors.Is(results[0].Err, ErrNoTime) || !errors.Is(results[1].Err, ErrNoTime) {
		t.Errorf("out of time: %+v, %v", said(results), err)
	}
}
