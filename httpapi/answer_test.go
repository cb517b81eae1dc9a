package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/problem"
)

func TestEveryKindOfErrorHasItsStatus(t *testing.T) {
	cases := []struct {
		name   string
		err    error
		status int
		code   string
		faults []string
	}{
		{"invalid, in a member", domain.ErrTooLong.On("title"), 400, problem.CodeInvalid, []string{"/title max_length"}},
		{"unauthenticated", &domain.Error{Kind: domain.KindUnauthenticated, Code: "x"}, 401, "x", nil},
		{"forbidden", domain.ErrForbidden, 403, "forbidden", nil},
		{"not found, wrapped", fmt.Errorf("load: %w", domain.ErrNotFound), 404, "not_found", nil},
		{"repeated", commands.ErrRepeated, 409, commands.ErrRepeated.Code, nil},
		{"stale", domain.ErrStale, 412, "stale_version", nil},
		{"refused by a rule", ticket.ErrAssignee, 422, "assignee_not_active_staff", []string{"/assigned_to assignee_not_active_staff"}},
		{"busy", commands.ErrBusy, 503, "busy", nil},
		{"the client is gone", fmt.Errorf("load: %w", context.Canceled), 503, problem.CodeUnavailable, nil},
		{"out of time", context.DeadlineExceeded, 503, problem.CodeUnavailable, nil},
		{"a kind that is none", &domain.Error{Code: "secret", Message: "secret"}, 500, problem.CodeInternal, nil},
		{"anything else", errors.New("secret"), 500, problem.CodeInternal, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newFakes()
			d.readErr = c.err
			// Through another handler: no read gives most of these, says the document.
			unchecked := http.HandlerFunc(newAPI(t, d, nil).ServeHTTP)
			w := request{name: "alice", method: http.MethodGet, path: "/api/tickets/7/", head: []string{"X-Request-Id: a b"}}.send(unchecked)
			got := decoded[problem.Problem](t, w)
			if w.Code != c.status || got.Status != c.status || got.Code != c.code {
				t.Errorf("status %d, %d in the body, code %q, want %d, %q", w.Code, got.Status, got.Code, c.status, c.code)
			}
			if got.Type != "/problems/"+c.code || got.Instance != "/requests/a%20b" || got.Title != http.StatusText(c.status) {
				t.Errorf("type %q, instance %q, title %q", got.Type, got.Instance, got.Title)
			}
			if diff := cmp.Diff(c.faults, faults(got)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("the answer tells what is for the log: %s", w.Body)
			}
			if retry := w.Header().Get("Retry-After"); (retry != "") != (c.status == 503) {
				t.Errorf("Retry-After %q", retry)
			}
			if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %q", got)
			}
		})
	}
}

func TestWhatNobodyForesawIsLoggedWithTheRequestID(t *testing.T) {
	var log strings.Builder
	d := newFakes()
	d.readErr = errors.New("secret")
	api := newAPI(t, d, func(deps *Deps, _ *httpapi.Config) { deps.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	request{name: "alice", method: http.MethodGet, path: "/api/tickets/7/?", head: []string{"X-Request-Id: r-1"}}.send(api)
	for _, want := range []string{"secret", "request_id=r-1", "route=/api/tickets/:id", "status=500", "user_id=" + aliceID.String()} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, &log)
		}
	}
}

func TestAPanicIsABare500(t *testing.T) {
	var log strings.Builder
	api := newAPI(t, newFakes(), func(deps *Deps, _ *httpapi.Config) { deps.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	// The fake has no comments: its embedded Reader is nil.
	w := request{name: "alice", method: http.MethodGet, path: "/api/comments/"}.send(api)
	if got := decoded[problem.Problem](t, w); w.Code != http.StatusInternalServerError || got.Code != problem.CodeInternal {
		t.Errorf("status %d, code %q", w.Code, got.Code)
	}
	if !strings.Contains(log.String(), "stack=") {
		t.Errorf("the log lacks the stack:\n%s", &log)
	}
}

func TestAddresses(t *testing.T) {
	cases := []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/api/tickets/7/", 200, ""},
		{"GET", "/api/tickets/7", 200, ""},
		{"HEAD", "/api/tickets/7", 200, ""},
		{"GET", "/api/tickets/01900000-0000-7000-8000-0000000000f1/", 200, ""},
		{"GET", "/api/tickets/01900000000070008000000000000000f1/", 404, ""},
		{"GET", "/api/tickets/8/", 404, ""},
		{"GET", "/api/tickets/007/", 404, ""},
		{"GET", "/api/tickets/7//", 404, ""},
		{"GET", "/api/tickets/seven/", 404, ""},
		{"GET", "/api/tickets/%00/", 404, ""},
		{"GET", "/api/users/a%00b/", 404, ""},
		{"GET", "/api/users/alice/", 200, ""},
		{"GET", "/api/users/agent/", 404, ""},
		{"GET", "/api/users/", 403, ""},
		{"GET", "/api/report/", 403, ""},
		{"GET", "/api/nothing/", 404, ""},
		{"GET", "/api/", 404, ""},
		{"POST", "/", 405, "GET, HEAD"},
		{"DELETE", "/api/tickets/", 405, "GET, HEAD, POST"},
		{"OPTIONS", "/api/report", 405, "GET, HEAD"},
		{"POST", "/healthz", 405, "GET, HEAD"},
		{"GET", "/healthz", 200, ""},
		{"GET", "/readyz", 200, ""},
		{"GET", "/metrics", 404, ""},
	}
	api := newAPI(t, newFakes(), nil)
	for _, c := range cases {
		w := request{name: "alice", method: c.method, path: c.path}.send(api)
		if w.Code != c.status {
			t.Errorf("%s %s: status %d, want %d", c.method, c.path, w.Code, c.status)
		}
		if c.status >= 400 && c.method != "HEAD" {
			decoded[problem.Problem](t, w)
		}
		if got := sorted(w.Header().Get("Allow")); got != c.allow {
			t.Errorf("%s %s: Allow %q, want %q", c.method, c.path, got, c.allow)
		}
	}
}

func TestEveryCallButThreeNeedsASession(t *testing.T) {
	api := newAPI(t, newFakes(), nil)
	seen := map[string]bool{}
	for _, r := range api.Routes() {
		if seen[r.ID] || r.Summary == "" || !strings.HasSuffix(r.Path, "/") {
			t.Errorf("route %+v", r)
		}
		seen[r.ID] = true
		w := request{method: r.Method, path: strings.ReplaceAll(r.Path, "{id}", "7"), body: "{"}.send(api)
		want := http.StatusUnauthorized
		if r.ID == "register" || r.ID == "login" {
			want = http.StatusBadRequest
		}
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", r.ID, w.Code, want)
		}
		if want == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: no WWW-Authenticate", r.ID)
		}
	}
}

func TestABrowsersRequestFromElsewhereIsRefused(t *testing.T) {
	cases := []struct {
		method, head string
		status       int
	}{
		{"POST", "Sec-Fetch-Site: cross-site", 403},
		{"POST", "Sec-Fetch-Site: same-origin", 200},
		{"POST", "Origin: https://evil.example", 403},
		{"POST", "Origin: http://example.com", 200}, // the Host of httptest
		{"POST", "Origin: https://desk.example", 200},
		{"GET", "Origin: https://evil.example", 405},
	}
	api := newAPI(t, newFakes(), func(_ *Deps, c *httpapi.Config) { c.PublicURL = "https://desk.example/" })
	for _, c := range cases {
		w := request{name: "alice", method: c.method, path: "/api/tickets/7/close/", head: []string{c.head}}.send(api)
		if w.Code != c.status {
			t.Errorf("%s with %s: status %d, want %d", c.method, c.head, w.Code, c.status)
		}
	}
}

func TestReadinessNamesWhatIsNotReady(t *testing.T) {
	api := newAPI(t, newFakes(), func(d *Deps, _ *httpapi.Config) {
		d.Checks = []httpapi.Check{
			{Name: "database", Ready: func(context.Context) error { return errors.New("secret") }},
			{Name: "projections", Ready: func(context.Context) error { return nil }},
		}
	})
	w := request{method: http.MethodGet, path: "/readyz/"}.send(api)
	got := decoded[problem.Problem](t, w)
	if diff := cmp.Diff([]string{"database not_ready"}, faults(got)); w.Code != 503 || diff != "" {
		t.Errorf("status %d (-want +got):\n%s", w.Code, diff)
	}
	if strings.Contains(w.Body.String(), "secret") || w.Header().Get("Retry-After") == "" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}

func TestReadinessNamesWhatIsPaused(t *testing.T) {
	t.Parallel()
	api := newAPI(t, newFakes(), func(d *Deps, _ *httpapi.Config) { d.Paused = func() []string { return []string{"ticket_list"} } })
	w := request{method: http.MethodGet, path: "/readyz"}.send(api)
	if got, want := w.Body.String(), `{"status":"ready","paused":["ticket_list"]}`+"\n"; w.Code != http.StatusOK || got != want {
		t.Errorf("status %d, got %s, want %s", w.Code, got, want)
	}
}
