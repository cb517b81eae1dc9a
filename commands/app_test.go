package commands

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/test/kit"
)

// readSide reaches every position, or fails as it is told. It remembers what was
// waited for.
type readSide struct {
	err    error
	waited []int64
}

func (r *readSide) Wait(_ context.Context, position int64) error {
	r.waited = append(r.waited, position)
	return r.err
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
func newApp(t *testing.T) (*App, log, ticket.ID, *readSide) {
	t.Helper()
	d, read := newLog(t), &readSide{}
	id := d.open(t)
	return &App{
		Tickets: d.Tickets, Earlier: NewEarlier(d.Store), Numbers: numbered{id}, Accounts: eveAlone{},
		Freshness: read, Log: slog.New(slog.DiscardHandler),
	}, d, id, read
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
		app, d, id, read := newApp(t)
		out, err := app.Execute(kit.Context(t), Execution{Request: Request{CorrelationID: "r"}}, resolving(d, t, id))
		if err != nil || out.Unread != nil {
			t.Fatal(err, out.Unread)
		}
		want := d.Stream(t, id.UUID)
		for i := range want { // known to the log alone
			want[i].EventID, want[i].Data, want[i].SchemaVersion, want[i].PersonID = uuid.Nil, nil, 0, uuid.NullUUID{}
			out.Events[i].EventID, out.Events[i].Data, out.Events[i].SchemaVersion, out.Events[i].PersonID = uuid.Nil, nil, 0, uuid.NullUUID{}
		}
		checkDiff(t, "events", want, out.Events)
		checkDiff(t, "waited for", []int64{out.Position}, read.waited)
	})
	t.Run("a repeat leads to what the first led to, whatever came since", func(t *testing.T) {
		t.Parallel()
		app, d, id, _ := newApp(t)
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
		app, d, id, _ := newApp(t)
		out, err := app.Execute(kit.Context(t), Execution{Versions: []int{NoVersion, 7, 1}}, resolving(d, t, id))
		if err != nil || out.Version != 2 {
			t.Errorf("got version %d, %v; want 2", out.Version, err)
		}
		if _, err = app.Execute(kit.Context(t), Execution{Versions: []int{NoVersion, 7}}, resolving(d, t, id)); !errors.Is(err, domain.ErrStale) {
			t.Errorf("got %v, want %v", err, domain.ErrStale)
		}
	})
	t.Run("a read side that does not come keeps no command", func(t *testing.T) {
		t.Parallel()
		app, d, id, read := newApp(t)
		read.err = errors.New("away")
		out, err := app.Execute(kit.Context(t), Execution{}, resolving(d, t, id))
		if err != nil || !errors.Is(out.Unread, read.err) || !out.Changed {
			t.Errorf("got %+v, %v", out, err)
		}
	})
	t.Run("who does not wait asks nothing of the read side", func(t *testing.T) {
		t.Parallel()
		app, d, id, read := newApp(t)
		if _, err := app.Execute(kit.Context(t), Execution{Async: true}, resolving(d, t, id)); err != nil || read.waited != nil {
			t.Errorf("waited for %v, %v", read.waited, err)
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
		app, d, id, _ := newApp(t)
		results, _, err := app.Bulk(kit.Context(t), "r", operations(id), false)
		if err != nil {
			t.Fatal(err)
		}
		checkDiff(t, "refusals", []string{"", "not_found", "unknown_reference", "stale_version", ""}, codes(results))
		if s := d.state(t, id); s.AssignedTo != eve.ID || s.Status != ticket.StatusResolved {
			t.Errorf("got %+v", s)
		}
	})
	t.Run("a repeat goes on where the first was cut off, and does nothing late", func(t *testing.T) {
		t.Parallel()
		app, d, id, _ := newApp(t)
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
