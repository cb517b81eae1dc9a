package auth

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
)

var _ commands.Accounts = (*Accounts)(nil)

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
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
		{"the address names its owner", "aDA@Example.com", herons, ada},
		{"an address that nobody has", "ada@example.net", herons, user.Account{}},
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
	d := newRegistry(t)
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
	d := newRegistry(t)
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
	d := newRegistry(t)
	ada := d.add("ada", domain.RoleUser)
	wantError(t, d.accounts.CheckPassword(t.Context(), ada.ID, herons), nil)
	wantError(t, d.accounts.CheckPassword(t.Context(), ada.ID, "seven grey cranes"), ErrWrongPassword)
	wantError(t, d.accounts.CheckPassword(t.Context(), person("nobody", domain.RoleUser).ID, herons), domain.ErrNotFound)
	d.exec(`UPDATE accounts SET is_active = false`)
	wantError(t, d.accounts.CheckPassword(t.Context(), ada.ID, herons), ErrWrongPassword)
}
