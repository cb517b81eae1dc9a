package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// desk is a database of its own with all of the package over it.
type desk struct {
	t        *testing.T
	pool     *pgxpool.Pool
	hasher   *Hasher
	accounts *Accounts
	sessions *Sessions
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, pool: pgtest.New(t).Pool(t), hasher: newHasher(t, cheap)}
	d.accounts = NewAccounts(d.pool, d.hasher)
	d.sessions = NewSessions(d.accounts, SessionConfig{})
	return d
}

// in does the work in a transaction, as an append does.
func (d *desk) in(work eventstore.InTx) error {
	return pgx.BeginFunc(d.t.Context(), d.pool, func(tx pgx.Tx) error { return work(d.t.Context(), tx) })
}

func (d *desk) exec(q string, args ...any) {
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
func (d *desk) add(name string, role domain.Role) user.Account {
	d.t.Helper()
	a := person(name, role)
	if err := d.in(d.accounts.Insert(a, mustHash(d.t, d.hasher, herons))); err != nil {
		d.t.Fatal(err)
	}
	return a
}

func (d *desk) sessionCount(id user.ID) (n int) {
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

func TestInsertRefusesWhatIsTaken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name            string
		username, email string
		want            error
	}{
		{"the same username is taken", "Ödön", "other@example.com", user.ErrUsernameTaken},
		{"the username in another case is taken", "ÖDÖN", "other@example.com", user.ErrUsernameTaken},
		{"the same address is taken", "other", "Ödön@example.com", user.ErrEmailTaken},
		{"the address in another case is taken", "other", "öDÖN@EXAMPLE.com", user.ErrEmailTaken},
		{"a longer username is free", "Ödön1", "other@example.com", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.add("Ödön", domain.RoleUser)
			a := person(tt.username, domain.RoleUser)
			a.Email = tt.email
			wantError(t, d.in(d.accounts.Insert(a, NoPassword)), tt.want)
			n, err := d.accounts.Count(t.Context())
			if want := 1 + map[bool]int{true: 1}[tt.want == nil]; err != nil || n != want {
				t.Errorf("got %d accounts, %v, want %d", n, err, want)
			}
		})
	}
}

// both does the two at once and answers their errors.
func both(one, two func() error) [2]error {
	ready, done := make(chan struct{}), make(chan error)
	go func() { <-ready; done <- two() }()
	close(ready)
	first := one()
	return [2]error{first, <-done}
}

func TestOneOfTwoRegistersAUsernameAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for round := range 50 {
		lower, upper := person(fmt.Sprintf("ödön%d", round), domain.RoleUser), person(fmt.Sprintf("ÖDÖN%d", round), domain.RoleUser)
		lower.Email = "another" + lower.Email // that it is the username they fight over
		errs := both(
			func() error { return d.in(d.accounts.Insert(lower, NoPassword)) },
			func() error { return d.in(d.accounts.Insert(upper, NoPassword)) },
		)
		wantOneRefused(t, round, errs, user.ErrUsernameTaken)
	}
}

func wantOneRefused(t *testing.T, round int, errs [2]error, refusal error) {
	t.Helper()
	first, second := errs[0], errs[1]
	if first != nil {
		first, second = second, first
	}
	if first != nil || !errors.Is(second, refusal) {
		t.Fatalf("round %d: got %v and %v, want one nil and one %q", round, errs[0], errs[1], refusal)
	}
}

func TestUpdateBringsTheAccountToItsNewState(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	want := d.add("ada", domain.RoleUser)
	want.Email, want.Role = "lovelace@example.com", domain.RoleAgent
	if err := d.in(d.accounts.Update(want)); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{want.ID.String(), strings.ToUpper(want.ID.String()), "ada", "ADA"} {
		got, err := d.accounts.Find(t.Context(), key)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", key, err, diff)
		}
	}
}

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	root, ada := d.add("root", domain.RoleAdmin), d.add("ada", domain.RoleUser)
	retired := d.add("retired", domain.RoleAdmin)
	retired.Active = false
	if err := d.in(d.accounts.Update(retired)); err != nil {
		t.Fatal(err)
	}
	with := func(a user.Account, change func(*user.Account)) user.Account { change(&a); return a }
	tests := []struct {
		name string
		to   user.Account
		want error
	}{
		{"the last active admin is not demoted", with(root, func(a *user.Account) { a.Role = domain.RoleAuditor }), user.ErrLastAdmin},
		{"the last active admin is not deactivated", with(root, func(a *user.Account) { a.Active = false }), user.ErrLastAdmin},
		{"an address in another case is taken", with(ada, func(a *user.Account) { a.Email = "ROOT@example.com" }), user.ErrEmailTaken},
		{"an unknown account is not found", person("nobody", domain.RoleUser), domain.ErrNotFound},
		{"the last active admin changes their address", with(root, func(a *user.Account) { a.Email = "boss@example.com" }), nil},
		{"an address only changes its case", with(ada, func(a *user.Account) { a.Email = "ADA@example.com" }), nil},
		{"an inactive admin is demoted", with(retired, func(a *user.Account) { a.Role = domain.RoleUser }), nil},
		{"a user is deactivated", with(ada, func(a *user.Account) { a.Active = false }), nil},
	}
	for _, tt := range tests { // in order: they share the accounts
		t.Run(tt.name, func(t *testing.T) {
			wantError(t, d.in(d.accounts.Update(tt.to)), tt.want)
			if has, err := d.accounts.HasAdmin(t.Context()); err != nil || !has {
				t.Errorf("got an admin left: %t, %v", has, err)
			}
		})
	}
}

func TestTwoAdminsTakeEachOtherAwayAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	one, two := d.add("one", domain.RoleAdmin), d.add("two", domain.RoleAdmin)
	demoted, inactive := one, two
	demoted.Role = domain.RoleAgent
	for round := range 50 {
		d.exec(`UPDATE accounts SET role = 'admin', is_active = true`)
		inactive = two
		if round%2 == 0 {
			inactive.Role = domain.RoleUser
		} else {
			inactive.Active = false
		}
		errs := both(
			func() error { return d.in(d.accounts.Update(demoted)) },
			func() error { return d.in(d.accounts.Update(inactive)) },
		)
		wantOneRefused(t, round, errs, user.ErrLastAdmin)
		if has, err := d.accounts.HasAdmin(t.Context()); err != nil || !has {
			t.Fatalf("round %d: got an admin left: %t, %v", round, has, err)
		}
	}
}

// TestTheSecondToDemoteSeesTheFirst has the order that a look beforehand gets
// wrong for certain: the second begins, and waits, before the first commits.
func TestTheSecondToDemoteSeesTheFirst(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	one, two := d.add("one", domain.RoleAdmin), d.add("two", domain.RoleAdmin)
	one.Role, two.Role = domain.RoleUser, domain.RoleUser
	second := make(chan error, 1)
	err := d.in(func(ctx context.Context, tx pgx.Tx) error {
		if err := d.accounts.Update(one)(ctx, tx); err != nil {
			return err
		}
		go func() { second <- d.in(d.accounts.Update(two)) }()
		d.awaitWaiting("advisory")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, <-second, user.ErrLastAdmin)
}

// TestADemotionSeesAPromotionBeforeIt has the person become the only admin
// while another command, which knew them as a user, is on its way.
func TestADemotionSeesAPromotionBeforeIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	before := d.add("ada", domain.RoleUser)
	admin := before
	admin.Role = domain.RoleAdmin
	second := make(chan error, 1)
	err := d.in(func(ctx context.Context, tx pgx.Tx) error {
		if err := d.accounts.Update(admin)(ctx, tx); err != nil {
			return err
		}
		go func() { second <- d.in(d.accounts.Update(before)) }()
		d.awaitWaiting("transactionid")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, <-second, user.ErrLastAdmin)
}

// awaitWaiting returns once somebody in this database waits for a lock of the
// kind.
func (d *desk) awaitWaiting(kind string) {
	d.t.Helper()
	const q = `
		SELECT EXISTS (
			SELECT FROM pg_locks l
			JOIN pg_stat_activity a USING (pid)
			WHERE a.datname = current_database()
			  AND NOT l.granted
			  AND l.locktype = $1)`
	for waiting := false; !waiting; {
		if err := d.pool.QueryRow(d.t.Context(), q, kind).Scan(&waiting); err != nil {
			d.t.Error(err)
			return
		}
	}
}

func TestFindWithoutSuchAnAccount(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.add("ada", domain.RoleUser)
	for _, key := range []string{"", "bob", "a\x00da", "ada\xff", uuid.NewString(), "ada' OR 'a'='a"} {
		_, err := d.accounts.Find(t.Context(), key)
		wantError(t, err, domain.ErrNotFound)
	}
}

func TestAUsernameOfHexDigitsIsAName(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	want := d.add("0123456789abcdef0123456789abcdef", domain.RoleUser)
	got, err := d.accounts.Find(t.Context(), want.Username)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ada, gone := d.add("Ada", domain.RoleAgent), d.add("gone", domain.RoleUser)
	gone.Active = false
	if err := d.in(d.accounts.Update(gone)); err != nil {
		t.Fatal(err)
	}
	if err := d.in(d.accounts.Insert(person("imported", domain.RoleUser), NoPassword)); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name               string
		username, password string
		want               user.Account // zero: refused
	}{
		{"the right password is let in", "Ada", herons, ada},
		{"the username's case makes no difference", "aDA", herons, ada},
		{"spaces around the username make no difference", " ada ", herons, ada},
		{"a wrong password is refused", "Ada", "seven grey cranes", user.Account{}},
		{"no password is refused", "Ada", "", user.Account{}},
		{"an unknown user is refused", "bob", herons, user.Account{}},
		{"an inactive user is refused with the right password", "gone", herons, user.Account{}},
		{"a user without a password is refused", "imported", NoPassword, user.Account{}},
		{"the address is no username", "Ada@example.com", herons, user.Account{}},
		{"the id is no username", ada.ID.String(), herons, user.Account{}},
		{"NUL in the username is refused", "Ada\x00", herons, user.Account{}},
		{"bytes that are no UTF-8 are refused", "Ada\xff", herons, user.Account{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := d.accounts.Authenticate(t.Context(), tt.username, tt.password)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("account (-want +got):\n%s", diff)
			}
			if let := tt.want != (user.Account{}); let != (err == nil) {
				t.Fatalf("got error %v, let in %t", err, let)
			}
			if err != nil && err != error(ErrCredentials) { // the very same, so the same text
				t.Errorf("got %v, want %v", err, ErrCredentials)
			}
		})
	}
}

func TestEveryRefusalIsHashedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.add("ada", domain.RoleUser)
	gone := d.add("gone", domain.RoleUser)
	d.exec(`UPDATE accounts SET is_active = false WHERE user_id = $1`, gone.ID.UUID)
	if err := d.in(d.accounts.Insert(person("imported", domain.RoleUser), NoPassword)); err != nil {
		t.Fatal(err)
	}
	d.hasher.turns = make(chan struct{}) // without room: this test sees every turn
	for _, name := range []string{"ada", "gone", "imported", "nobody", "no\x00body", ""} {
		refused := make(chan error, 1)
		go func() {
			_, err := d.accounts.Authenticate(t.Context(), name, "seven grey cranes")
			refused <- err
		}()
		select {
		case <-d.hasher.turns:
			d.hasher.turns <- struct{}{}
			wantError(t, <-refused, ErrCredentials)
		case err := <-refused:
			t.Errorf("%q: got %v without anything hashed", name, err)
		}
	}
}

func TestAHashOfOtherParametersIsReplaced(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ada := d.add("ada", domain.RoleUser)
	stored := func() (hash string, changedAt any) {
		const q = `SELECT password_hash, password_changed_at FROM accounts WHERE user_id = $1`
		if err := d.pool.QueryRow(t.Context(), q, ada.ID.UUID).Scan(&hash, &changedAt); err != nil {
			t.Fatal(err)
		}
		return hash, changedAt
	}
	before, changedAt := stored()
	dearer := NewAccounts(d.pool, newHasher(t, HashConfig{MemoryKiB: 128, Iterations: 1}))
	if _, err := dearer.Authenticate(t.Context(), "ada", "seven grey cranes"); !errors.Is(err, ErrCredentials) {
		t.Fatalf("got %v, want %v", err, ErrCredentials)
	}
	if got, _ := stored(); got != before {
		t.Error("a wrong password replaced the hash")
	}
	for range 2 {
		if _, _, err := NewSessions(dearer, SessionConfig{}).SignIn(t.Context(), "ada", herons); err != nil {
			t.Fatal(err)
		}
	}
	after, still := stored()
	if want := "$argon2id$v=19$m=128,t=1,p=1$"; !strings.HasPrefix(after, want) {
		t.Errorf("got %s, want it to begin with %s", after, want)
	}
	if diff := cmp.Diff(changedAt, still); diff != "" {
		t.Errorf("password_changed_at moved (-want +got):\n%s", diff)
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ada := d.add("ada", domain.RoleUser)
	wantError(t, d.accounts.CheckPassword(t.Context(), ada.ID, herons), nil)
	wantError(t, d.accounts.CheckPassword(t.Context(), ada.ID, "seven grey cranes"), ErrWrongPassword)
	wantError(t, d.accounts.CheckPassword(t.Context(), person("nobody", domain.RoleUser).ID, herons), domain.ErrNotFound)
	d.exec(`UPDATE accounts SET is_active = false`)
	wantError(t, d.accounts.CheckPassword(t.Context(), ada.ID, herons), ErrWrongPassword)
}

func TestAnEmptyDatabaseHasNoAdmin(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	check := func(wantCount int, wantAdmin bool) {
		t.Helper()
		n, err := d.accounts.Count(t.Context())
		has, adminErr := d.accounts.HasAdmin(t.Context())
		if err != nil || adminErr != nil || n != wantCount || has != wantAdmin {
			t.Errorf("got %d accounts, %v, an admin %t, %v, want %d, %t", n, err, has, adminErr, wantCount, wantAdmin)
		}
	}
	check(0, false)
	d.add("ada", domain.RoleUser)
	check(1, false)
	d.add("root", domain.RoleAdmin)
	check(2, true)
}

func TestActor(t *testing.T) {
	a := person("ada", domain.RoleAgent)
	want := domain.Actor{Kind: domain.ActorUser, ID: a.ID, Role: domain.RoleAgent, Visibility: domain.VisibleQueue}
	if diff := cmp.Diff(want, Actor(a, domain.VisibleQueue)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
