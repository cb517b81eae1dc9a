package commands

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// slow carries out a command, and on the next waits until the time is over.
type slow struct {
	*Tickets
	left int
}

func (s *slow) Do(ctx context.Context, r Request, id ticket.ID, c ticket.Command) (Outcome, error) {
	if s.left--; s.left < 0 {
		<-ctx.Done()
	}
	return s.Tickets.Do(ctx, r, id, c)
}

// eveAlone are accounts, where Eve, an agent, is the only person.
type eveAlone struct{}

func (eveAlone) Find(_ context.Context, name string) (user.Account, error) {
	if name != "eve" {
		return user.Account{}, domain.ErrNotFound
	}
	return user.Account{ID: eve.ID, Username: "eve", Role: domain.RoleAgent, Active: true}, nil
}

// numbered knows the ticket of number 1.
type numbered struct{ id ticket.ID }

func (n numbered) TicketID(_ context.Context, ref ticket.Ref) (ticket.ID, error) {
	if ref.Number != 1 {
		return ticket.ID{}, domain.ErrNotFound
	}
	return n.id, nil
}

// newApp is the application layer over a log with one ticket of Ann's.
func newApp(t *testing.T) (*App, log, ticket.ID) {
	t.Helper()
	d := newLog(t)
	id := d.open(t)
	return &App{
		Tickets: d.Tickets, Earlier: NewEarlier(d.Store), Numbers: numbered{id}, Accounts: eveAlone{},
	}, d, id
}

func resolving(d log, t *testing.T, id ticket.ID) Do {
	return func(r Request) (Outcome, error) {
		return d.Do(kit.Context(t), r, id, ticket.ChangeStatus{By: as(eve), To: ticket.StatusResolved})
	}
}

func TestExecute(t *testing.T) {
	t.Parallel()
	t.Run("an outcome has the stream as it is in the log", func(t *testing.T) {
		t.Parallel()
		app, d, id := newApp(t)
		out, err := app.Execute(kit.Context(t), Execution{Request: Request{CorrelationID: "r"}}, resolving(d, t, id))
		if err != nil {
			t.Fatal(err)
		}
		want := d.Stream(t, id.UUID)
		for i := range want { // known to the log alone
			want[i].EventID, want[i].Data, want[i].SchemaVersion, want[i].PersonID = uuid.Nil, nil, 0, uuid.NullUUID{}
			out.Events[i].EventID, out.Events[i].Data, out.Events[i].SchemaVersion, out.Events[i].PersonID = uuid.Nil, nil, 0, uuid.NullUUID{}
		}
		checkDiff(t, "events", want, out.Events)
	})
	t.Run("a repeat leads to what the first led to, whatever came since", func(t *testing.T) {
		t.Parallel()
		app, d, id := newApp(t)
		e := Execution{Request: Request{ID: uuid.New()}}
		first, err := app.Execute(kit.Context(t), e, resolving(d, t, id))
		if err != nil {
			t.Fatal(err)
		}
		d.must(t)(d.Do(kit.Context(t), Request{}, id, ticket.ChangeStatus{By: as(eve), To: ticket.StatusClosed}))
		again, err := app.Execute(kit.Context(t), e, resolving(d, t, id))
		if err != nil || again.Version != first.Version || again.Position != first.Position || len(again.Events) != first.Version {
			t.Errorf("got version %d at %d of %d events, %v; want %d at %d", again.Version, again.Position, len(again.Events), err, first.Version, first.Position)
		}
	})
	t.Run("the version that is not stale of several is taken", func(t *testing.T) {
		t.Parallel()
		app, d, id := newApp(t)
		out, err := app.Execute(kit.Context(t), Execution{Versions: []int{NoVersion, 7, 1}}, resolving(d, t, id))
		if err != nil || out.Version != 2 {
			t.Errorf("got version %d, %v; want 2", out.Version, err)
		}
		if _, err = app.Execute(kit.Context(t), Execution{Versions: []int{NoVersion, 7}}, resolving(d, t, id)); !errors.Is(err, domain.ErrStale) {
			t.Errorf("got %v, want %v", err, domain.ErrStale)
		}
	})
}

func TestBulk(t *testing.T) {
	t.Parallel()
	operations := func(id ticket.ID) []Operation {
		return []Operation{
			{ID: uuid.UUID{1}, Ticket: "1", Command: ticket.AssignTicket{By: as(rob)}, Assignee: "eve"},
			{ID: uuid.UUID{2}, Ticket: "2", Command: ticket.DeleteTicket{By: as(rob)}},
			{ID: uuid.UUID{3}, Ticket: id.String(), Command: ticket.AssignTicket{By: as(rob)}, Assignee: "nobody"},
			{ID: uuid.UUID{4}, Ticket: "1", IfMatch: 9, Command: ticket.DeleteTicket{By: as(rob)}},
			{ID: uuid.UUID{5}, Ticket: "1", Command: ticket.ChangeStatus{By: as(rob), To: ticket.StatusResolved}},
		}
	}
	codes := func(results []Result) (codes []string) {
		for _, r := range results {
			var rule *domain.Error
			if errors.As(r.Err, &rule) {
				codes = append(codes, rule.Code)
			} else {
				codes = append(codes, "")
			}
		}
		return codes
	}
	t.Run("each operation stands by itself", func(t *testing.T) {
		t.Parallel()
		app, d, id := newApp(t)
		results, _, err := app.Bulk(kit.Context(t), "r", operations(id), false)
		if err != nil {
			t.Fatal(err)
		}
		checkDiff(t, "refusals", []string{"", "not_found", "unknown_reference", "stale_version", ""}, codes(results))
		if s := d.state(t, id); s.AssignedTo != eve.ID || s.Status != ticket.StatusResolved {
			t.Errorf("got %+v", s)
		}
	})
	t.Run("what was done is told where the time is over", func(t *testing.T) {
		t.Parallel()
		app, d, id := newApp(t)
		app.Tickets = &slow{d.Tickets, 1}
		ctx, cancel := context.WithTimeout(kit.Context(t), time.Second)
		defer cancel()
		all := []Operation{operations(id)[0], operations(id)[4], {ID: uuid.UUID{6}, Ticket: "1", Command: ticket.DeleteTicket{By: as(rob)}}}
		results, _, err := app.Bulk(ctx, "r", all, false)
		if err != nil {
			t.Fatal(err)
		}
		checkDiff(t, "refusals", []string{"", eventstore.ErrUnreachable.Code, ErrNoTime.Code}, codes(results))
		app.Tickets = d.Tickets
		if results, _, err = app.Bulk(kit.Context(t), "r", all, true); err != nil {
			t.Fatal(err)
		}
		checkDiff(t, "refusals of the repeat", []string{"", "", ""}, codes(results))
		checkDiff(t, "events", []string{"ticket.opened", "ticket.assigned", "ticket.resolved", "ticket.deleted"}, d.types(t, id.UUID))
	})
	t.Run("a repeat goes on where the first was cut off, and does nothing late", func(t *testing.T) {
		t.Parallel()
		app, d, id := newApp(t)
		all := operations(id)
		cutOff := []Operation{all[0], {ID: uuid.UUID{9}, Ticket: "1", Command: all[0].Command, Assignee: "eve"}, all[4]}
		if _, _, err := app.Bulk(kit.Context(t), "r", cutOff, false); err != nil {
			t.Fatal(err)
		}
		d.must(t)(d.Do(kit.Context(t), Request{}, id, ticket.AssignTicket{By: as(rob)}))
		before := d.End(t)
		results, resumed, err := app.Bulk(kit.Context(t), "r", cutOff, true)
		if err != nil || !resumed {
			t.Fatal(resumed, err)
		}
		checkDiff(t, "refusals", []string{"", ErrRepeated.Code, ""}, codes(results))
		d.checkHead(t, before)
	})
}
