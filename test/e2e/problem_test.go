package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"helpdesk/test/program"
)

// problem is the body of every refusal (RFC 9457, API.md "Conventions").
type problem struct {
	Type     string
	Title    string
	Status   int
	Detail   string
	Code     string
	Instance string
	Errors   []struct{ Pointer, Code, Detail string }
}

// pointers returns what a problem finds fault with.
func (p problem) pointers() []string {
	var all []string
	for _, e := range p.Errors {
		all = append(all, e.Pointer)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// internals is what no client may be shown.
var internals = regexp.MustCompile(`(?i)pgx|pgconn|sqlstate|select |insert |goroutine|\.go:|panic|watermill|/work/`)

// refused checks that the answer is a problem document of that status and
// answers it.
func refused(t *testing.T, a program.Answer, status int) problem {
	t.Helper()
	if a.Status != status {
		t.Fatalf("got %d %s, want %d", a.Status, a.Body, status)
	}
	if got, want := a.Header.Get("Content-Type"), "application/problem+json"; got != want {
		t.Errorf("Content-Type: got %q, want %q", got, want)
	}
	var p problem
	if err := json.Unmarshal(a.Body, &p); err != nil {
		t.Fatalf("the body is no problem document: %v\n%s", err, a.Body)
	}
	if p.Status != status || p.Title != http.StatusText(status) || p.Code == "" || p.Detail == "" || p.Type != "/problems/"+p.Code {
		t.Errorf("incomplete problem document: %s", a.Body)
	}
	if got, want := p.Instance, "/requests/"+url.PathEscape(a.Header.Get("X-Request-Id")); got != want {
		t.Errorf("instance: got %q, want %q", got, want)
	}
	if internals.Match(a.Body) {
		t.Errorf("the problem document shows internals: %s", a.Body)
	}
	for _, e := range p.Errors {
		if e.Code == "" || e.Detail == "" {
			t.Errorf("incomplete entry in errors: %s", a.Body)
		}
	}
	switch status {
	case http.StatusMethodNotAllowed:
		if a.Header.Get("Allow") == "" {
			t.Error("405 without Allow")
		}
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		if a.Header.Get("Retry-After") == "" {
			t.Errorf("%d without Retry-After", status)
		}
	case http.StatusUnauthorized:
		if a.Header.Get("WWW-Authenticate") == "" { // RFC 9110 §11.6.1: MUST
			t.Error("401 without WWW-Authenticate")
		}
	}
	return p
}
