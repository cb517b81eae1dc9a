package httpapi_test

import (
	"testing"

	"helpdesk/httpapi/problem"
)

// What is wrong with a value is said in plain words, with what would be right.
func TestARefusalSaysWhatWouldBeRight(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body string
		want               string // pointer and detail of the first fault
	}{
		"an unknown field":         {"POST", "/api/tickets/", `{"title":"x","description":"y","titel":"z"}`, "/titel unknown field: titel"},
		"an unknown parameter":     {"GET", "/api/tickets/?statu=open", "", "?statu unknown parameter: statu"},
		"another type":             {"POST", "/api/tickets/", `{"title":1,"description":"y"}`, "/title must be a string, not a number"},
		"none of several types":    {"POST", "/api/comments/", `{"ticket":true,"text":"y"}`, "/ticket must be a whole number or a string, not true or false"},
		"a field that is missing":  {"POST", "/api/tickets/", `{"title":"x"}`, "/description a value is required"},
		"a value that is none":     {"POST", "/api/tickets/", `{"title":"x","description":"y","priority":"urgent"}`, "/priority must be one of low, medium, high"},
		"a number that is too big": {"GET", "/api/tickets/?page_size=101", "", "?page_size must be at most 100"},
		"a number that is none":    {"GET", "/api/tickets/?page_size=x", "", "?page_size must be a whole number"},
		"a switch that is none":    {"GET", "/api/tickets/?count=yes", "", "?count must be true or false"},
		"a time that is none":      {"GET", "/api/tickets/?as_of=yesterday", "", "?as_of must be a time with its zone, such as 2026-01-31T12:00:00Z"},
		"a parameter given twice":  {"GET", "/api/tickets/?title=a&title=b", "", "?title must be given only once"},
	} {
		t.Run(name, func(t *testing.T) {
			w := request{name: "alice", method: c.method, path: c.path, body: c.body}.send(newAPI(t, newFakes(), nil))
			p := decoded[problem.Problem](t, w)
			if w.Code != 400 || len(p.Errors) == 0 || p.Detail != "the request is not valid; errors says where" {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if got := p.Errors[0].Pointer + " " + p.Errors[0].Detail; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
