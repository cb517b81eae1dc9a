package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"helpdesk/edge"
	"helpdesk/httpapi"
	"helpdesk/httpapi/problem"
)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// limited makes an API with limits whose clock the test moves.
func limited(t *testing.T, d *fakes, perMinute int) (*httpapi.API, *clock) {
	c := &clock{at: noon}
	return newAPI(t, d, func(deps *Deps, config *httpapi.Config) {
		config.RateLimit, config.Now = perMinute, c.now
		deps.Passwords = &registry{}
	}), c
}

// quota shows what an answer says of the limit.
func quota(w *httptest.ResponseRecorder) string {
	h := w.Header()
	return strings.Join([]string{
		fmt.Sprint(w.Code), h.Get("RateLimit-Limit"), h.Get("RateLimit-Remaining"), h.Get("RateLimit-Reset"), h.Get("Retry-After"),
	}, " ")
}

func TestACallerHasSoManyCallsAMinute(t *testing.T) {
	api, clock := limited(t, newFakes(), 3)
	get := func(name string) string { return quota(request{name: name, method: "GET", path: "/api/me/"}.send(api)) }
	var got []string
	for range 4 {
		got = append(got, get("alice"))
	}
	got = append(got, get("admin")) // another person's calls are their own
	clock.pass(19 * time.Second)
	got = append(got, get("alice"))
	clock.pass(time.Second)
	got = append(got, get("alice"))
	clock.pass(time.Hour)
	got = append(got, get("alice"))
	want := []string{
		"200 3 2 20 ", "200 3 1 40 ", "200 3 0 60 ", "429 3 0 60 20",
		"200 3 2 20 ", "429 3 0 41 1", "200 3 0 60 ", "200 3 2 20 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status, limit, remaining, reset, retry (-want +got):\n%s", diff)
	}
}

func TestEveryAnswerSaysWhatIsLeft(t *testing.T) {
	api, _ := limited(t, newFakes(), 100)
	for call, status := range map[string]int{
		"GET /api/tickets/7/": 200, "GET /api/nothing/": 404, "PUT /api/me/": 405, "POST /api/tickets/": 400, "GET /api/users/": 403,
	} {
		t.Run(call, func(t *testing.T) {
			method, path, _ := strings.Cut(call, " ")
			w := request{name: "alice", method: method, path: path}.send(api)
			if w.Code != status || w.Header().Get("RateLimit-Limit") != "100" {
				t.Errorf("%s", quota(w))
			}
		})
	}
	w := request{method: "POST", path: "/api/tickets/", head: []string{"Sec-Fetch-Site: cross-site"}}.send(api)
	if w.Code != 403 || w.Header().Get("RateLimit-Remaining") == "" {
		t.Errorf("from another origin: %s", quota(w))
	}
	if w := (request{method: "GET", path: "/healthz"}).send(api); w.Header().Get("RateLimit-Limit") != "" {
		t.Errorf("/healthz is counted: %s", quota(w))
	}
}

func TestATokenAndASessionAreOneCaller(t *testing.T) {
	api, _ := limited(t, newFakes(), 2)
	request{name: "alice", method: "GET", path: "/api/me/"}.send(api)
	request{method: "GET", path: "/api/me/", head: []string{"Authorization: Bearer hd_alice"}}.send(api)
	if w := (request{name: "alice", method: "GET", path: "/api/me/"}).send(api); w.Code != 429 {
		t.Errorf("the third call: %s", quota(w))
	}
	if got := quota(request{name: "nobody", method: "GET", path: "/api/me/"}.send(api)); got != "401 2 1 30 " { // by address
		t.Errorf("who is not signed in: %s", got)
	}
}

func TestZeroSwitchesEveryLimitOff(t *testing.T) {
	api, _ := limited(t, newFakes(), 0)
	for range 3 * edge.FailuresPerPlace {
		signIn(api, "alice", "wrong")
	}
	if w := signIn(api, "alice", "right"); w.Code != 200 || w.Header().Get("RateLimit-Limit") != "" {
		t.Errorf("got %s", quota(w))
	}
}

func signIn(api http.Handler, name, password string) *httptest.ResponseRecorder {
	return request{method: "POST", path: "/api/login/", body: fmt.Sprintf(`{"username":%q,"password":%q}`, name, password)}.send(api)
}

func TestWrongPasswordsAreLimitedByName(t *testing.T) {
	api, clock := limited(t, newFakes(), 10_000)
	for range 3 * edge.FailuresPerPlace {
		if w := signIn(api, "admin", "right"); w.Code != 200 {
			t.Fatalf("a right password counted: %s", w.Body)
		}
	}
	for i := range edge.FailuresPerPlace {
		if w := signIn(api, []string{"alice", " ALICE "}[i%2], "wrong"); w.Code != 401 {
			t.Fatalf("failure %d: %s", i, w.Body)
		}
	}
	for _, password := range []string{"wrong", "right"} {
		w := signIn(api, "alice", password)
		if p := decoded[problem.Problem](t, w); w.Code != 429 || p.Code != "too_many_failures" || w.Header().Get("Retry-After") != "6" {
			t.Errorf("%s: %s %s", password, quota(w), w.Body)
		}
	}
	if w := signIn(api, "agent", "right"); w.Code != 200 {
		t.Errorf("another's sign-in: %s", w.Body)
	}
	change := request{name: "alice", method: "POST", path: "/api/me/password/", body: `{"current_password":"right","new_password":"correct horse"}`}
	if w := change.send(api); w.Code != 429 {
		t.Errorf("guessing while signed in: %s", w.Body)
	}
	clock.pass(6 * time.Second)
	if w := signIn(api, "alice", "right"); w.Code != 200 {
		t.Errorf("after a while: %s", w.Body)
	}
}

func TestGuessesAtOnceAreCountedAtOnce(t *testing.T) {
	api, _ := limited(t, newFakes(), 10_000)
	statuses := make([]int, 5*edge.FailuresPerPlace)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() { statuses[i] = signIn(api, "alice", "wrong").Code })
	}
	wg.Wait()
	tried := 0
	for _, s := range statuses {
		if s == 401 {
			tried++
		}
	}
	if tried != edge.FailuresPerPlace {
		t.Errorf("%d passwords were looked at, want %d", tried, edge.FailuresPerPlace)
	}
}

func TestWrongPasswordsAreLimitedByAddress(t *testing.T) {
	api, _ := limited(t, newFakes(), 10_000)
	for i := range edge.FailuresPerAddress {
		if w := signIn(api, fmt.Sprint("name", i), "wrong"); w.Code != 401 {
			t.Fatalf("failure %d: %s", i, w.Body)
		}
	}
	if w := signIn(api, "alice", "right"); w.Code != 429 {
		t.Errorf("got %d", w.Code)
	}
}

func TestRegistrationsAreLimitedByAddress(t *testing.T) {
	d := newFakes()
	d.People = &registry{}
	api, clock := limited(t, d, 10_000)
	register := func(i int) int {
		body := fmt.Sprintf(`{"username":"n%d","email":"n%d@example.com","password":"lampshade-orbit"}`, i, i)
		return request{method: "POST", path: "/api/register/", body: body}.send(api).Code
	}
	for i := range edge.RegistrationsPerHour {
		if got := register(i); got != 201 {
			t.Fatalf("registration %d: %d", i, got)
		}
	}
	if got := register(edge.RegistrationsPerHour); got != 429 {
		t.Errorf("one more: %d", got)
	}
	clock.pass(time.Hour / edge.RegistrationsPerHour)
	if got := register(edge.RegistrationsPerHour); got != 201 {
		t.Errorf("later: %d", got)
	}
}
