package auth

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/user"
)

func TestNamesOfOtherScriptsThatLookAlike(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	for _, c := range []struct {
		name, first, second string
		taken               bool
	}{
		{"a Cyrillic one like a Latin one", "coc", "\u0441\u043e\u0441", true},
		{"a Latin one like a Cyrillic one", "\u0440\u043e\u0440\u0435", "pope", true},
		{"in capitals", "bob-x", "\u0412\u041e\u0412-\u0425", true},
		{"a Greek one, which is like it in capitals alone", "too", "\u03c4\u03bf\u03bf", true},
		{"a Greek one", "duo", "\u03b4\u03c5\u03bf", false},
		{"of one script", "barn", "bam", false},
		{"digits and letters", "agent1", "agentl", false},
		{"a Cyrillic one like none", "anna", "\u0436\u0430\u043d\u043d\u0430", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.add(c.first, domain.RoleUser)
			err := d.in(d.accounts.Insert(person(c.second, domain.RoleUser), "hash"))
			if (err != nil) != c.taken || (err != nil && !errors.Is(err, user.ErrUsernameTaken)) {
				t.Errorf("%q beside %q: got %v, taken is %v", c.second, c.first, err, c.taken)
			}
		})
	}
}

func TestNamesFromBeforeAreFoundOnceTheyAreFilledIn(t *testing.T) {
	t.Parallel()
	d := newRegistry(t)
	ada, gone := d.add("coc", domain.RoleUser), d.add("pope", domain.RoleUser)
	d.exec(`UPDATE accounts SET lookalikes = NULL`)
	if err := d.in(d.accounts.Erase(gone.ID)); err != nil {
		t.Fatal(err)
	}
	alike := person("\u0441\u043e\u0441", domain.RoleUser)
	undone := errors.New("undone")
	try := func() error {
		return d.in(func(ctx context.Context, tx pgx.Tx) error {
			if err := d.accounts.Insert(alike, "hash")(ctx, tx); err != nil {
				return err
			}
			return undone
		})
	}
	if err := try(); !errors.Is(err, undone) {
		t.Errorf("before: got %v", err)
	}
	for range 2 {
		if err := d.accounts.FillLookalikes(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := try(); !errors.Is(err, user.ErrUsernameTaken) {
		t.Errorf("like %s: got %v, want %v", ada.Username, err, user.ErrUsernameTaken)
	}
	if err := d.in(d.accounts.Insert(person("\u0440\u043e\u0440\u0435", domain.RoleUser), "hash")); err != nil {
		t.Errorf("like somebody who was erased: %v", err)
	}
}
