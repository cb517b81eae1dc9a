package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
)

func (d *registry) tokens() *Tokens { return NewTokens(d.accounts) }

func (d *registry) token(owner user.Account, t Token) (string, Token) {
	d.t.Helper()
	t.ID = uuid.Must(uuid.NewV7())
	secret, made, err := d.tokens().Create(d.t.Context(), owner.ID, t)
	if err != nil {
		d.t.Fatal(err)
	}
	return secret, made
}

func (d *registry) lookup(secret string) (Token, user.Account, error) {
	return d.tokens().Lookup(d.t.Context(), secret)
}

func TestATokenActsForItsOwner(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ann := d.add("ann", domain.RoleAgent)
	secret, made := d.token(ann, Token{Name: "export", ReadOnly: true})
	if !strings.HasPrefix(secret, "hd_") || len(secret) < 3+22 { // 128 bits are 22 emails
		t.Errorf("the secret is %q", secret)
	}
	got, account, err := d.lookup(secret)
	if err != nil || account != ann || got.ID != made.ID || !got.ReadOnly || got.Name != "export" {
		t.Errorf("got %+v of %+v, %v", got, account, err)
	}
	var stored bool
	const q = `SELECT EXISTS (SELECT FROM tokens AS t WHERE position($1 IN t::text) > 0 OR position(encode($1::bytea, 'hex') IN t::text) > 0)`
	if err := d.pool.QueryRow(t.Context(), q, secret[3:]).Scan(&stored); err != nil || stored {
		t.Errorf("the secret is stored: %v, %v", stored, err)
	}
	for _, wrong := range []string{"", "hd_", secret + "x", strings.ToUpper(secret), secret[3:], "hd_" + newToken(), "hd_\x00" + secret[4:]} {
		if _, _, err := d.lookup(wrong); !errors.Is(err, ErrNoToken) {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
}

func TestATokenEnds(t *testing.T) {
	t.Parallel()
	soon := time.Now().Add(time.Hour)
	for _, c := range []struct {
		name string
		end  func(d *registry, ann user.Account, made Token) error
		ends bool
	}{
		{"when it is revoked", func(d *registry, ann user.Account, made Token) error {
			return d.tokens().Revoke(d.t.Context(), ann.ID, made.ID)
		}, true},
		{"at its expiry", func(d *registry, _ user.Account, _ Token) error {
			d.exec(`UPDATE tokens SET expires_at = now()`)
			return nil
		}, true},
		{"with its owner's activity", func(d *registry, ann user.Account, _ Token) error {
			ann.Active = false
			return d.in(d.accounts.Update(ann))
		}, true},
		{"with its owner's role", func(d *registry, ann user.Account, _ Token) error {
			ann.Role = domain.RoleAdmin
			return d.in(d.accounts.Update(ann))
		}, true},
		{"not with a new address", func(d *registry, ann user.Account, _ Token) error {
			ann.Email = "other@example.com"
			return d.in(d.accounts.Update(ann))
		}, false},
		{"not with a new password", func(d *registry, ann user.Account, _ Token) error {
			return d.in(d.accounts.SetPassword(ann.ID, NoPassword, nil))
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newRegistry(t)
			d.add("root", domain.RoleAdmin)
			ann := d.add("ann", domain.RoleAgent)
			secret, made := d.token(ann, Token{Name: "x", ExpiresAt: &soon})
			if err := c.end(d, ann, made); err != nil {
				t.Fatal(err)
			}
			if _, _, err := d.lookup(secret); errors.Is(err, ErrNoToken) != c.ends {
				t.Errorf("got %v, want an end: %v", err, c.ends)
			}
			ann.Active = true
			if err := d.in(d.accounts.Update(ann)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := d.lookup(secret); c.ends && err == nil {
				t.Error("it came back")
			}
		})
	}
}

func TestTheUseOfATokenIsDueOnceAnHour(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	secret, made := d.token(d.add("ann", domain.RoleAdmin), Token{Name: "x"})
	due := func(want bool) {
		t.Helper()
		if got, _, err := d.lookup(secret); err != nil || got.UseDue != want {
			t.Errorf("due: %v, %v, want %v", got.UseDue, err, want)
		}
	}
	due(true)
	if err := d.in(d.tokens().RecordUse(made.ID)); err != nil {
		t.Fatal(err)
	}
	due(false)
	wantError(t, d.in(d.tokens().RecordUse(made.ID)), access.ErrRecorded)
	d.exec(`UPDATE tokens SET use_recorded_at = use_recorded_at - interval '61 minutes'`)
	due(true)
	if err := d.in(d.tokens().RecordUse(made.ID)); err != nil {
		t.Error(err)
	}
	wantError(t, d.in(d.tokens().RecordUse(uuid.New())), access.ErrRecorded) // revoked meanwhile
}

func TestNobodyRevokesATokenOfOthers(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ann, bob := d.add("ann", domain.RoleUser), d.add("bob", domain.RoleAdmin)
	_, made := d.token(ann, Token{Name: "x"})
	wantError(t, d.tokens().Revoke(t.Context(), bob.ID, made.ID), domain.ErrNotFound)
	_, _, err := d.tokens().Create(t.Context(), bob.ID, Token{ID: made.ID, Name: "y"})
	if err == nil {
		t.Error("a token of the same id was made for another")
	}
	if all, err := d.tokens().List(t.Context(), bob.ID); err != nil || len(all) != 0 {
		t.Errorf("bob has %v, %v", all, err)
	}
}

func TestTheSameTokenMadeAgainHasANewSecret(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ann := d.add("ann", domain.RoleUser)
	first, made := d.token(ann, Token{Name: "x"})
	second, _, err := d.tokens().Create(t.Context(), ann.ID, Token{ID: made.ID, Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	_, _, firstErr := d.lookup(first)
	_, _, secondErr := d.lookup(second)
	if !errors.Is(firstErr, ErrNoToken) || secondErr != nil {
		t.Errorf("the first: %v, the second: %v", firstErr, secondErr)
	}
}

func TestTheUseOfATokenIsNotedOnceAMinute(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ann := d.add("ann", domain.RoleUser)
	secret, _ := d.token(ann, Token{Name: "x"})
	lastUse := func() time.Time {
		all, err := d.tokens().List(t.Context(), ann.ID)
		if err != nil || len(all) != 1 || all[0].LastUsedAt == nil {
			t.Fatalf("got %+v, %v", all, err)
		}
		return *all[0].LastUsedAt
	}
	use := func() time.Time {
		if _, _, err := d.lookup(secret); err != nil {
			t.Fatal(err)
		}
		return lastUse()
	}
	if first := use(); !use().Equal(first) {
		t.Error("noted twice within a minute")
	}
	d.exec(`UPDATE tokens SET last_used_at = last_used_at - interval '61 seconds'`)
	if before := lastUse(); !use().After(before) {
		t.Error("not noted after a minute")
	}
}

func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ann := d.add("ann", domain.RoleUser)
	d.exec(`INSERT INTO tokens (id, user_id, name, token_hash, read_only)
		SELECT gen_random_uuid(), $1, n::text, sha256(n::text::bytea), false FROM generate_series(1, $2::int) AS n`, ann.ID.UUID, MaxTokens)
	_, _, err := d.tokens().Create(t.Context(), ann.ID, Token{ID: uuid.New(), Name: "x"})
	wantError(t, err, ErrTooManyTokens)
	d.exec(`UPDATE tokens SET expires_at = now() WHERE name = '1'`)
	d.token(ann, Token{Name: "x"})
	ann.Active = false
	if err := d.in(d.accounts.Update(ann)); err != nil {
		t.Fatal(err)
	}
	_, _, err = d.tokens().Create(t.Context(), ann.ID, Token{ID: uuid.New(), Name: "x"})
	wantError(t, err, ErrNoSession)
}
