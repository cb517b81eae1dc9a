package saga

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/test/keys"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// patience is far above what anything waited for takes.
const patience = 30 * time.Second

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// desk is a log with everything that process managers need, and nothing running.
type desk struct {
	pool     *pgxpool.Pool
	super    *pgxpool.Pool
	store    *eventstore.Store
	notifier *eventstore.Notifier
	issued   *eventstore.Notifier
	timers   *eventstore.Notifier
	tickets  *commands.Tickets
	emails   *commands.Emails
	people   *commands.People
	accounts *auth.Accounts
	outbox   *Outbox
	mailer   *fakeMailer
	log      *slog.Logger
}

func newDesk(t testing.TB, opts ...pgtest.Option) *desk {
	t.Helper()
	db := pgtest.New(t, opts...)
	d := &desk{
		pool: db.Pool(t), notifier: eventstore.NewNotifier(), issued: eventstore.NewNotifier(), timers: eventstore.NewNotifier(),
		mailer: &fakeMailer{sent: map[uuid.UUID]int{}}, log: slog.New(slog.DiscardHandler),
	}
	var err error
	if d.super, err = pgxpool.New(context.Background(), db.SuperURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.super.Close)
	d.store = eventstore.New(d.pool, keys.Codec(t, d.pool), d.notifier.NotifyOf)
	t.Cleanup(d.store.Close)
	hasher, err := auth.NewHasher(auth.HashConfig{})
	if err != nil {
		t.Fatal(err)
	}
	d.accounts = auth.NewAccounts(d.pool, hasher)
	d.tickets, d.emails = commands.NewTickets(d.store, d.store), commands.NewEmails(d.store)
	d.people, d.outbox = commands.NewPeople(d.store, d.accounts), NewOutbox(d.pool)
	return d
}

// follow runs the process managers until the test ends. The function it returns
// waits until they have seen all there is.
func (d *desk) follow(t testing.TB, p Policy) (seen func()) {
	t.Helper()
	applied := eventstore.NewNotifier()
	managers := []follow.Follower{Escalation(p, d.timers.Notify), Emails(d.issued.Notify)}
	followers := follow.New(d.pool, d.store.Codec(), d.notifier, applied, follow.Config{Logger: d.log, PageSize: 50}, managers...)
	run(t, followers.Run)
	fresh := follow.NewFreshness(d.pool, applied, managers...)
	t.Cleanup(fresh.Close)
	return func() {
		t.Helper()
		head, err := d.store.Head(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := fresh.Wait(testContext(t), head); err != nil {
			t.Fatal(err)
		}
	}
}

func (d *desk) sender() *Sender {
	return NewSender(d.emails, d.store, d.accounts, d.mailer, time.Hour)
}

// work runs timers and the processor until the test ends or stop is called.
func (d *desk) work(t testing.TB, p Policy) (stop func()) {
	t.Helper()
	timers := NewTimers(d.pool, d.timers, d.issued.Notify, d.log)
	processor := NewProcessor(d.outbox, d.issued, nil, d.log, Escalations(p, d.tickets), Mailing(d.sender()))
	stopTimers, stopProcessor := run(t, timers.Run), run(t, processor.Run)
	return func() { stopTimers(); stopProcessor() }
}

// run runs a loop until the test ends or stop is called, and waits for its end.
func run(t testing.TB, loop func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- loop(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the loop ended with %v", err)
			}
		case <-time.After(patience):
			t.Error("the loop did not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

// poll looks until the condition holds, and fails the test when it never does.
func poll(t testing.TB, what string, condition func() bool) {
	t.Helper()
	limit := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// register makes somebody.
func (d *desk) register(t testing.TB, name string, role domain.Role) domain.UserID {
	t.Helper()
	id := domain.UserID{UUID: uuid.Must(uuid.NewV7())}
	c := user.Register{By: user.By{Actor: domain.System()}, Username: name, Email: name + "@example.com", Role: role}
	if _, err := d.people.Register(testContext(t), commands.Request{}, id, c, "no hash"); err != nil {
		t.Fatal(err)
	}
	return id
}

// open opens a ticket, as an import where it happened before.
func (d *desk) open(t testing.TB, by domain.UserID, p ticket.Priority, at time.Time) ticket.ID {
	t.Helper()
	id := ticket.ID{UUID: uuid.Must(uuid.NewV7())}
	c := ticket.OpenTicket{
		By:    ticket.By{Actor: domain.Actor{Kind: domain.ActorUser, ID: by, Role: domain.RoleUser}},
		Title: "Printer", Description: "It smokes.", Priority: p,
	}
	if _, err := d.tickets.Open(testContext(t), commands.Request{OccurredAt: at}, id, c); err != nil {
		t.Fatal(err)
	}
	return id
}

func (d *desk) do(t testing.TB, id ticket.ID, c ticket.Command) {
	t.Helper()
	if _, err := d.tickets.Do(testContext(t), commands.Request{}, id, c); err != nil {
		t.Fatal(err)
	}
}

func system() ticket.By { return ticket.By{Actor: domain.System()} }

func become(to ticket.Status) ticket.Command { return ticket.ChangeStatus{By: system(), To: to} }

// escalations returns how often the ticket escalated.
func (d *desk) escalations(t testing.TB, id ticket.ID) (n int) {
	t.Helper()
	events, err := d.store.Load(testContext(t), id.UUID)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if _, ok := e.Event.(ticket.Escalated); ok {
			n++
		}
	}
	return n
}

// one returns the single value of a query.
func one[T any](t testing.TB, pool *pgxpool.Pool, sql string, args ...any) T {
	t.Helper()
	rows, _ := pool.Query(testContext(t), sql, args...)
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// fakeMailer is a mail server that does as it is told.
type fakeMailer struct {
	mu     sync.Mutex
	sent   map[uuid.UUID]int
	emails []email.Content
	// send, when not nil, decides how sending ends.
	send func(c email.Content, handOver func() error) error
}

func (p *fakeMailer) Send(ctx context.Context, c email.Content, handOver func(context.Context) error) error {
	p.mu.Lock()
	send := p.send
	p.mu.Unlock()
	over := func() error { return handOver(ctx) }
	if send != nil {
		return send(c, over)
	}
	if err := over(); err != nil {
		return err
	}
	p.took(c)
	return nil
}

func (p *fakeMailer) took(c email.Content) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[c.ID.UUID]++
	p.emails = append(p.emails, c)
}

func (p *fakeMailer) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.emails)
}

func (p *fakeMailer) does(send func(c email.Content, handOver func() error) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.send = send
}
