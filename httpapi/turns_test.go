package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"helpdesk/edge"
	"helpdesk/httpapi"
	"helpdesk/httpapi/problem"
)

// TestDearCallsTakeTurns makes every call for somebody whose turn does not come.
func TestDearCallsTakeTurns(t *testing.T) {
	front, err := edge.NewFront(edge.Config{RequestTime: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	d := newFakes()
	api := newAPI(t, d, func(_ *Deps, config *httpapi.Config) { config.Front = front })
	session, err := d.Lookup(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	for range max(runtime.GOMAXPROCS(0)/2, 1) {
		turn := front.TurnOf(edge.Caller{Person: session.Account.ID}, httptest.NewRequest(http.MethodGet, "/", nil), true)
		if err := turn.Take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(r request) bool {
		w := r.send(api)
		if w.Code != http.StatusTooManyRequests {
			return false
		}
		if p := decoded[problem.Problem](t, w); p.Code != "too_many_at_once" || w.Header().Get("Retry-After") != "1" {
			t.Errorf("%s %s: %s, Retry-After %q", r.method, r.path, p.Code, w.Header().Get("Retry-After"))
		}
		return true
	}
	var dear []string
	for _, route := range api.Routes() {
		if route.ID == "streamEvents" { // has no end
			continue
		}
		r := request{name: "admin", method: route.Method, path: strings.NewReplacer("{id}", "7", "{level}", "0", "{rest}", "0").Replace(route.Path)}
		if r.method != http.MethodGet {
			r.body = "{"
		}
		if refused(r) {
			dear = append(dear, route.ID)
		}
	}
	slices.Sort(dear)
	want := []string{
		"agentReport", "auditConsistency", "auditInclusion", "bulkTickets", "dailyReport",
		"exportAgentReport", "exportDailyReport", "exportEvents", "exportPriorityReport", "exportResponseTimes",
		"exportStatusDistribution", "exportTickets", "listUsers", "priorityReport", "responseTimes",
		"statusDistribution", "ticketDiff", "ticketHistory", "userHistory",
	}
	if diff := cmp.Diff(want, dear); diff != "" {
		t.Errorf("the calls that take turns (-want +got):\n%s", diff)
	}
	for _, path := range []string{"/api/tickets/7/?version=1", "/api/tickets/?as_of=2026-01-01T00:00:00Z", "/api/comments/?as_of=2026-01-01T00:00:00Z"} {
		if !refused(request{name: "admin", method: http.MethodGet, path: path}) {
			t.Errorf("%s took no turn", path)
		}
	}
	if !refused(request{name: "admin", method: http.MethodPost, path: "/api/tickets/", body: strings.Repeat(" ", 1<<17)}) {
		t.Error("a long body took no turn")
	}
	if refused(request{name: "alice", method: http.MethodGet, path: "/api/tickets/7/history/"}) {
		t.Error("another waits for the caller's turn")
	}
}
