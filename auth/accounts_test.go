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

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
)

var _ commands.Accounts = (*Accounts)(nil)

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
			d := newRegistry(t)
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

// both does the two at once and returns their errors.
func both(one, two func() error) [2]error {
	ready, done := make(chan struct{}), make(chan error)
	go func() { <-ready; done <- two() }()
	close(ready)
	first := one()
	return [2]error{first, <-done}
}

func TestOneOfTwoRegistersAUsernameAtOnce(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
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
	d := newRegistry(t)
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
	d := newRegistry(t)
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
	d := newRegistry(t)
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
	d := newRegistry(t)
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
	d := newRegistry(t)
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
func (d *registry) awaitWaiting(kind string) {
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
	d := newRegistry(t)
	d.add("ada", domain.RoleUser)
	for _, key := range []string{"", "bob", "a\x00da", "ada\xff", uuid.NewString(), "ada' OR 'a'='a"} {
		_, err := d.accounts.Find(t.Context(), key)
		wantError(t, err, domain.ErrNotFound)
	}
}

// Usernames had an @ once.
func TestAnAddressIsItsOwnersWhateverOthersAreCalled(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	d.add("ada@example.com", domain.RoleUser)
	if _, err := d.accounts.Find(t.Context(), "ada@example.com"); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("with an owner to come: %v, want %v", err, domain.ErrNotFound)
	}
	ada := d.add("ada", domain.RoleUser)
	got, err := d.accounts.Find(t.Context(), "Ada@example.com")
	if diff := cmp.Diff(ada, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAUsernameOfHexDigitsIsAName(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	want := d.add("0123456789abcdef0123456789abcdef", domain.RoleUser)
	got, err := d.accounts.Find(t.Context(), want.Username)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAnEmptyDatabaseHasNoAdmin(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
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
