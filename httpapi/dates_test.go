package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestNoParameterTakesAYearOfFiveDigits tries each parameter that is a day or an
// instant, of each operation that the document has.
func TestNoParameterTakesAYearOfFiveDigits(t *testing.T) {
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
	outside := map[string][]string{
		"date":      {"9999-12-31", "0001-01-01"},
		"date-time": {"9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z"},
	}
	tried := 0
	for path, operations := range document.Paths {
		path = strings.ReplaceAll(path, "{id}", ticketID.String())
		for method, operation := range operations {
			for _, p := range operation.Parameters {
				for _, value := range outside[p.Schema.Format] {
					tried++
					w := request{name: "admin", method: strings.ToUpper(method), path: path + "?" + p.Name + "=" + value}.send(h)
					if w.Code != 400 || !strings.Contains(w.Body.String(), `"out_of_range"`) {
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
