package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestNoParameterTakesAYearOfFiveDigits tries each parameter that is a day or an
// instant, of each operation that the document has.
func TestNoParameterTakesAYearOfFiveDigits(t *testing.T) {
	tryDates(t, map[string][]string{
		"date":      {"9999-12-31", "0001-01-01"},
		"date-time": {"9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z"},
	}, func(code int, body, name string) bool { return code == 400 && strings.Contains(body, `"out_of_range"`) })
}

// TestEachParameterTakesTheInstantsOfRFC3339 tries each parameter that is an instant.
func TestEachParameterTakesTheInstantsOfRFC3339(t *testing.T) {
	refused := func(code int, body, name string) bool {
		return code == 400 && strings.Contains(body, `"?`+name+`"`) && strings.Contains(body, `"format"`)
	}
	tryDates(t, map[string][]string{
		"date-time": {"2025-01-31T12:00:00%2B24:00", "2025-01-31T12:00:00+24:00", "2025-01-31T12:00:00,5Z", "2025-01-31T12:00:00"},
	}, refused)
	tryDates(t, map[string][]string{
		"date-time": {"2025-01-31t12:00:00z", "2025-01-31T12:00:00%2B23:59", "2025-01-31T12:00:00+01:00", "2025-01-31T12:00:00.5Z"},
	}, func(code int, body, name string) bool { return !refused(code, body, name) })
}

// tryDates sends the values of its format in each parameter, and fails the test where an
// answer is not as it is to be.
func tryDates(t *testing.T, values map[string][]string, right func(code int, body, name string) bool) {
	t.Helper()
	h := newAPI(t, &fakes{}, nil)
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name, In string
				Schema   struct{ Format string }
			}
		}
	}
	if err := json.Unmarshal(described(t), &document); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for path, operations := range document.Paths {
		path = strings.ReplaceAll(path, "{id}", ticketID.String())
		for method, operation := range operations {
			for _, p := range operation.Parameters {
				for _, value := range values[p.Schema.Format] {
					tried++
					w := request{name: "admin", method: strings.ToUpper(method), path: path + "?" + p.Name + "=" + value}.send(h)
					if !right(w.Code, w.Body.String(), p.Name) {
						t.Errorf("%s %s?%s=%s: got %d %.200s", method, path, p.Name, value, w.Code, w.Body)
					}
				}
			}
		}
	}
	if tried < 30 {
		t.Errorf("%d were tried", tried)
	}
}
