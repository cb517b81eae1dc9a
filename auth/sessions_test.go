package auth

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

func (d *registry) start(id user.ID) string {
	d.t.Helper()
	token, _, err := d.sessions.Start(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return token
}

// age moves the expiry of a session, which is as good as waiting.
func (d *registry) age(token string, by time.Duration) {
	d.t.Helper()
	d.exec(`UPDATE sessions SET expires_at = expires_at - $2::interval WHERE token_hash = $1`, tokenHash(token), by)
}

func (d *registry) wantSession(token string, want error) {
	d.t.Helper()
	_, err := d.sessions.Lookup(d.t.Context(), token)
	wantError(d.t, err, want)
}

func TestASessionOutlivesTheServiceThatBeganIt(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ada := d.add("ada", domain.RoleAgent)
	token, begun, err := d.sessions.SignIn(t.Context(), "ADA", herons)
	if err != nil {
		t.Fatal(err)
	}
	want := Session{TokenHash: tokenHash(token), Account: ada, ExpiresAt: begun.ExpiresAt}
	if diff := cmp.Diff(want, begun); diff != "" {
		t.Errorf("signed in (-want +got):\n%s", diff)
	}
	another := NewSessions(NewAccounts(d.pool, newHasher(t, cheap)), SessionConfig{})
	got, err := another.Lookup(t.Context(), token)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("looked up: %v (-want +got):\n%s", err, diff)
	}
	var exact bool
	const q = `SELECT expires_at = created_at + interval '14 days' AND octet_length(token_hash) = 32 FROM sessions`
	if err := d.pool.QueryRow(t.Context(), q).Scan(&exact); err != nil || !exact {
		t.Errorf("got a row of 14 days and a hash: %t, %v", exact, err)
	}
}

func TestSignInWithoutTheRightCredentials(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ada := d.add("ada", domain.RoleUser)
	for _, username := range []string{"ada", "nobody"} {
		_, _, err := d.sessions.SignIn(t.Context(), username, "seven grey cranes")
		wantError(t, err, ErrCredentials)
	}
	if n := d.sessionCount(ada.ID); n != 0 {
		t.Errorf("got %d sessions, want none", n)
	}
}

func TestStartWithoutAnActiveAccount(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ada := d.add("ada", domain.RoleUser)
	d.exec(`UPDATE accounts SET is_active = false`)
	for _, id := range []user.ID{ada.ID, person("nobody", domain.RoleUser).ID} {
		_, _, err := d.sessions.Start(t.Context(), id)
		wantError(t, err, ErrNoSession)
	}
}

func TestATokenFromBeforeItHadAPrefixOpensItsSession(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	token := d.start(d.add("ada", domain.RoleUser).ID)
	if !strings.HasPrefix(token, SessionPrefix) {
		t.Errorf("a new token is %q", token)
	}
	before := newToken()
	if _, err := d.pool.Exec(t.Context(), `UPDATE sessions SET token_hash = $1`, tokenHash(before)); err != nil {
		t.Fatal(err)
	}
	d.wantSession(before, nil)
}

func TestATokenThatOpensNothing(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	token := d.start(d.add("ada", domain.RoleUser).ID)
	for name, other := range map[string]string{
		"no token":                       "",
		"another token":                  newToken(),
		"a token cut short":              token[:len(token)-1],
		"a token with something after":   token + "A",
		"the hash of the token":          string(tokenHash(token)),
		"a very long one":                strings.Repeat(token, 100_000),
		"a token in another case":        strings.ToLower(token),
		"bytes that are no text":         strings.Repeat("\xff", len(token)),
		"as many NULs as the token long": strings.Repeat("\x00", len(token)),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.sessions.Lookup(t.Context(), other)
			wantError(t, err, ErrNoSession)
		})
	}
	d.wantSession(token, nil)
}

func TestASessionExpiresAfterItsLastUse(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := []struct {
		name        string
		unused      time.Duration
		want        error
		wantRenewed bool
	}{
		{"a lookup within the hour writes nothing", 59 * time.Minute, nil, false},
		{"a lookup after an hour renews", 61 * time.Minute, nil, true},
		{"a lookup on the last day renews", 14*day - time.Minute, nil, true},
		{"a lookup after the last day finds nothing", 14 * day, ErrNoSession, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newRegistry(t)
			token, begun, err := d.sessions.Start(t.Context(), d.add("ada", domain.RoleUser).ID)
			if err != nil {
				t.Fatal(err)
			}
			d.age(token, tt.unused)
			got, err := d.sessions.Lookup(t.Context(), token)
			wantError(t, err, tt.want)
			if got.Renewed != tt.wantRenewed {
				t.Errorf("got renewed %t, want %t", got.Renewed, tt.wantRenewed)
			}
			if tt.want != nil {
				return
			}
			expires := begun.Add(-tt.unused)
			if renewed := got.ExpiresAt.After(expires); renewed != tt.wantRenewed || tt.wantRenewed && got.ExpiresAt.Before(begun) {
				t.Errorf("got expiry %s, it was %s, renewed %t", got.ExpiresAt, expires, tt.wantRenewed)
			}
			again, err := d.sessions.Lookup(t.Context(), token)
			if err != nil || again.Renewed || !again.ExpiresAt.Equal(got.ExpiresAt) {
				t.Errorf("got %+v, %v from the next lookup, want the same expiry and nothing written", again, err)
			}
		})
	}
}

func TestEndEndsOneSessionAndEndOthersTheOthers(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ada, bob := d.add("ada", domain.RoleUser), d.add("bob", domain.RoleUser)
	ended, kept, other, bobs := d.start(ada.ID), d.start(ada.ID), d.start(ada.ID), d.start(bob.ID)
	for range 2 { // the second time there is nothing to end, which is no error
		wantError(t, d.sessions.End(t.Context(), tokenHash(ended)), nil)
	}
	d.wantSession(ended, ErrNoSession)
	d.wantSession(other, nil)
	wantError(t, d.sessions.EndOthers(t.Context(), ada.ID, tokenHash(kept)), nil)
	d.wantSession(other, ErrNoSession)
	d.wantSession(kept, nil)
	wantError(t, d.sessions.EndOthers(t.Context(), ada.ID, nil), nil)
	d.wantSession(kept, ErrNoSession)
	d.wantSession(bobs, nil)
}

func TestWhatAChangeOfTheAccountDoesToItsSessions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*user.Account)
		want   error
	}{
		{"a demotion ends them", func(a *user.Account) { a.Role = domain.RoleUser }, ErrNoSession},
		{"a promotion ends them", func(a *user.Account) { a.Role = domain.RoleAdmin }, ErrNoSession},
		{"a deactivation ends them", func(a *user.Account) { a.Active = false }, ErrNoSession},
		{"another address does not", func(a *user.Account) { a.Email = "lovelace@example.com" }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newRegistry(t)
			ada, bob := d.add("ada", domain.RoleAgent), d.add("bob", domain.RoleAgent)
			d.add("root", domain.RoleAdmin)
			adas, bobs := d.start(ada.ID), d.start(bob.ID)
			to := ada
			tt.change(&to)
			wantError(t, d.in(d.accounts.Update(to)), nil)
			d.wantSession(adas, tt.want)
			d.wantSession(bobs, nil)
			to.Active, to.Role = true, ada.Role
			wantError(t, d.in(d.accounts.Update(to)), nil)
			d.wantSession(adas, tt.want) // they do not come back either
		})
	}
}

func TestARefusedUpdateEndsNoSession(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	root := d.add("root", domain.RoleAdmin)
	token := d.start(root.ID)
	root.Active = false
	wantError(t, d.in(d.accounts.Update(root)), user.ErrLastAdmin)
	d.wantSession(token, nil)
}

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ada, bob := d.add("ada", domain.RoleUser), d.add("bob", domain.RoleUser)
	kept, other, bobs := d.start(ada.ID), d.start(ada.ID), d.start(bob.ID)
	const cranes = "seven grey cranes"
	wantError(t, d.in(d.accounts.SetPassword(ada.ID, mustHash(t, d.hasher, cranes), tokenHash(kept))), nil)
	d.wantSession(kept, nil)
	d.wantSession(other, ErrNoSession)
	d.wantSession(bobs, nil)
	_, err := d.accounts.Authenticate(t.Context(), "ada", herons)
	wantError(t, err, ErrCredentials)
	_, err = d.accounts.Authenticate(t.Context(), "ada", cranes)
	wantError(t, err, nil)
	wantError(t, d.in(d.accounts.SetPassword(ada.ID, NoPassword, nil)), nil)
	d.wantSession(kept, ErrNoSession)
	nobody := person("nobody", domain.RoleUser).ID
	wantError(t, d.in(d.accounts.SetPassword(nobody, NoPassword, nil)), domain.ErrNotFound)
}

// TestNoSessionSlipsPastAChange begins a session at the worst moment: when the
// change has ended the sessions there were and is not committed yet.
func TestNoSessionSlipsPastAChange(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*Accounts, user.Account) eventstore.InTx
	}{
		{"a sign-in waits for a deactivation and is refused", func(c *Accounts, a user.Account) eventstore.InTx {
			a.Active = false
			return c.Update(a)
		}},
		{"a sign-in waits for a new password and is refused", func(c *Accounts, a user.Account) eventstore.InTx {
			return c.SetPassword(a.ID, NoPassword, nil)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newRegistry(t)
			ada := d.add("ada", domain.RoleUser)
			d.start(ada.ID)
			signedIn := make(chan error, 1)
			err := d.in(func(ctx context.Context, tx pgx.Tx) error {
				if err := tt.change(d.accounts, ada)(ctx, tx); err != nil {
					return err
				}
				go func() {
					_, _, err := d.sessions.SignIn(ctx, "ada", herons)
					signedIn <- err
				}()
				d.awaitWaiting("transactionid")
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			wantError(t, <-signedIn, ErrCredentials)
			if n := d.sessionCount(ada.ID); n != 0 {
				t.Errorf("got %d sessions, want none", n)
			}
		})
	}
}

func TestRunOnceRemovesWhatIsExpired(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ada := d.add("ada", domain.RoleUser)
	live, expired := d.start(ada.ID), d.start(ada.ID)
	d.age(expired, 15*24*time.Hour)
	d.exec(`
		INSERT INTO sessions (token_hash, user_id, expires_at)
		SELECT sha256(n::text::bytea), $1, now()
		FROM generate_series(1, 2 * $2::int) n`, ada.ID.UUID, sweepPage)
	for _, want := range []int64{2*sweepPage + 1, 0} {
		if got, err := d.sessions.runOnce(t.Context()); err != nil || got != want {
			t.Errorf("got %d removed, %v, want %d", got, err, want)
		}
	}
	if n := d.sessionCount(ada.ID); n != 1 {
		t.Errorf("got %d sessions left, want 1", n)
	}
	d.wantSession(live, nil)
}

// signal is a log that says when something was written to it.
type signal chan struct{}

func (s signal) Write(p []byte) (int, error) {
	select {
	case s <- struct{}{}:
	default:
	}
	return len(p), nil
}

func TestRunSweepsUntilItIsEnded(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ada := d.add("ada", domain.RoleUser)
	d.age(d.start(ada.ID), 15*24*time.Hour)
	swept := make(signal, 1)
	sessions := NewSessions(d.accounts, SessionConfig{
		SweepEvery: time.Millisecond,
		Logger:     slog.New(slog.NewTextHandler(swept, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- sessions.Run(ctx) }()
	for range 2 {
		<-swept
		d.age(d.start(ada.ID), 15*24*time.Hour)
	}
	<-swept
	end()
	if err := <-ended; err != nil {
		t.Errorf("got %v after ctx ended, want nil", err)
	}
	if n := d.sessionCount(ada.ID); n != 0 {
		t.Errorf("got %d sessions left, want none", n)
	}
}

func TestTokensAreRandomAndLong(t *testing.T) {
	one, two := newToken(), newToken()
	if len(one) != 43 || one == two || bytes.Equal(tokenHash(one), tokenHash(two)) {
		t.Errorf("got tokens of %d characters, want two different ones of 43", len(one))
	}
}
