package saga

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/test/kit"
)

func TestAnAddressIsTheSameHoweverItIsWritten(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"ann@example.com", "Ann@Example.COM", true},
		{"ann@example.com", "ann+bomb7@example.com", true},
		{"ann@example.com", "ann@example.net", false},
		{"ann@example.com", "anna@example.com", false},
		{"+ann@example.com", "+bob@example.com", false},
	} {
		if got := recipientOf(c.a) == recipientOf(c.b); got != c.same {
			t.Errorf("%s and %s are the same: got %v, want %v", c.a, c.b, got, c.same)
		}
	}
}

// Two processes that ask at the same time for many let go as many as one.
func TestTheHourIsOfAllProcesses(t *testing.T) {
	t.Parallel()
	d := newService(t)
	const most = 20
	rooms := []*Room{NewRoom(d.Pool, most), NewRoom(d.Pool, most)}
	var let atomic.Int64
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			p, err := rooms[i%2].ask(kit.Context(t), "ann@example.com", uuid.New(), email.Resolved)
			if err != nil {
				t.Error(err)
			}
			if p.Let {
				let.Add(1)
			}
		})
	}
	all.Wait()
	if got := let.Load(); got != most {
		t.Errorf("%d emails were let go, want %d", got, most)
	}
}

// asked is what a room for one email says.
type asked struct {
	*service
	room *Room
}

func newAsked(t testing.TB) asked {
	d := newService(t)
	return asked{d, NewRoom(d.Pool, 1)}
}

func (d asked) ask(t testing.TB, id uuid.UUID, k email.Kind) place {
	t.Helper()
	p, err := d.room.ask(kit.Context(t), "ann@example.com", id, k)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// full has the room be full, and returns the digest that gathers.
func (d asked) full(t testing.TB) uuid.UUID {
	t.Helper()
	d.ask(t, uuid.New(), email.Resolved)
	digest := d.ask(t, uuid.New(), email.Resolved).Digest
	if digest == uuid.Nil {
		t.Fatal("no digest gathers what is too many")
	}
	return digest
}

func (d asked) gather(t testing.TB, digest uuid.UUID) error {
	t.Helper()
	return pgx.BeginFunc(kit.Context(t), d.Pool, func(tx pgx.Tx) error {
		return d.room.gather(&Delivery{claimed: claimed{CausationID: uuid.New()}}, digest, uuid.New(), domain.UserID{UUID: uuid.New()}, "ann@example.com")(kit.Context(t), tx)
	})
}

func (d asked) exec(t testing.TB, q string) {
	t.Helper()
	if _, err := d.super.Exec(kit.Context(t), q); err != nil {
		t.Fatal(err)
	}
}

const anHourAgo = `UPDATE saga.email_hours SET let_at = (SELECT array_agg(at - interval '1 hour') FROM unnest(let_at) AS at)`

func TestADigestThatGoesGathersNoMore(t *testing.T) {
	t.Parallel()
	d := newAsked(t)
	digest := d.full(t)
	if err := d.gather(t, digest); err != nil {
		t.Fatal(err)
	}
	if p := d.ask(t, digest, email.Digest); p.Let || p.Wait <= 0 {
		t.Errorf("the digest finds %+v within the hour, want it to wait", p)
	}
	d.exec(t, anHourAgo)
	if p := d.ask(t, uuid.New(), email.Resolved); p.Let || p.Digest != digest {
		t.Errorf("another finds %+v while the digest gathers, want it to be gathered", p)
	}
	if p := d.ask(t, digest, email.Digest); !p.Let {
		t.Error("the digest finds no room after the hour")
	}
	if err := d.gather(t, digest); err != errGathered {
		t.Errorf("a digest that goes gathers: %v, want %v", err, errGathered)
	}
	next := d.ask(t, uuid.New(), email.Resolved).Digest
	if err := d.gather(t, next); err != nil || next == digest {
		t.Errorf("the next digest is %v, %v; want another", next, err)
	}
	if p := d.ask(t, digest, email.Digest); !p.Let {
		t.Error("the digest has lost its place when it is tried again")
	}
	if got := kit.One[int](t, d.super, `SELECT count(*)::int FROM saga.outbox`); got != 2 {
		t.Errorf("%d digests are to be sent, want 2", got)
	}
}

func TestADigestBecomesFull(t *testing.T) {
	t.Parallel()
	d := newAsked(t)
	digest := d.full(t)
	d.exec(t, `UPDATE saga.email_hours SET gathered = 499`)
	if err := d.gather(t, digest); err != nil {
		t.Fatal(err)
	}
	if err := d.gather(t, digest); err != errGathered {
		t.Errorf("a full digest gathers: %v", err)
	}
	if next := d.ask(t, uuid.New(), email.Resolved).Digest; next == digest || next == uuid.Nil {
		t.Errorf("the next digest is %v, want another than %v", next, digest)
	}
	d.exec(t, anHourAgo)
	if p := d.ask(t, digest, email.Digest); !p.Let {
		t.Error("a full digest finds no room while another gathers")
	}
}

func TestAnHourIsForgotten(t *testing.T) {
	t.Parallel()
	d := newAsked(t)
	d.ask(t, uuid.New(), email.Resolved)
	for _, c := range []struct {
		when string
		want int
	}{{`SELECT 1`, 1}, {anHourAgo, 0}} {
		d.exec(t, c.when)
		if err := d.room.forget(kit.Context(t)); err != nil {
			t.Fatal(err)
		}
		if got := kit.One[int](t, d.super, `SELECT count(*)::int FROM saga.email_hours`); got != c.want {
			t.Errorf("%d recipients are remembered, want %d", got, c.want)
		}
	}
}

// Where the cap was taken away, a digest from before goes, and gathers no more.
func TestADigestGoesWithoutACap(t *testing.T) {
	t.Parallel()
	d := newAsked(t)
	digest := d.full(t)
	d.room = NewRoom(d.Pool, 0)
	if p := d.ask(t, uuid.New(), email.Resolved); !p.Let {
		t.Error("an email finds no room without a cap")
	}
	if p := d.ask(t, digest, email.Digest); !p.Let {
		t.Error("the digest finds no room without a cap")
	}
	if err := d.gather(t, digest); err != errGathered {
		t.Errorf("it gathers: %v", err)
	}
}
