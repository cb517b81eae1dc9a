package saga

import (
	"testing"
	"time"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/test/kit"
)

// A deletion before its time has come, or between a timer and its command, keeps no
// ticket from escalating once it is restored.
func TestARestoredTicketThatIsOverdueEscalatesOnce(t *testing.T) {
	t.Parallel()
	for name, fired := range map[string]bool{"deleted before it was due": false, "deleted when its timer had fired": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newService(t)
			seen := d.follow(t, quick)
			ann := d.register(t, "ann", domain.RoleUser)
			id := d.open(t, ann, ticket.High, time.Now().Add(-time.Hour))
			seen()
			if fired {
				timers := NewTimers(d.Pool, d.timers, d.issued.Notify, d.log)
				if all, err := timers.FireDue(kit.Context(t), 10); err != nil || len(all) != 1 {
					t.Fatalf("fired %v, %v", all, err)
				}
			}
			d.do(t, id, ticket.DeleteTicket{By: system()})
			seen()
			if n := kit.One[int](t, d.Pool, `SELECT count(*)::int FROM saga.timers WHERE fired_at IS NULL`); n != 0 {
				t.Errorf("%d timers of a deleted ticket", n)
			}
			d.do(t, id, ticket.RestoreTicket{By: system()})
			d.work(t, quick)
			kit.Poll(t, "the escalation", func() bool { return d.escalations(t, id) == 1 })
			seen()
			kit.Poll(t, "all commands to be done", func() bool {
				return kit.One[int](t, d.Pool, `SELECT count(*)::int FROM saga.outbox WHERE command = 'EscalateTicket'`) == 0
			})
			if n := d.escalations(t, id); n != 1 {
				t.Errorf("it escalated %d times, want once", n)
			}
		})
	}
}

// Older programs began work without an assignee. Such a ticket goes on waiting, also by
// the timers that are computed anew.
func TestATicketInProgressThatIsNobodysEscalates(t *testing.T) {
	t.Parallel()
	d := newService(t)
	seen := d.follow(t, quick)
	ann := d.register(t, "ann", domain.RoleUser)
	id := d.open(t, ann, ticket.High, time.Now().Add(-time.Hour))
	d.MustAppend(t, kit.Appending(id.UUID, 1, ticket.Started{}))
	seen()
	if changed, pending, err := quick.Adopt(kit.Context(t), d.Pool); err != nil || !changed || pending != 1 {
		t.Errorf("adopted anew %v, %d timers, %v", changed, pending, err)
	}
	d.work(t, quick)
	kit.Poll(t, "the escalation", func() bool { return d.escalations(t, id) == 1 })
}

func TestNobodyIsToldOnceMoreOfWhatWasBeforeARestoration(t *testing.T) {
	t.Parallel()
	d := newMailed(t)
	seen := d.follow(t, policy)
	ordered := func() int {
		seen()
		return kit.One[int](t, d.Pool, `SELECT count(*)::int FROM saga.outbox WHERE command = 'SendEmail'`)
	}
	told := func(on bool) {
		d.edits(t, d.ann, func(c *user.EditUser) { c.Notifications.Commented, c.Notifications.Resolved = &on, &on })
	}
	told(false)
	by := ticket.By{Actor: domain.Actor{Kind: domain.ActorUser, ID: d.eve, Role: domain.RoleAgent}}
	says := func() {
		d.do(t, d.ticket, ticket.AddComment{By: by, CommentID: ticket.CommentID{UUID: kit.NewID()}, Text: "so", Now: time.Now()})
	}
	says()
	before := ordered()
	told(true)
	d.do(t, d.ticket, ticket.DeleteTicket{By: system()})
	d.do(t, d.ticket, ticket.RestoreTicket{By: system()})
	if after := ordered(); after != before {
		t.Errorf("%d emails were ordered by the restoration", after-before)
	}
	says()
	if after := ordered(); after != before+1 {
		t.Errorf("%d emails were ordered of a comment on a restored ticket, want one", after-before)
	}
}

func TestARestoredTicketOfWhoLeftMeanwhileIsTakenBack(t *testing.T) {
	t.Parallel()
	d := newService(t)
	d.follow(t, policy)
	d.register(t, "rob", domain.RoleAdmin)
	ann, eve := d.register(t, "ann", domain.RoleUser), d.register(t, "eve", domain.RoleAgent)
	id := d.open(t, ann, ticket.Low, time.Time{})
	d.do(t, id, ticket.AssignTicket{By: system(), To: ticket.Assignee{ID: eve, ActiveStaff: true}})
	d.do(t, id, become(ticket.StatusInProgress))
	d.do(t, id, ticket.DeleteTicket{By: system()})
	if err := d.edit(t, user.EditUser{ID: eve, Active: new(false)}); err != nil {
		t.Fatal(err)
	}
	d.do(t, id, ticket.RestoreTicket{By: system()})
	d.work(t, policy)
	kit.Poll(t, "the ticket to be nobody's", func() bool { return d.owner(t, id).IsZero() })
	if got := d.state(t, id).Status; got != ticket.StatusOpen {
		t.Errorf("what was in progress is %s", got)
	}
	const q = `SELECT count(*)::int FROM events u JOIN events c ON c.event_id = u.causation_id
WHERE u.type = 'ticket.unassigned' AND c.type = 'user.deactivated' AND c.stream_id = $1`
	if kit.One[int](t, d.Pool, q, eve.UUID) != 1 {
		t.Error("it was not taken back by the deactivation")
	}
}
