package projections_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/httpapi/apitest"
	"helpdesk/httpapi/projections"
	"helpdesk/rebuild"
)

// cabinet is one projection, which notes what is done to it.
type cabinet struct {
	status rebuild.Status
	done   []string
}

func (s *cabinet) List(context.Context) ([]rebuild.Status, error) {
	return []rebuild.Status{s.status}, nil
}

func (s *cabinet) Status(_ context.Context, name string) (rebuild.Status, error) {
	if name != s.status.Name {
		return rebuild.Status{}, domain.ErrNotFound
	}
	return s.status, nil
}

func (s *cabinet) note(what, name string) error {
	if name != s.status.Name {
		return domain.ErrNotFound
	}
	s.done = append(s.done, what)
	return nil
}

func (s *cabinet) Pause(_ context.Context, name string) error  { return s.note("pause", name) }
func (s *cabinet) Resume(_ context.Context, name string) error { return s.note("resume", name) }

func (s *cabinet) Request(_ context.Context, name string, accept bool) error {
	if accept {
		return s.note("rebuild and accept", name)
	}
	return s.note("rebuild", name)
}

func newCabinet() *cabinet {
	left := 90 * time.Second
	return &cabinet{status: rebuild.Status{
		Name: "ticket_list", State: rebuild.Rebuilding, Position: 90, Head: 100, Failed: 2, Version: 1, CodeVersion: 2,
		Rebuild: &rebuild.Rebuild{
			Kind: rebuild.FromLog, Phase: rebuild.Filling, Active: true, Position: 30, Target: 90, Rate: 20_000.4, Remaining: &left, BeganAt: apitest.Noon, MovedAt: apitest.Noon,
		},
	}}
}

func TestAProjectionIsShownAsItStands(t *testing.T) {
	t.Parallel()
	const shown = `{"name":"ticket_list","state":"rebuilding","position":90,"head":100,"lag":10,"failed":2,"paused_at":null,` +
		`"tables_version":1,"code_version":2,"previous_position":null,"rebuild":{"kind":"rebuild","phase":"filling","active":true,"position":30,` +
		`"target":90,"progress":0.333,"events_per_second":20000,"remaining_seconds":90,"began_at":"2026-01-31T12:00:00.120000Z",` +
		`"ended_at":null,"error":null,"error_position":null}}`
	s := newCabinet()
	api := apitest.Serve(t, projections.Resource{Standing: s, Control: s}.Routes())
	for path, want := range map[string]string{
		"/api/projections/":             `{"results":[` + shown + `]}`,
		"/api/projections/ticket_list/": shown,
	} {
		t.Run(path, func(t *testing.T) {
			w := apitest.Request{As: "admin", Method: http.MethodGet, Path: path}.Send(t, api)
			if diff := cmp.Diff(want+"\n", w.Body.String()); w.Code != http.StatusOK || diff != "" {
				t.Errorf("status %d (-want +got):\n%s", w.Code, diff)
			}
		})
	}
	s.status.Rebuild = &rebuild.Rebuild{Kind: rebuild.FromLog, Phase: rebuild.Failed, BeganAt: apitest.Noon, EndedAt: &apitest.Noon, Error: "no good"}
	w := apitest.Request{As: "admin", Method: http.MethodGet, Path: "/api/projections/ticket_list/"}.Send(t, api)
	if !strings.Contains(w.Body.String(), `"error":"no good"`) {
		t.Errorf("why it failed is not said: %s", w.Body)
	}
}

func TestAdminsHoldAndRebuildProjections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, verb, body string
		status           int
		done             []string
	}{
		{"admin", "rebuild", `{}`, http.StatusAccepted, []string{"rebuild"}},
		{"admin", "rebuild", `{"accept":true}`, http.StatusAccepted, []string{"rebuild and accept"}},
		{"admin", "pause", "", http.StatusOK, []string{"pause"}},
		{"admin", "resume", "", http.StatusOK, []string{"resume"}},
		{"agent", "rebuild", `{}`, http.StatusForbidden, nil},
		{"agent", "pause", "", http.StatusForbidden, nil},
		{"alice", "resume", "", http.StatusForbidden, nil},
		{"", "rebuild", `{}`, http.StatusUnauthorized, nil},
	} {
		t.Run(c.verb+" "+c.body+" by "+c.name, func(t *testing.T) {
			s := newCabinet()
			api := apitest.Serve(t, projections.Resource{Standing: s, Control: s}.Routes())
			w := apitest.Request{As: c.name, Method: http.MethodPost, Path: "/api/projections/ticket_list/" + c.verb + "/", Body: c.body}.Send(t, api)
			if diff := cmp.Diff(c.done, s.done); w.Code != c.status || diff != "" {
				t.Errorf("%s by %q: status %d, want %d (-want +got):\n%s", c.verb, c.name, w.Code, c.status, diff)
			}
			if got := w.Header().Get("Location"); (c.status == http.StatusAccepted) != (got == "/api/projections/ticket_list/") {
				t.Errorf("%s by %q: Location %q", c.verb, c.name, got)
			}
			w = apitest.Request{As: "admin", Method: http.MethodPost, Path: "/api/projections/nothing/" + c.verb + "/", Body: c.body}.Send(t, api)
			if w.Code != http.StatusNotFound {
				t.Errorf("%s of nothing: status %d", c.verb, w.Code)
			}
		})
	}
}
