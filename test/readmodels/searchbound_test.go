package readmodels

import (
	"math/rand/v2"
	"strings"
	"testing"

	"helpdesk/domain/ticket"
	"helpdesk/projections/terms"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestNoTicketHasMoreTermsThanPostgresHolds(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).OwnerPool(t)
	rng := rand.New(rand.NewPCG(1, 2))
	of := func(low, many rune, parted string) string { // as long as a comment may be
		var b strings.Builder
		for n := range ticket.CommentMax {
			if parted != "" && n%3 == 2 {
				b.WriteString(parted)
			} else {
				b.WriteRune(low + rng.Int32N(many))
			}
		}
		return b.String()
	}
	for what, text := range map[string]func() string{
		"two characters are a term of 6 bytes": func() string { return of(0x4e00, 20_000, "") },
		"of 8 bytes":                           func() string { return of(0x20000, 40_000, "") },
		"two words are one, too":               func() string { return of('а', 32, ".") },
		"some are alone":                       func() string { return of('가', 11_000, "-") },
		"one character is 18":                  func() string { return strings.Repeat("\ufdfa", ticket.CommentMax) },
		"dashes are kept":                      func() string { return of(0x4e00, 20_000, " -") },
		"numbers are parted":                   func() string { return of('0', 10, "-") },
	} {
		var vectors []string
		for room := 100_000; ; {
			vector, size := terms.Vector(text(), true)
			if room -= size; room < 0 {
				break
			}
			vectors = append(vectors, vector)
		}
		if n := kit.One[int](t, pool, `SELECT length(read.words_together(v::tsvector)) FROM unnest($1::text[]) AS v`, vectors); n == 0 {
			t.Errorf("%s: of %d texts nothing is kept", what, len(vectors))
		}
	}
}
