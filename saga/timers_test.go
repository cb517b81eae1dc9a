package saga

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

// quick has high tickets escalate after a moment.
var quick = Policy{
	Spans:   map[ticket.Priority]time.Duration{ticket.High: 300 * time.Millisecond, ticket.Medium: time.Hour},
	Waiting: []ticket.Status{ticket.StatusOpen},
}

func TestATicketEscalatesWhenItsTimeHasCome(t *testing.T) {
	t.Parallel()
	d := newService(t)
	d.follow(t, quick)
	d.work(t, quick)
	d.register(t, "rob", domain.RoleAdmin)
	id := d.open(t, d.register(t, "ann", domain.RoleUser), ticket.High, time.Time{})
	kit.Poll(t, "the escalation", func() bool { return d.escalations(t, id) == 1 })

	const q = `SELECT e.recorded_at >= t.due_at AND t.fired_at >= t.due_at AND t.due_at = o.occurred_at + interval '300 ms'
    AND t.cause_id = o.event_id AND t.cause_position = o.position AND e.actor_kind = 'timer' AND e.command_id = t.timer_id
FROM events e JOIN saga.timers t ON t.timer_id = e.causation_id JOIN events o ON o.stream_id = e.stream_id AND o.version = 1
WHERE e.type = 'ticket.escalated' AND e.stream_id = $1`
	if !kit.One[bool](t, d.Pool, q, id.UUID) {
		t.Error("the escalation is not the effect of its timer, or came early")
	}
	kit.Poll(t, "the emails", func() bool { return d.mailer.count() == 2 })
	var to []string
	for _, l := range d.mailer.emails {
		if l.Kind != "escalated" || l.Ticket.Title != "Printer" || l.ToAdmin != (l.To.Name == "rob") || l.Actor != "" {
			t.Errorf("email: %+v", l)
		}
		to = append(to, l.To.Address)
	}
	slices.Sort(to)
	if diff := cmp.Diff([]string{"ann@example.com", "rob@example.com"}, to); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
}

// The service was down when tickets came due.
func TestAfterAnOutageWhatIsOverdueEscalatesOnceInOrder(t *testing.T) {
	t.Parallel()
	d := newService(t)
	seen := d.follow(t, quick)
	ann := d.register(t, "ann", domain.RoleUser)
	const n = 30
	var ids []ticket.ID
	for i := range n {
		ids = append(ids, d.open(t, ann, ticket.Medium, time.Now().Add(-24*time.Hour-time.Duration(i)*time.Minute)))
	}
	resolved := d.open(t, ann, ticket.Medium, time.Now().Add(-48*time.Hour))
	early := d.open(t, ann, ticket.Medium, time.Time{})
	seen()
	d.do(t, resolved, become(ticket.StatusResolved))
	seen()
	d.work(t, quick)
	kit.Poll(t, "the escalations", func() bool {
		return kit.One[int](t, d.Pool, `SELECT count(*)::int FROM events WHERE type = 'ticket.escalated'`) == n
	})
	for _, id := range ids {
		if got := d.escalations(t, id); got != 1 {
			t.Errorf("ticket %s escalated %d times, want once", id, got)
		}
	}
	if d.escalations(t, resolved) != 0 || d.escalations(t, early) != 0 {
		t.Error("a resolved ticket, or one before its time, escalated")
	}
	const q = `SELECT bool_and(due_at >= before) FROM (
    SELECT due_at, lag(due_at, 1, '-infinity') OVER (ORDER BY fired_at, due_at) AS before FROM saga.timers WHERE fired_at IS NOT NULL) AS f`
	if !kit.One[bool](t, d.Pool, q) {
		t.Error("timers did not fire in the order they were due in")
	}
}

// A command that comes late finds a ticket that has moved on.
func TestALateTimerLeavesAloneWhatDoesNotWaitAnyMore(t *testing.T) {
	t.Parallel()
	d := newService(t)
	seen := d.follow(t, quick)
	ann, rob := d.register(t, "ann", domain.RoleUser), d.register(t, "rob", domain.RoleAdmin)
	begins := ticket.By{Actor: domain.Actor{Kind: domain.ActorUser, ID: rob, Role: domain.RoleAdmin}}
	long := time.Now().Add(-time.Hour)
	for name, since := range map[string][]ticket.Command{
		"resolved":   {become(ticket.StatusResolved)},
		"reopened":   {become(ticket.StatusResolved), become(ticket.StatusOpen)},
		"begun":      {ticket.ChangeStatus{By: begins, To: ticket.StatusInProgress}},
		"calmed":     {ticket.EditTicket{By: system(), Priority: ptr(ticket.Low)}},
		"deleted":    {ticket.DeleteTicket{By: system()}},
		"handled":    {become(ticket.StatusEscalated)},
		"unassigned": {ticket.AssignTicket{By: system()}}, // and this one waits still
	} {
		t.Run(name, func(t *testing.T) {
			id := d.open(t, ann, ticket.High, long)
			seen()
			timers := NewTimers(d.Pool, d.timers, d.issued.Notify, d.log)
			if fired, err := timers.FireDue(kit.Context(t), 10); err != nil || len(fired) != 1 {
				t.Fatalf("fired %v, %v", fired, err)
			}
			for _, c := range since {
				d.do(t, id, c)
			}
			want := d.escalations(t, id)
			if name == "unassigned" {
				want = 1
			}
			p := NewProcessor(d.outbox, d.issued, d.timers, nil, d.log, Escalations(quick, d.tickets))
			stop := kit.Run(t, p.Run)
			kit.Poll(t, "the command", func() bool {
				return kit.One[int](t, d.Pool, `SELECT count(*)::int FROM saga.outbox WHERE command = 'EscalateTicket'`) == 0
			})
			stop()
			if got := d.escalations(t, id); got != want {
				t.Errorf("escalated %d times, want %d", got, want)
			}
			seen()
			cleanTimers(t, d)
		})
	}
}

func ptr[T any](v T) *T { return &v }

func cleanTimers(t *testing.T, d *service) {
	t.Helper()
	if _, err := d.Pool.Exec(kit.Context(t), `DELETE FROM saga.timers WHERE fired_at IS NULL`); err != nil {
		t.Fatal(err)
	}
}

// Many processes fire many timers: each once, and none that is not due.
func TestEachTimerFiresOnceHoweverManyProcessesFire(t *testing.T) {
	t.Parallel()
	d := newService(t)
	const due, pending = 700, 300
	fillTimers(t, d, due, pending)
	for range 4 {
		kit.Run(t, NewTimers(d.Pool, d.timers, d.issued.Notify, d.log).Run)
	}
	kit.Poll(t, "the timers", func() bool { return kit.One[int](t, d.Pool, `SELECT count(*)::int FROM saga.outbox`) >= due })
	const q = `SELECT count(*) FILTER (WHERE fired_at IS NOT NULL AND o.id IS NOT NULL) = $1
    AND count(*) FILTER (WHERE fired_at IS NULL AND o.id IS NULL AND t.due_at > now()) = $2
FROM saga.timers t LEFT JOIN saga.outbox o ON o.id = t.timer_id`
	if !kit.One[bool](t, d.Pool, q, due, pending) {
		t.Error("timers and commands do not agree")
	}
}

// fillTimers sets timers: some long due, the others in an hour and later.
func fillTimers(t testing.TB, d *service, due, pending int) {
	t.Helper()
	const q = `INSERT INTO saga.timers (timer_id, saga, key, due_at, command, payload, cause_id, cause_position, correlation_id)
SELECT gen_random_uuid(), 'escalation', gen_random_uuid(),
    now() + CASE WHEN n <= $1::int THEN -n * interval '1 second' ELSE interval '1 hour' + n * interval '1 ms' END,
    'EscalateTicket', '{"opening": 1, "priority": "low"}', gen_random_uuid(), n, 'test'
FROM generate_series(1, $1::int + $2::int) AS n`
	if _, err := d.Pool.Exec(context.Background(), q, due, pending); err != nil {
		t.Fatal(err)
	}
}

// Another process that ends has told nobody of the timers it set and the commands it
// issued.
func TestWhatNobodyToldOfIsFoundByALook(t *testing.T) {
	t.Parallel()
	d := newService(t)
	d.work(t, DefaultPolicy())
	done := func() bool {
		return kit.One[bool](t, d.Pool, `SELECT NOT EXISTS (SELECT FROM saga.timers WHERE fired_at IS NULL) AND NOT EXISTS (SELECT FROM saga.outbox)`)
	}
	fillTimers(t, d, 1, 0)
	d.timers.Notify()
	kit.Poll(t, "what was told of", done) // all are at work, and sleep from now on
	began := time.Now()
	fillTimers(t, d, 1, 0)
	const issue = `INSERT INTO saga.outbox (id, command, payload, causation_id, correlation_id)
SELECT gen_random_uuid(), command, payload, cause_id, correlation_id FROM saga.timers LIMIT 1`
	if _, err := d.Pool.Exec(kit.Context(t), issue); err != nil {
		t.Fatal(err)
	}
	kit.Poll(t, "what nobody told of", done)
	if took := time.Since(began); took > longestSleep/2 {
		t.Errorf("it took %v: no look found it", took)
	}
}

func TestAnIdleLookForTimersAndCommandsWritesNothing(t *testing.T) {
	t.Parallel()
	d := newService(t, pgtest.Durable())
	fillTimers(t, d, 0, 1000)
	timers := NewTimers(d.Pool, d.timers, d.issued.Notify, d.log)
	look := func() {
		for range 20 {
			if _, err := timers.runOnce(kit.Context(t)); err != nil {
				t.Fatal(err)
			}
			if got, err := d.outbox.claim(kit.Context(t), "SendEmail", 8, 1); err != nil || len(got) > 0 {
				t.Fatalf("claimed %v, %v", got, err)
			}
			if commands, timers, err := d.outbox.look(kit.Context(t), []string{"SendEmail"}); err != nil || commands || timers {
				t.Fatalf("a look sees commands %v, timers %v, %v", commands, timers, err)
			}
		}
	}
	look() // hint bits, statistics and plans
	xid := func() string {
		return kit.One[string](t, d.super, `SELECT pg_snapshot_xmax(pg_current_snapshot())::text`)
	}
	before := xid()
	look()
	if after := xid(); after != before {
		t.Errorf("transactions that write: from %s to %s", before, after)
	}
}

// What is pending is what the log says, whatever happened in whatever order, and
// also under a policy adopted since.
func TestPendingTimersAreAFoldOfTheLog(t *testing.T) {
	t.Parallel()
	d := newService(t)
	seen := d.follow(t, DefaultPolicy())
	ann := d.register(t, "ann", domain.RoleUser)
	rapid.Check(t, func(r *rapid.T) {
		id := d.open(t, ann, rapid.SampledFrom([]ticket.Priority{ticket.Low, ticket.Medium, ticket.High}).Draw(r, "priority"), time.Time{})
		for range rapid.IntRange(0, 8).Draw(r, "steps") {
			c := rapid.SampledFrom([]ticket.Command{
				become(ticket.StatusInProgress), become(ticket.StatusResolved), become(ticket.StatusClosed), become(ticket.StatusOpen),
				become(ticket.StatusEscalated), ticket.EditTicket{By: system(), Priority: ptr(ticket.High)},
				ticket.EditTicket{By: system(), Priority: ptr(ticket.Low)}, ticket.DeleteTicket{By: system()},
				ticket.RestoreTicket{By: system()},
			}).Draw(r, "command")
			_, _ = d.tickets.Do(context.Background(), request(), id, c) // what is refused changes nothing
		}
	})
	seen()
	d.checkPending(t, DefaultPolicy())
	for _, p := range []Policy{
		{Spans: map[ticket.Priority]time.Duration{ticket.High: time.Minute}, Waiting: []ticket.Status{ticket.StatusOpen, ticket.StatusInProgress}},
		{}, DefaultPolicy(),
	} {
		changed, pending, err := p.Adopt(kit.Context(t), d.Pool)
		if err != nil || !changed {
			t.Fatalf("adopt: %v, %v", changed, err)
		}
		if got := d.checkPending(t, p); got != pending {
			t.Errorf("adopting said %d timers are pending, and %d are", pending, got)
		}
		if changed, _, err := p.Adopt(kit.Context(t), d.Pool); err != nil || changed {
			t.Errorf("adopted again: changed %v, %v; want nothing to change", changed, err)
		}
		if got, known, err := PolicyInForce(kit.Context(t), d.Pool); err != nil || !known || !cmp.Equal(got, p) {
			t.Errorf("in force: %+v, %v, %v; want %+v", got, known, err, p)
		}
	}
}

// checkPending compares the pending timers with a fold of the whole log.
func (d *service) checkPending(t *testing.T, p Policy) int {
	t.Helper()
	recorded, err := d.Store.Read(kit.Context(t), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	waits, want, got := map[uuid.UUID]Wait{}, map[string]bool{}, map[string]bool{}
	for _, r := range recorded {
		if r.StreamType != domain.TicketStream {
			continue
		}
		events, err := d.Store.Codec().Open(kit.Context(t), r)
		if err != nil {
			t.Fatal(err)
		}
		waits[r.StreamID] = waits[r.StreamID].fold(events[0])
	}
	line := func(id uuid.UUID, opening int, p ticket.Priority, due time.Time) string {
		return fmt.Sprint(id, " ", opening, " ", p, " ", due.UTC().Format(time.RFC3339Nano))
	}
	for _, w := range waits {
		if due, ok := p.due(w); ok {
			want[line(w.TicketID, w.Opening, w.Priority, due)] = true
		}
	}
	err = PendingEscalations(kit.Context(t), d.Pool, time.Time{}, func(x Pending) error {
		got[line(x.TicketID, x.Opening, x.Priority, x.DueAt)] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pending timers (-want +got):\n%s", diff)
	}
	return len(got)
}
