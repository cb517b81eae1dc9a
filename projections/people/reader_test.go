package people

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestASearchHasFewParts(t *testing.T) {
	t.Parallel()
	var hundred strings.Builder
	for i := range 100 {
		hundred.WriteString(" w" + strconv.Itoa(i))
	}
	for search, want := range map[string][]string{
		"":                      nil,
		" lisa  müller ":        {"%müller%", "%lisa%"},
		"lisa lisa LISA":        {"%lisa%", "%LISA%"},
		hundred.String():        {"%w0%", "%w1%", "%w2%", "%w3%", "%w4%", "%w5%", "%w6%", "%w7%"},
		strings.Repeat("a ", 9): {"%a%"},
	} {
		if diff := cmp.Diff(want, parts(search)); diff != "" {
			t.Errorf("the parts of %.20q (-want +got):\n%s", search, diff)
		}
	}
}
