package saga

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/test/kit"
)

// assignments finds all that was ever assigned to somebody, whatever became of it.
type assignments struct{ pool *pgxpool.Pool }

func (a assignments) ActiveOf(ctx context.Context, assignee domain.UserID) (all []ticket.ID, err error) {
	const q = `SELECT DISTINCT stream_id FROM events WHERE type = 'ticket.assigned' AND data ->> 'assigned_to' = $1`
	rows, _ := a.pool.Query(ctx, q, assignee.String()) // ForEachRow returns its error
	var id uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error {
		all = append(all, ticket.ID{UUID: id})
		return nil
	})
	return all, err
}

func TestWhoLeavesHasTheirTicketsTakenBack(t *testing.T) {
	of := func(e domain.Event) (all []Command) {
		for _, x := range takenBack(happened(0, e)) {
			switch x := x.(type) {
			case Issue:
				all = append(all, x.Command)
			case SetTimer:
				all = append(all, x.Command)
			}
		}
		return all
	}
	theirs := TakeBackTickets{Person: domain.UserID{UUID: tom}} // the id of the stream
	for _, c := range []struct {
		name string
		when domain.Event
		then []Command
	}{
		{"deactivated, and looked at once more", user.Deactivated{}, []Command{theirs, theirs}},
		{"erased", user.Erased{}, []Command{theirs, theirs}},
		{"a user now", user.RoleChanged{Role: domain.RoleUser}, []Command{theirs, theirs}},
		{"an auditor now", user.RoleChanged{Role: domain.RoleAuditor}, []Command{theirs, theirs}},
		{"an agent still, or again", user.RoleChanged{Role: domain.RoleAgent}, nil},
		{"an admin now", user.RoleChanged{Role: domain.RoleAdmin}, nil},
		{"back", user.Reactivated{}, nil},
		{"a ticket that is reopened, whoever has it", ticket.Reopened{}, []Command{TakeBackTickets{Ticket: ticket.ID{UUID: tom}}}},
		{"a ticket that is restored, whoever has it", ticket.Restored{}, []Command{TakeBackTickets{Ticket: ticket.ID{UUID: tom}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.then, of(c.when), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTicketsOfWhoLeftAreTakenBackOnceByThat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		leave func(*service, domain.UserID) error
		cause string
	}{
		"deactivated": {func(d *service, id domain.UserID) error {
			return d.edit(t, user.EditUser{ID: id, Active: ptr(false)})
		}, "user.deactivated"},
		"demoted": {func(d *service, id domain.UserID) error {
			return d.edit(t, user.EditUser{ID: id, Role: ptr(domain.RoleUser)})
		}, "user.role_changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newService(t)
			seen := d.follow(t, policy)
			stop := d.work(t, policy)
			d.register(t, "rob", domain.RoleAdmin)
			ann, eve := d.register(t, "ann", domain.RoleUser), d.register(t, "eve", domain.RoleAgent)
			hers := func(since ...ticket.Command) ticket.ID {
				id := d.open(t, ann, ticket.Low, time.Time{})
				d.do(t, id, ticket.AssignTicket{By: system(), To: ticket.Assignee{ID: eve, ActiveStaff: true}})
				for _, c := range since {
					d.do(t, id, c)
				}
				return id
			}
			open, begun, escalated := hers(), hers(become(ticket.StatusInProgress)), hers(become(ticket.StatusEscalated))
			resolved := hers(become(ticket.StatusResolved))
			if err := c.leave(d, eve); err != nil {
				t.Fatal(err)
			}
			kit.Poll(t, "tickets of nobody", func() bool {
				return d.owner(t, open).IsZero() && d.owner(t, begun).IsZero() && d.owner(t, escalated).IsZero()
			})
			if d.owner(t, resolved) != eve {
				t.Error("a resolved ticket was taken back")
			}
			d.do(t, resolved, become(ticket.StatusOpen))
			kit.Poll(t, "the reopened ticket to be nobody's", func() bool { return d.owner(t, resolved).IsZero() })

			// Assigned by somebody who did not know: the second look finds it.
			late := hers()
			seen()
			stop()
			if _, err := d.super.Exec(kit.Context(t), `UPDATE saga.timers SET due_at = now() WHERE fired_at IS NULL AND saga = $1`, TakeBackName); err != nil {
				t.Fatal(err)
			}
			d.work(t, policy)
			kit.Poll(t, "the late one to be nobody's", func() bool { return d.owner(t, late).IsZero() })

			const q = `SELECT count(*)::int FROM events u JOIN events c ON c.event_id = u.causation_id
WHERE u.type = 'ticket.unassigned' AND u.actor_kind = 'system' AND c.type = $1 AND c.stream_id = $2`
			if got := kit.One[int](t, d.Pool, q, c.cause, eve.UUID); got != 5 {
				t.Errorf("%d tickets were taken back by that, want 5", got)
			}
			if got := d.state(t, begun).Status; got != ticket.StatusOpen {
				t.Errorf("what was in progress is %s", got)
			}
		})
	}
}

func TestNothingIsTakenFromWhoIsBack(t *testing.T) {
	t.Parallel()
	d := newService(t)
	seen := d.follow(t, policy)
	d.register(t, "rob", domain.RoleAdmin)
	ann, eve := d.register(t, "ann", domain.RoleUser), d.register(t, "eve", domain.RoleAgent)
	id := d.open(t, ann, ticket.Low, time.Time{})
	d.do(t, id, ticket.AssignTicket{By: system(), To: ticket.Assignee{ID: eve, ActiveStaff: true}})
	for _, active := range []bool{false, true} {
		if err := d.edit(t, user.EditUser{ID: eve, Active: &active}); err != nil {
			t.Fatal(err)
		}
	}
	seen()
	d.work(t, policy)
	kit.Poll(t, "the command to be done", func() bool {
		return kit.One[int](t, d.Pool, `SELECT count(*)::int FROM saga.outbox WHERE command = 'TakeBackTickets'`) == 0
	})
	if d.owner(t, id) != eve {
		t.Error("the ticket was taken from somebody who is back")
	}
}

func (d *service) edit(t testing.TB, c user.EditUser) error {
	t.Helper()
	c.By = user.By{Actor: domain.System()}
	_, err := d.people.Edit(kit.Context(t), commands.Request{}, c)
	return err
}

func (d *service) state(t testing.TB, id ticket.ID) ticket.State {
	t.Helper()
	return ticketOf(d.Stream(t, id.UUID))
}

func (d *service) owner(t testing.TB, id ticket.ID) domain.UserID {
	t.Helper()
	return d.state(t, id).AssignedTo
}
