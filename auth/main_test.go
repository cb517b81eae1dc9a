package auth

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/test/pgtest"
)

var _ commands.Accounts = (*Accounts)(nil)

func TestMain(m *testing.M) { pgtest.Main(m) }

const herons = "seven grey herons"

// registry is a database of its own with all of the package over it.
type registry struct {
	t        *testing.T
	pool     *pgxpool.Pool
	hasher   *Hasher
	accounts *Accounts
	sessions *Sessions
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	d := &registry{t: t, pool: pgtest.New(t).Pool(t), hasher: newHasher(t, cheap)}
	d.accounts = NewAccounts(d.pool, d.hasher)
	d.sessions = NewSessions(d.accounts, SessionConfig{})
	return d
}

// in does the work in a transaction, as an append does.
func (d *registry) in(work eventstore.InTx) error {
	return pgx.BeginFunc(d.t.Context(), d.pool, func(tx pgx.Tx) error { return work(d.t.Context(), tx) })
}

func (d *registry) exec(q string, args ...any) {
	d.t.Helper()
	if _, err := d.pool.Exec(d.t.Context(), q, args...); err != nil {
		d.t.Fatal(err)
	}
}

func person(name string, role domain.Role) user.Account {
	id := user.ID{UUID: uuid.Must(uuid.NewV7())}
	return user.Account{ID: id, Username: name, Email: name + "@example.com", Role: role, Active: true}
}

// add registers somebody whose password is herons.
func (d *registry) add(name string, role domain.Role) user.Account {
	d.t.Helper()
	a := person(name, role)
	if err := d.in(d.accounts.Insert(a, mustHash(d.t, d.hasher, herons))); err != nil {
		d.t.Fatal(err)
	}
	return a
}

func (d *registry) sessionCount(id user.ID) (n int) {
	d.t.Helper()
	const q = `SELECT count(*) FROM sessions WHERE user_id = $1`
	if err := d.pool.QueryRow(d.t.Context(), q, id.UUID).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func wantError(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got error %v, want %v", got, want)
	}
}
