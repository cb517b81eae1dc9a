package commands

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// The people of these tests.
var (
	ann = domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.UUID{15: 1}}, Role: domain.RoleUser}
	eve = domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.UUID{15: 3}}, Role: domain.RoleAgent, Visibility: domain.VisibleAll}
	rob = domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.UUID{15: 5}}, Role: domain.RoleAdmin}
)

func as(a domain.Actor) ticket.By { return ticket.By{Actor: a} }

// log is the commands over a log.
type log struct {
	*kit.Log
	*Tickets
}

func newLog(t *testing.T) log {
	t.Helper()
	l := kit.New(t)
	return log{Log: l, Tickets: NewTickets(l.Store, l.Store)}
}

func newTicketID() ticket.ID { return ticket.ID{UUID: uuid.Must(uuid.NewV7())} }

// open opens a ticket of Ann's.
func (d log) open(t *testing.T) ticket.ID {
	t.Helper()
	id := newTicketID()
	d.must(t)(d.Open(kit.Context(t), Request{}, id, opening()))
	return id
}

func opening() ticket.OpenTicket {
	return ticket.OpenTicket{By: as(ann), Title: "Printer", Description: "It smokes."}
}

// must fails the test when a command is refused.
func (d log) must(t *testing.T) func(Outcome, error) Outcome {
	return func(out Outcome, err error) Outcome {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func (d log) state(t *testing.T, id ticket.ID) ticket.State {
	t.Helper()
	var s ticket.State
	for _, e := range d.Stream(t, id.UUID) {
		s = ticket.Evolve(s, e.Event)
	}
	return s
}

// types returns the stored names of a stream's events.
func (d log) types(t *testing.T, id uuid.UUID) []string {
	t.Helper()
	var names []string
	for _, e := range d.Stream(t, id) {
		names = append(names, e.Type)
	}
	return names
}

// checkHead fails the test when something was written since the head was want.
func (d log) checkHead(t *testing.T, want int64) {
	t.Helper()
	if got := d.End(t); got != want {
		t.Errorf("the head of the log is %d, want %d: nothing was to be written", got, want)
	}
}

func checkDiff(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// withoutEvents is an outcome but for the stream it carries.
func withoutEvents(out Outcome) Outcome {
	out.Events = nil
	return out
}

func ptr[T any](v T) *T { return &v }

// accounts is an index of users that does what the test says and remembers
// what it was asked.
type accounts struct {
	err   error
	asked []string
	saw   []user.Account
}

func (a *accounts) do(what string, account user.Account) eventstore.InTx {
	return func(context.Context, pgx.Tx) error {
		a.asked = append(a.asked, what)
		a.saw = append(a.saw, account)
		return a.err
	}
}

func (a *accounts) Insert(account user.Account, hash string) eventstore.InTx {
	return a.do("insert "+hash, account)
}

func (a *accounts) Update(account user.Account) eventstore.InTx { return a.do("update", account) }

func (a *accounts) Erase(id user.ID) eventstore.InTx { return a.do("erase", user.Account{ID: id}) }

func (a *accounts) KeepLink(id user.ID, tokenHash []byte, _ time.Time) eventstore.InTx {
	return a.do("link "+string(tokenHash), user.Account{ID: id})
}

func (a *accounts) UseLink(id user.ID, hash string, tokenHash []byte) eventstore.InTx {
	return a.do("set "+hash+" by link "+string(tokenHash), user.Account{ID: id})
}

func (a *accounts) SetPassword(id user.ID, hash string, keep []byte) eventstore.InTx {
	return a.do("set "+hash+" keep "+string(keep), user.Account{ID: id})
}
