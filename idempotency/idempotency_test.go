package idempotency

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// process is a store as one process has it, on a database it may share.
type process struct {
	*Store
	t *testing.T
}

func newProcess(t *testing.T, pool *pgxpool.Pool, config Config) *process {
	return &process{Store: New(pool, config), t: t}
}

func (p *process) claim(id uuid.UUID) Claim {
	p.t.Helper()
	c, err := p.Claim(p.t.Context(), id, "body")
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func (p *process) takeOver(id uuid.UUID, c Claim) Claim {
	p.t.Helper()
	c, err := p.TakeOver(p.t.Context(), id, c)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func (p *process) finish(id uuid.UUID, c Claim, a Answer) bool {
	p.t.Helper()
	stored, err := p.Finish(p.t.Context(), id, c, a)
	if err != nil {
		p.t.Fatal(err)
	}
	return stored
}

var created = Answer{Status: 201, Header: map[string]string{"Location": "/x/"}, Body: []byte(`{"a":1}`), Sealed: true}

func TestTheFirstClaimsAndTheOthersGetItsAnswer(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	one, other := newProcess(t, pool, Config{}), newProcess(t, pool, Config{})
	id := uuid.New()
	first := one.claim(id)
	second := other.claim(id)
	if !first.Mine() || first.Again || second.Mine() || second.Free || !second.Again || !second.At.Equal(first.At) {
		t.Fatalf("first %+v, second %+v", first, second)
	}
	if !one.finish(id, first, created) {
		t.Error("the first could not answer")
	}
	if diff := cmp.Diff(&created, other.claim(id).Answer); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestARequestWhoseProcessDiedIsTakenOverOnce(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	dead, one, other := newProcess(t, pool, Config{Lease: time.Microsecond}), newProcess(t, pool, Config{}), newProcess(t, pool, Config{})
	id := uuid.New()
	lost := dead.claim(id)
	seen, alsoSeen := one.claim(id), other.claim(id)
	if !seen.Free || seen.Mine() {
		t.Fatalf("after the lease: %+v", seen)
	}
	won, late := one.takeOver(id, seen), other.takeOver(id, alsoSeen)
	if !won.Mine() || !won.Again || late.Mine() {
		t.Fatalf("one %+v, other %+v", won, late)
	}
	if dead.finish(id, lost, Answer{Status: 500}) {
		t.Error("who lost the request answered it")
	}
	if !one.finish(id, won, created) || other.claim(id).Answer == nil {
		t.Error("who took it over could not answer it")
	}
}

func TestAReleasedRequestIsFree(t *testing.T) {
	t.Parallel()
	p := newProcess(t, pgtest.New(t).Pool(t), Config{})
	for _, unsure := range []bool{false, true} {
		id := uuid.New()
		if err := p.Release(t.Context(), id, p.claim(id), unsure); err != nil {
			t.Fatal(err)
		}
		if c := p.claim(id); c.Mine() == unsure || c.Free != unsure || c.Again != unsure {
			t.Errorf("unsure %v: %+v", unsure, c)
		}
	}
}

func TestAProcessThatLivesKeepsItsRequest(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	p := newProcess(t, pool, Config{})
	id, lost := uuid.New(), uuid.New()
	p.claim(id)
	p.claim(lost)
	const age = `UPDATE idempotency_keys SET leased_until = clock_timestamp() + CASE WHEN command_id = $1 THEN interval '1 minute' ELSE '-1 minute' END`
	if _, err := pool.Exec(t.Context(), age, id); err != nil {
		t.Fatal(err)
	}
	owners, ids := p.claims()
	if err := p.renew(t.Context(), owners, ids); err != nil {
		t.Fatal(err)
	}
	var renewed, free bool
	const q = `SELECT bool_or(leased_until < clock_timestamp() + interval '50 seconds') FILTER (WHERE command_id = $1),
		bool_or(leased_until < clock_timestamp()) FILTER (WHERE command_id = $2) FROM idempotency_keys`
	if err := pool.QueryRow(t.Context(), q, id, lost).Scan(&renewed, &free); err != nil || !renewed || !free {
		t.Errorf("renewed %v, %v; one that was lost stays so: %v", renewed, err, free)
	}
}

func TestClaimsAreRenewedForAsLongAsTheyAreHeld(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	p := newProcess(t, pool, Config{})
	kit.Run(t, p.Run)
	for range 2 {
		id := uuid.New()
		c := p.claim(id)
		for n := range 2 {
			kit.Poll(t, "the renewal", func() bool {
				const q = `SELECT leased_until > created_at + $3 * $2::interval FROM idempotency_keys WHERE command_id = $1`
				return kit.One[bool](t, pool, q, id, p.config.Lease/6, 7+2*n)
			})
		}
		p.finish(id, c, created)
	}
}

func TestOldAnswersAreRemovedAndYoungOnesKept(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	p := newProcess(t, pool, Config{})
	old, young := uuid.New(), uuid.New()
	for id, age := range map[uuid.UUID]string{old: "49 hours", young: "47 hours"} {
		p.finish(id, p.claim(id), created)
		if _, err := pool.Exec(t.Context(), `UPDATE idempotency_keys SET created_at = now() - $2::text::interval, leased_until = now() - $2::text::interval WHERE command_id = $1`, id, age); err != nil {
			t.Fatal(err)
		}
	}
	if removed, err := p.sweep(t.Context()); err != nil || removed != 1 {
		t.Errorf("removed %d, %v, want 1", removed, err)
	}
	if p.claim(young).Answer == nil || !p.claim(old).Mine() {
		t.Error("the wrong one was removed")
	}
}
