package saga

import (
	"sync"
	"testing"

	"github.com/google/uuid"

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

// wishFor returns an email of a kind to somebody who stands in no log.
func wishFor(kind email.Kind) email.Queued {
	return email.Queued{
		Kind: kind, TicketID: uuid.New(), CauseVersion: 2, Recipient: domain.UserID{UUID: uuid.New()}, Address: "ann@example.com",
	}
}

// askFor returns the place of an email to Ann.
func askFor(t testing.TB, r *Room, id uuid.UUID, kind email.Kind) place {
	t.Helper()
	p, err := r.ask(kit.Context(t), &Delivery{claimed: claimed{CausationID: uuid.New()}}, id, wishFor(kind))
	if err != nil {
		t.Error(err)
	}
	return p
}

// Two processes that ask at the same time for many let go as many as one, and have one
// digest tell of the others, which is to be sent once.
func TestTheHourIsOfAllProcesses(t *testing.T) {
	t.Parallel()
	d := newService(t)
	const most, emails = 20, 100
	rooms := []*Room{NewRoom(d.Pool, most), NewRoom(d.Pool, most)}
	places := make([]place, emails)
	var all sync.WaitGroup
	for i := range places {
		all.Go(func() { places[i] = askFor(t, rooms[i%2], uuid.New(), email.Resolved) })
	}
	all.Wait()
	let := 0
	digests := map[uuid.UUID]int{}
	for _, p := range places {
		if p.Let {
			let++
		}
		digests[p.Digest]++
	}
	if let != most || digests[uuid.Nil] != most || len(digests) != 2 {
		t.Errorf("%d emails were let go, want %d; digests: %v", let, most, digests)
	}
	type counts struct{ Told, Digests, Gathered int }
	const q = `SELECT (SELECT count(*) FROM saga.digested)::int, (SELECT count(*) FROM saga.outbox)::int, (SELECT gathered FROM saga.email_hours)`
	var got counts
	if err := d.super.QueryRow(kit.Context(t), q).Scan(&got.Told, &got.Digests, &got.Gathered); err != nil {
		t.Fatal(err)
	}
	if want := (counts{emails - most, 1, emails - most}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
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
	return askFor(t, d.room, id, k)
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

func (d asked) exec(t testing.TB, q string) {
	t.Helper()
	if _, err := d.super.Exec(kit.Context(t), q); err != nil {
		t.Fatal(err)
	}
}

// toldIn returns how many emails a digest tells of.
func (d asked) toldIn(t testing.TB, digest uuid.UUID) int {
	t.Helper()
	told, err := d.room.gathered(kit.Context(t), digest)
	if err != nil {
		t.Fatal(err)
	}
	return len(told)
}

const anHourAgo = `UPDATE saga.email_hours SET let_at = (SELECT array_agg(at - interval '1 hour') FROM unnest(let_at) AS at)`

func TestADigestThatGoesGathersNoMore(t *testing.T) {
	t.Parallel()
	d := newAsked(t)
	digest := d.full(t)
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
	next := d.ask(t, uuid.New(), email.Resolved)
	if next.Let || next.Digest == digest {
		t.Errorf("one that comes after it went finds %+v, want another digest", next)
	}
	if got := d.toldIn(t, digest); got != 2 {
		t.Errorf("the digest tells of %d emails, want the 2 that came before it went", got)
	}
	if p := d.ask(t, digest, email.Digest); !p.Let {
		t.Error("the digest has lost its place when it is tried again")
	}
	if got := kit.One[int](t, d.super, `SELECT count(*)::int FROM saga.outbox`); got != 2 {
		t.Errorf("%d digests are to be sent, want 2", got)
	}
}

// An email stays with its digest, whatever became of that, when the process died before
// it wrote so into the log.
func TestAnEmailStaysWithItsDigest(t *testing.T) {
	t.Parallel()
	d := newAsked(t)
	d.ask(t, uuid.New(), email.Resolved)
	one := uuid.New()
	digest := d.ask(t, one, email.Resolved).Digest
	d.exec(t, anHourAgo)
	if p := d.ask(t, digest, email.Digest); !p.Let {
		t.Fatal("the digest finds no room after the hour")
	}
	d.exec(t, anHourAgo)
	if p := d.ask(t, one, email.Resolved); p.Let || p.Digest != digest {
		t.Errorf("an email that a digest told of finds %+v, want that digest", p)
	}
	if got := d.toldIn(t, digest); got != 1 {
		t.Errorf("the digest tells of %d emails, want 1", got)
	}
}

func TestADigestBecomesFull(t *testing.T) {
	t.Parallel()
	d := newAsked(t)
	digest := d.full(t)
	d.exec(t, `UPDATE saga.email_hours SET gathered = 499`)
	if p := d.ask(t, uuid.New(), email.Resolved); p.Digest != digest {
		t.Errorf("the last that it gathers finds %+v, want it", p)
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
	d.room = NewRoom(d.Pool, 1)
	if p := d.ask(t, uuid.New(), email.Resolved); p.Digest == digest {
		t.Error("the digest gathers after it went")
	}
}
