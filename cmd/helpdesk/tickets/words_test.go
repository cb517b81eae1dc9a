package tickets

import (
	"testing"
	"time"

	"helpdesk/cmd/helpdesk/program"
)

func TestALineThatCannotBeReadIsRefusedInWords(t *testing.T) {
	for text, want := range map[string]string{
		`{"title": 7}`:                        "title: a JSON number is not allowed here",
		`{"created_by": {}}`:                  "created_by: a JSON object is not allowed here",
		`{"occurred_at": "yesterday"}`:        `occurred_at: "yesterday" is not an instant such as 2020-01-31T08:00:00Z`,
		`{"colour": "red"}`:                   "colour: unknown field",
		`["a"]`:                               "a JSON array is not allowed here",
		`{"title": "a"`:                       "it is not a JSON object: unexpected EOF",
		`title,description`:                   "it is not a JSON object: invalid character 'i' in literal true (expecting 'r')",
		`{"created_by": "ann", "title": "a"}`: "occurred_at: a value is required",
		`{"created_by": "ann", "title": "a", "occurred_at": "0026-01-31T08:00:00Z"}`: "occurred_at: the year must be from 1000 to 9999",
		`{"occurred_at": "2020-01-31T08:00:00Z"} 7`:                                  "there is more on it than one object",
	} {
		if _, err := parseImport([]byte(text), time.Now()); err == nil || program.Explain(err) != want {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
