package prose

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("nine more ", 10) // 100 characters with the space at its end
	for name, c := range map[string]struct{ text, want string }{
		"a line that fits":       {"Short.\n", "Short.\n"},
		"a paragraph":            {long + "and on.\n", strings.TrimSuffix(long, " ") + "\nand on.\n"},
		"an entry of a list":     {"- " + long + "on\n", "- " + strings.TrimSuffix(long, " more ") + "\n  more on\n"},
		"a row of a table":       {"| " + long + long + "|\n", "| " + long + long + "|\n"},
		"code":                   {"```\n" + long + long + "\n```\n", "```\n" + long + long + "\n```\n"},
		"code in a paragraph":    {long + "`and so on` then\n", strings.TrimSuffix(long, " ") + "\n`and so on` then\n"},
		"code at a break":        {strings.Repeat("x", 90) + " `go test ./...` it\n", strings.Repeat("x", 90) + "\n`go test ./...` it\n"},
		"what cannot be broken":  {strings.Repeat("x", 120) + "\n", strings.Repeat("x", 120) + "\n"},
		"no newline at its end":  {"a b", "a b"},
		"umlauts are one letter": {strings.Repeat("ä", 98) + " b\n", strings.Repeat("ä", 98) + " b\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, Wrap(c.text)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
