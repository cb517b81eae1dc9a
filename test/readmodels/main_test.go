package readmodels

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections/attachments"
	"helpdesk/projections/comments"
	"helpdesk/projections/emails"
	"helpdesk/projections/history"
	"helpdesk/projections/mailboxes"
	"helpdesk/projections/messages"
	"helpdesk/projections/people"
	"helpdesk/projections/reports"
	"helpdesk/projections/search"
	"helpdesk/projections/tickets"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// models is a log, the commands on it and the queries on its projections.
type models struct {
	readers
	*kit.Log
	tickets *commands.Tickets
	people  *commands.People
}

// readers is the queries on all projections of what is there now.
type readers struct {
	*ticketReader
	*commentReader
	*peopleReader
	*emailReader
	*reportReader
}

func newReaders(pool *pgxpool.Pool) readers {
	return readers{
		tickets.NewReader(pool), comments.NewReader(pool), people.NewReader(pool), emails.NewReader(pool), reports.NewReader(pool),
	}
}

type (
	ticketReader  = tickets.Reader
	commentReader = comments.Reader
	peopleReader  = people.Reader
	emailReader   = emails.Reader
	reportReader  = reports.Reader
)

func newModels(t testing.TB, opts ...pgtest.Option) *models {
	t.Helper()
	return modelsOn(t, pgtest.New(t, opts...))
}

// modelsOn is newModels for a database that is there.
func modelsOn(t testing.TB, db *pgtest.DB) *models {
	t.Helper()
	l := kit.On(t, db)
	return &models{
		readers: newReaders(l.Pool), Log: l,
		tickets: commands.NewTickets(l.Store, l.Store), people: commands.NewPeople(l.Store, noAccounts{}),
	}
}

// noAccounts is an index of users that has nothing against anybody.
type noAccounts struct{}

func nothing(context.Context, pgx.Tx) error { return nil }

func (noAccounts) Insert(user.Account, string) eventstore.InTx         { return nothing }
func (noAccounts) Update(user.Account) eventstore.InTx                 { return nothing }
func (noAccounts) Erase(user.ID) eventstore.InTx                       { return nothing }
func (noAccounts) SetPassword(user.ID, string, []byte) eventstore.InTx { return nothing }
func (noAccounts) KeepLink(user.ID, []byte, time.Time) eventstore.InTx { return nothing }
func (noAccounts) UseLink(user.ID, string, []byte) eventstore.InTx     { return nothing }

// follow runs the projections until the test ends.
func (d *models) follow(t testing.TB, pageSize int) *follow.Freshness {
	t.Helper()
	applied := eventstore.NewNotifier()
	config := follow.Config{PageSize: pageSize, Logger: slog.New(slog.DiscardHandler)}
	followers := follow.New(d.Pool, d.Store.Codec(), d.Notifier, applied, config, projected()...)
	fresh := follow.NewFreshness(d.Pool, applied, projected()...)
	t.Cleanup(func() {
		fresh.Close()
		if failed, err := followers.Failed(kit.Context(t), ""); err != nil || len(failed) > 0 {
			t.Errorf("failed: got %v, %v, want nothing", failed, err)
		}
	})
	kit.Run(t, followers.Run)
	return fresh
}

// project brings the read models up to the head of the log.
func (d *models) project(t testing.TB, fresh *follow.Freshness) {
	t.Helper()
	var names []string
	for _, f := range projected() {
		names = append(names, f.Name)
	}
	if _, err := fresh.Await(kit.Context(t), 0, names...); err != nil { // for nobody that is paused
		t.Fatal(err)
	}
}

// log returns every event there is.
func (d *models) log(t testing.TB) []eventstore.Envelope {
	t.Helper()
	recorded, err := d.Store.Read(kit.Context(t), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	events, err := d.Store.Codec().Open(kit.Context(t), recorded...)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// append writes events as an import that happened at at; the zero time: now.
func (d *models) append(t testing.TB, id uuid.UUID, version int, at time.Time, events ...domain.Event) eventstore.Appended {
	t.Helper()
	done, err := d.Store.Append(kit.Context(t), eventstore.Append{
		StreamID: id, StreamType: domain.TicketStream, ExpectedVersion: version, Events: events, OccurredAt: at,
		Metadata: eventstore.Metadata{ActorKind: domain.ActorImport, CorrelationID: "test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// The people of these tests, each with a role and, for an agent, a visibility.
var everybody = map[string]domain.Actor{
	"ann":   actor(1, domain.RoleUser, ""),
	"bob":   actor(2, domain.RoleUser, ""),
	"eve":   actor(3, domain.RoleAgent, domain.VisibleAssigned),
	"max":   actor(4, domain.RoleAgent, domain.VisibleQueue),
	"zoe":   actor(5, domain.RoleAgent, domain.VisibleAll),
	"rob":   actor(6, domain.RoleAdmin, ""),
	"ida":   actor(7, domain.RoleAuditor, ""),
	"nemo":  actor(8, "", ""),
	"timer": {Kind: domain.ActorTimer},
}

func actor(n byte, role domain.Role, v domain.AgentVisibility) domain.Actor {
	return domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.UUID{15: n}}, Role: role, Visibility: v}
}

func newTicketID() ticket.ID { return ticket.ID{UUID: kit.NewID()} }

// register makes everybody who has a role.
func (d *models) register(t testing.TB) {
	t.Helper()
	for name, a := range everybody {
		if a.Role == "" {
			continue
		}
		c := user.Register{
			By: user.By{Actor: domain.System()}, Username: name, Email: name + "@example.com",
			FirstName: "First", LastName: fmt.Sprintf("Last_%s", name), Role: a.Role,
		}
		if _, err := d.people.Register(kit.Context(t), commands.Request{}, a.ID, c, "hash"); err != nil {
			t.Fatal(err)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// projected is every projection there is.
func projected() []follow.Follower {
	return []follow.Follower{
		tickets.Follower(), comments.Follower(), attachments.Follower(), people.Follower(), reports.Follower(), history.Follower(), search.Follower(), emails.Follower(), mailboxes.Follower(), messages.Follower(),
	}
}
