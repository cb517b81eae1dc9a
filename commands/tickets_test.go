package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

func TestACommandIsStoredWithWhoAndWhy(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id, cause, command := newTicketID(), uuid.New(), uuid.New()
	happened := time.Date(2020, 2, 3, 4, 5, 6, 7000, time.UTC)
	out := d.must(t)(d.Open(kit.Context(t), Request{
		ID: command, CorrelationID: "req-1", CausationID: cause, OccurredAt: happened,
	}, id, opening()))
	checkDiff(t, "outcome", Outcome{StreamID: id.UUID, Version: 1, Position: 1, Changed: true}, withoutEvents(out))
	e := d.Stream(t, id.UUID)[0]
	want := ticket.Opened{Number: 1, Title: "Printer", Description: "It smokes.", Priority: ticket.Low, CreatedBy: ann.ID, OpenedBy: ann.ID}
	checkDiff(t, "event", want, e.Event)
	got := []any{e.StreamType, e.ActorKind, e.ActorID.UUID, e.CorrelationID, e.CausationID.UUID, e.CommandID.UUID, e.OccurredAt.UTC()}
	checkDiff(t, "around it", []any{domain.TicketStream, domain.ActorUser, ann.ID.UUID, "req-1", cause, command, happened}, got)
	if e.RecordedAt.Before(happened.AddDate(1, 0, 0)) {
		t.Errorf("recorded at %v: it is the time of the import that is recorded", e.RecordedAt)
	}
}

func TestNumbersAreGivenInOrderAndToAcceptedCommandsOnly(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	refused := opening()
	refused.Title = ""
	for want := range int64(3) {
		if _, err := d.Open(kit.Context(t), Request{}, newTicketID(), refused); !errors.Is(err, domain.ErrRequired) {
			t.Fatalf("got %v, want %v", err, domain.ErrRequired)
		}
		if got := d.state(t, d.open(t)).Number; got != want+1 {
			t.Errorf("number: got %d, want %d", got, want+1)
		}
	}
}

func TestNothingToChangeWritesNothing(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := d.open(t)
	first := d.must(t)(d.Do(kit.Context(t), Request{}, id, ticket.ChangeStatus{By: as(eve), To: ticket.StatusInProgress}))
	d.open(t)
	again := d.must(t)(d.Do(kit.Context(t), Request{ID: uuid.New()}, id, ticket.ChangeStatus{By: as(eve), To: ticket.StatusInProgress}))
	checkDiff(t, "outcome", Outcome{StreamID: id.UUID, Version: first.Version, Position: first.Position}, withoutEvents(again))
	d.checkHead(t, 4)
}

func TestTwoWritersNeverLoseAChange(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	for round := range 20 {
		id := d.open(t)
		title, description := fmt.Sprint("title ", round), fmt.Sprint("description ", round)
		var g errgroup.Group
		for _, c := range []ticket.Command{
			ticket.EditTicket{By: as(ann), Title: &title},
			ticket.EditTicket{By: as(eve), Description: &description},
			ticket.EditTicket{By: as(rob), Priority: ptr(ticket.High)},
			ticket.AssignTicket{By: as(eve), To: ticket.Assignee{ID: eve.ID, ActiveStaff: true}},
			ticket.ChangeStatus{By: as(rob), To: ticket.StatusInProgress},
		} {
			g.Go(func() error {
				_, err := d.Do(kit.Context(t), Request{}, id, c)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		s := d.state(t, id)
		got := []any{s.Title, s.Description, s.Priority, s.AssignedTo, s.Status}
		checkDiff(t, "ticket", []any{title, description, ticket.High, eve.ID, ticket.StatusInProgress}, got)
	}
}

func TestOfTwoWhoCloseOneTicketTheSecondChangesNothing(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := d.open(t)
	var changed atomic.Int64
	var g errgroup.Group
	for range 16 {
		g.Go(func() error {
			out, err := d.Do(kit.Context(t), Request{}, id, ticket.ChangeStatus{By: as(eve), To: ticket.StatusClosed})
			if out.Changed {
				changed.Add(1)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := changed.Load(); got != 1 {
		t.Errorf("%d closed it, want 1", got)
	}
	checkDiff(t, "events", []string{"ticket.opened", "ticket.closed"}, d.types(t, id.UUID))
}

func TestSixtyFourWritersOnOneTicketAllSucceed(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	other := eventstore.New(d.Pool, d.Store.Codec(), func([]string) {}) // as another process
	t.Cleanup(other.Close)
	desks := []*Tickets{d.Tickets, NewTickets(other, other)}
	id := d.open(t)
	const writers = 64
	versions := make([]int, writers)
	var g errgroup.Group
	for i := range writers {
		g.Go(func() error {
			out, err := desks[i%2].Do(kit.Context(t), Request{}, id, ticket.AddComment{
				By: as(ann), CommentID: ticket.CommentID{UUID: uuid.New()}, Text: fmt.Sprint("nth ", i), Now: time.Now(),
			})
			versions[i] = out.Version
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, v := range versions {
		seen[v] = true
	}
	for v := 2; v <= writers+1; v++ {
		if !seen[v] {
			t.Errorf("nobody was told version %d", v)
		}
	}
	if got := len(d.state(t, id).Comments); got != writers {
		t.Errorf("%d comments, want %d", got, writers)
	}
	d.checkHead(t, writers+1)
}

func TestAStaleIfMatchWritesNothing(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := d.open(t)
	d.must(t)(d.Do(kit.Context(t), Request{IfMatch: 1}, id, ticket.EditTicket{By: as(ann), Title: ptr("Copier")}))
	for name, c := range map[string]ticket.Command{
		"a change":                      ticket.EditTicket{By: as(ann), Title: ptr("Toaster")},
		"what would change nothing":     ticket.EditTicket{By: as(ann), Title: ptr("Copier")},
		"what another rule allows also": ticket.DeleteTicket{By: as(rob)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, version := range []int{1, 3, 1000} {
				if _, err := d.Do(kit.Context(t), Request{IfMatch: version}, id, c); !errors.Is(err, domain.ErrStale) {
					t.Errorf("%s at version %d: got %v, want %v", name, version, err, domain.ErrStale)
				}
			}
		})
	}
	d.checkHead(t, 2)
}

func TestOfManyWithOneIfMatchOneWins(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := d.open(t)
	var won atomic.Int64
	var g errgroup.Group
	for i := range 32 {
		g.Go(func() error {
			_, err := d.Do(kit.Context(t), Request{IfMatch: 1}, id, ticket.EditTicket{By: as(ann), Title: ptr(fmt.Sprint("title ", i))})
			if err == nil {
				won.Add(1)
				return nil
			}
			if !errors.Is(err, domain.ErrStale) {
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := won.Load(); got != 1 {
		t.Errorf("%d won, want 1", got)
	}
	d.checkHead(t, 2)
}

func TestARefusalComesBeforeAStaleIfMatch(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := d.open(t)
	bob := domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.UUID{15: 2}}, Role: domain.RoleUser}
	_, err := d.Do(kit.Context(t), Request{IfMatch: 9}, id, ticket.EditTicket{By: as(bob), Title: ptr("x")})
	if !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("got %v: a version tells who can't see the ticket that it exists", err)
	}
}

func TestARepeatedRequestWritesNothing(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id, request := newTicketID(), Request{ID: uuid.New()}
	d.must(t)(d.Open(kit.Context(t), request, id, opening()))
	for name, again := range map[string]func() error{
		"the same": func() error { _, err := d.Open(kit.Context(t), request, id, opening()); return err },
		"another":  func() error { _, err := d.Open(kit.Context(t), request, newTicketID(), opening()); return err },
		"an edit": func() error {
			_, err := d.Do(kit.Context(t), request, id, ticket.EditTicket{By: as(ann), Title: ptr("x")})
			return err
		},
		"what is refused": func() error {
			_, err := d.Do(kit.Context(t), request, newTicketID(), ticket.DeleteTicket{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := again(); !errors.Is(err, ErrRepeated) {
				t.Errorf("got %v, want %v", err, ErrRepeated)
			}
		})
	}
	d.checkHead(t, 1)
}

func TestOneRequestAmongManyIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	request := Request{ID: uuid.New()}
	var won atomic.Int64
	var g errgroup.Group
	for range 32 {
		g.Go(func() error {
			_, err := d.Open(kit.Context(t), request, newTicketID(), opening())
			if err == nil {
				won.Add(1)
				return nil
			}
			if !errors.Is(err, ErrRepeated) {
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := won.Load(); got != 1 {
		t.Errorf("%d won, want 1", got)
	}
	d.checkHead(t, 1)
}

func TestACommandOfManyEventsIsWrittenWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := d.open(t)
	out := d.must(t)(d.Do(kit.Context(t), Request{CorrelationID: "one"}, id, ticket.EditTicket{
		By: as(eve), Title: ptr("Copier"), Priority: ptr(ticket.High), Status: ptr(ticket.StatusInProgress),
		AssignedTo: &ticket.Assignee{ID: eve.ID, ActiveStaff: true},
	}))
	checkDiff(t, "outcome", Outcome{StreamID: id.UUID, Version: 5, Position: 5, Changed: true}, withoutEvents(out))
	checkDiff(t, "events",
		[]string{"ticket.opened", "ticket.retitled", "ticket.prioritised", "ticket.assigned", "ticket.started"},
		d.types(t, id.UUID))
	_, err := d.Do(kit.Context(t), Request{}, id, ticket.EditTicket{
		By: as(eve), Title: ptr("Toaster"), Status: ptr(ticket.StatusOpen),
	})
	if !errors.Is(err, ticket.ErrTransition) {
		t.Errorf("got %v, want %v", err, ticket.ErrTransition)
	}
	d.checkHead(t, 5)

	// Writers of three events at once never mix theirs.
	var g errgroup.Group
	for i := range 16 {
		g.Go(func() error {
			_, err := d.Do(kit.Context(t), Request{CorrelationID: fmt.Sprint("w", i)}, id, ticket.EditTicket{
				By: as(eve), Title: ptr(fmt.Sprint("t", i)), Description: ptr(fmt.Sprint("d", i)),
			})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	events := d.Stream(t, id.UUID)[5:]
	for i := 0; i < len(events); i += 2 {
		n := strings.TrimPrefix(events[i].CorrelationID, "w")
		checkDiff(t, "a command's events", []any{ticket.Retitled{Title: "t" + n}, ticket.Described{Description: "d" + n}},
			[]any{events[i].Event, events[i+1].Event})
	}
}

func TestWhatIsRefusedIsNotWritten(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := d.open(t)
	for name, c := range map[string]struct {
		id   ticket.ID
		when ticket.Command
		want error
	}{
		"a ticket there is not": {newTicketID(), ticket.DeleteTicket{By: as(rob)}, domain.ErrNotFound},
		"a role that may not":   {id, ticket.DeleteTicket{By: as(eve)}, domain.ErrForbidden},
		"a value out of shape":  {id, ticket.EditTicket{By: as(ann), Title: ptr("")}, domain.ErrRequired},
		"a rule that says no":   {id, ticket.AssignTicket{By: as(rob), To: ticket.Assignee{ID: ann.ID}}, ticket.ErrAssignee},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := d.Do(kit.Context(t), Request{}, c.id, c.when); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	d.checkHead(t, 1)
}

func TestADeletedTicketIsGoneAndItsIDStaysUsed(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := d.open(t)
	d.must(t)(d.Do(kit.Context(t), Request{}, id, ticket.DeleteTicket{By: as(ann)}))
	if _, err := d.Do(kit.Context(t), Request{}, id, ticket.DeleteTicket{By: as(ann)}); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("deleted again: got %v, want %v", err, domain.ErrNotFound)
	}
	if _, err := d.Open(kit.Context(t), Request{}, id, opening()); !errors.Is(err, ticket.ErrDuplicate) {
		t.Errorf("opened again: got %v, want %v", err, ticket.ErrDuplicate)
	}
	d.checkHead(t, 2)
}

// contended is a log on which somebody else is always faster.
type contended struct{ *eventstore.Store }

func (contended) Append(context.Context, eventstore.Append) (eventstore.Appended, error) {
	return eventstore.Appended{}, eventstore.ErrConflict
}

func TestWhoKeepsLosingIsTold(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	always := NewTickets(contended{d.Store}, d.Store)
	if _, err := always.Open(kit.Context(t), Request{}, newTicketID(), opening()); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want %v", err, ErrBusy)
	}
	ctx, cancel := context.WithCancel(kit.Context(t))
	cancel()
	if _, err := always.Do(ctx, Request{}, newTicketID(), ticket.DeleteTicket{By: as(rob)}); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who left: got %v, want %v", err, context.Canceled)
	}
	d.checkHead(t, 0)
}
