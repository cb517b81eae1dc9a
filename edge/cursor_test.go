package edge

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"helpdesk/projections"
)

func FuzzCursor(f *testing.F) {
	c, err := NewCursors([]byte(strings.Repeat("k", CursorKeySize)))
	if err != nil {
		f.Fatal(err)
	}
	real, err := c.Seal("tickets", projections.Cursor{Key: "a", ID: uuid.UUID{15: 1}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("tickets", real, "2026-01-01", false)
	f.Add("users", real, "1", true)
	f.Add("", "", "", false)
	f.Add("tickets", real+"=", "\x00", true)
	f.Add("tickets", strings.ToUpper(real), "{}", true)
	f.Fuzz(func(t *testing.T, scope, token, key string, back bool) {
		if _, err := c.Open(scope, token); err == nil && (scope != "tickets" || token != real) {
			t.Errorf("a forged token opened: %q in %q", token, scope)
		}
		if !utf8.ValidString(key) {
			return // Postgres keeps no such text
		}
		want := projections.Cursor{Key: key, ID: uuid.NewSHA1(uuid.Nil, []byte(key)), Back: back}
		sealed, err := c.Seal(scope, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Open(scope, sealed)
		if err != nil || got != want {
			t.Errorf("opened %+v, %v, want %+v", got, err, want)
		}
		if _, err := c.Open(scope+"x", sealed); err == nil {
			t.Errorf("%q opens in another list", sealed)
		}
	})
}
