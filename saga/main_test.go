package saga

import (
	"context"
	"encoding/json"
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
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// service is a log with everything that process managers need, and nothing running.
type service struct {
	*kit.Log
	super    *pgxpool.Pool
	issued   *eventstore.Notifier
	timers   *eventstore.Notifier
	tickets  *commands.Tickets
	emails   *commands.Emails
	people   *commands.People
	accounts *auth.Accounts
	outbox   *Outbox
	mailer   *fakeMailer
	log      *slog.Logger
	late     time.Duration // by which the sender's clock is ahead
	most     int           // emails an address and hour; 0: any number
}

func newService(t testing.TB, opts ...pgtest.Option) *service {
	t.Helper()
	l := kit.New(t, opts...)
	hasher, err := auth.NewHasher(auth.HashConfig{})
	if err != nil {
		t.Fatal(err)
	}
	accounts := auth.NewAccounts(l.Pool, hasher)
	return &service{
		Log: l, super: l.Super(t), issued: eventstore.NewNotifier(), timers: eventstore.NewNotifier(),
		tickets: commands.NewTickets(l.Store, l.Store), emails: commands.NewEmails(l.Store),
		people: commands.NewPeople(l.Store, accounts), accounts: accounts, outbox: NewOutbox(l.Pool),
		mailer: &fakeMailer{sent: map[uuid.UUID]int{}}, log: slog.New(slog.DiscardHandler),
	}
}

// follow runs the process managers until the test ends. The function it returns
// waits until they have seen all there is.
func (d *service) follow(t testing.TB, p Policy) (seen func()) {
	t.Helper()
	applied := eventstore.NewNotifier()
	managers := []follow.Follower{Escalation(p, d.timers.Notify), Emails(d.issued), TakeBack(d.issued, d.timers)}
	followers := follow.New(d.Pool, d.Store.Codec(), d.Notifier, applied, follow.Config{Logger: d.log, PageSize: 50}, managers...)
	kit.Run(t, followers.Run)
	fresh := follow.NewFreshness(d.Pool, applied, managers...)
	t.Cleanup(fresh.Close)
	return func() {
		t.Helper()
		if err := fresh.Wait(kit.Context(t), d.End(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func (d *service) sender() *Sender {
	s := NewSender(d.emails, d.Store, d.mailer, nil, NewRoom(d.Pool, d.most), time.Hour)
	s.now = func() time.Time { return time.Now().Add(d.late) }
	return s
}

// order puts the command to send an email into the outbox.
func (d *service) order(t testing.TB, c SendEmail) {
	t.Helper()
	x := newEffects(EmailsName)
	err := x.add(cause{EventID: uuid.New()}, []Effect{Issue{ID: c.Email, Command: c}})
	if err == nil {
		err = pgx.BeginFunc(kit.Context(t), d.Pool, func(tx pgx.Tx) error { return x.write(kit.Context(t), tx) })
	}
	if err != nil {
		t.Fatal(err)
	}
}

// send has a new worker take the one command there is in the outbox, and ends the
// worker when the command was carried out: the next one takes the command over.
func (d *service) send(t testing.TB) error {
	t.Helper()
	w, err := newWorker(kit.Context(t), d.Pool)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	var claims []claimed
	kit.Poll(t, "the command of a worker that ended, whose session the server may not have ended yet", func() bool {
		if _, _, err := d.outbox.look(kit.Context(t), nil); err != nil {
			t.Fatal(err)
		}
		if claims, err = d.outbox.claim(kit.Context(t), SendEmail{}.Name(), 1, w.id); err != nil {
			t.Fatal(err)
		}
		return len(claims) == 1
	})
	var c SendEmail
	if err := json.Unmarshal(claims[0].Payload, &c); err != nil {
		t.Fatal(err)
	}
	s := newSubscriber(d.outbox, w.id, 1, d.issued, d.log)
	return d.sender().Send(kit.Context(t), &Delivery{claimed: claims[0], handOver: s.handOver}, c)
}

// work runs timers and the processor until the test ends or stop is called.
func (d *service) work(t testing.TB, p Policy) (stop func()) {
	t.Helper()
	timers := NewTimers(d.Pool, d.timers, d.issued.Notify, d.log)
	processor := NewProcessor(d.outbox, d.issued, d.timers, nil, d.log, Escalations(p, d.tickets), Mailing(d.sender()),
		TakeBacks(d.tickets, d.Store, assignments{d.Pool}))
	stopTimers, stopProcessor := kit.Run(t, timers.Run), kit.Run(t, processor.Run)
	return func() { stopTimers(); stopProcessor() }
}

// register makes somebody.
func (d *service) register(t testing.TB, name string, role domain.Role) domain.UserID {
	t.Helper()
	id := domain.UserID{UUID: uuid.Must(uuid.NewV7())}
	c := user.Register{By: user.By{Actor: domain.System()}, Username: name, Email: name + "@example.com", Role: role}
	if _, err := d.people.Register(kit.Context(t), commands.Request{}, id, c, "no hash"); err != nil {
		t.Fatal(err)
	}
	return id
}

// open opens a ticket, as an import where it happened before.
func (d *service) open(t testing.TB, by domain.UserID, p ticket.Priority, at time.Time) ticket.ID {
	t.Helper()
	id := ticket.ID{UUID: uuid.Must(uuid.NewV7())}
	c := ticket.OpenTicket{
		By:    ticket.By{Actor: domain.Actor{Kind: domain.ActorUser, ID: by, Role: domain.RoleUser}},
		Title: "Printer", Description: "It smokes.", Priority: p,
	}
	if _, err := d.tickets.Open(kit.Context(t), commands.Request{OccurredAt: at}, id, c); err != nil {
		t.Fatal(err)
	}
	return id
}

func (d *service) do(t testing.TB, id ticket.ID, c ticket.Command) {
	t.Helper()
	if _, err := d.tickets.Do(kit.Context(t), commands.Request{}, id, c); err != nil {
		t.Fatal(err)
	}
}

func system() ticket.By { return ticket.By{Actor: domain.System()} }

func become(to ticket.Status) ticket.Command { return ticket.ChangeStatus{By: system(), To: to} }

// escalations returns how often the ticket escalated.
func (d *service) escalations(t testing.TB, id ticket.ID) (n int) {
	t.Helper()
	for _, e := range d.Stream(t, id.UUID) {
		if _, ok := e.Event.(ticket.Escalated); ok {
			n++
		}
	}
	return n
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

// newest returns the email that was taken last.
func (p *fakeMailer) newest() email.Content {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.emails[len(p.emails)-1]
}

func (p *fakeMailer) does(send func(c email.Content, handOver func() error) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.send = send
}
