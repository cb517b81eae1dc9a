package e2e

import (
	"net/http"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/edge"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// TestARequestDoesNotWaitForTheDatabaseForEver takes tables away until every request has
// its answer: without a bound on their time none would get one.
func TestARequestDoesNotWaitForTheDatabaseForEver(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db)
	hurried := program.Serve(t, append(d.Env, "HELPDESK_REQUEST_TIME=500ms")...)
	token := program.Read[struct{ Token string }](t, d.Admin.Must(t, http.StatusCreated, "POST", "/api/tokens/", object{"name": "robot"})).Token
	bearer := []string{"Authorization", "Bearer " + token}
	conn, err := pgx.Connect(t.Context(), db.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	// Where the service has found out meanwhile, who reads is told of the lock.
	unsure, known := []string{"log_unavailable"}, []string{"database_unavailable", "table_locked", "log_locked"}
	for _, c := range []struct {
		held  string
		calls []call
	}{
		{"log_head", []call{
			{"POST", "/api/tickets/", program.Opening("x"), bearer, unsure},
			{"POST", "/api/tickets/", program.Opening("x"), append([]string{"Idempotency-Key", "k"}, bearer...), unsure},
			{"POST", "/api/register/", program.Registration("ada"), nil, unsure},
			{"POST", "/api/login/", object{"username": "nobody", "password": "wrong"}, nil, unsure},
		}},
		{"read.tickets", []call{{"GET", "/api/tickets/", nil, bearer, known}}},
		{"tokens, sessions, accounts", []call{
			{"GET", "/api/me/", nil, bearer, known},
			{"POST", "/api/login/", program.Credentials("root"), nil, known},
		}},
	} {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), `LOCK TABLE `+c.held+` IN ACCESS EXCLUSIVE MODE`); err != nil {
			t.Fatal(err)
		}
		for _, call := range c.calls {
			a, err := hurried.Client(t).Do(t.Context(), call.method, call.path, call.body, call.head...)
			if err != nil {
				t.Fatalf("%s held, %s %s: %v", c.held, call.method, call.path, err)
			}
			if got := program.Read[struct{ Code string }](t, a).Code; a.Status != http.StatusServiceUnavailable || !slices.Contains(call.codes, got) || a.Header.Get("Retry-After") == "" {
				t.Errorf("%s held, %s %s: %d %s, want 503 and one of %v", c.held, call.method, call.path, a.Status, a.Body, call.codes)
			}
		}
		if status, want := sitePage(t, hurried, token[len("hd_"):]), map[string]int{"tokens, sessions, accounts": 503}[c.held]; want != 0 && status != want {
			t.Errorf("%s held, the site: %d", c.held, status)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d.Admin.Must(t, http.StatusOK, "GET", "/api/tickets/", nil)
	d.Admin.Must(t, http.StatusCreated, "POST", "/api/tickets/", program.Opening("after"))
}

// sitePage returns the status of a page to somebody with a session's token.
func sitePage(t *testing.T, p *program.Program, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/admin/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: edge.SessionCookie, Value: token})
	a, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	return a.StatusCode
}

// call is a call and the codes that its refusal may have.
type call struct {
	method, path string
	body         any
	head         []string
	codes        []string
}
