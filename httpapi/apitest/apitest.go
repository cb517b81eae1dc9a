// Package apitest is what the tests of the API share: people, an API of some of its
// calls, and requests whose answers are held against the document.
package apitest

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/httpapi"
	"helpdesk/httpapi/problem"
	"helpdesk/test/contract"
)

// Noon is when everything happens.
var Noon = time.Date(2026, 1, 31, 12, 0, 0, 120_000_000, time.UTC)

// Accounts are the people of these tests. The token of a session is the name of
// whose it is.
var Accounts = map[string]user.Account{
	"alice": account("alice", 0xa, domain.RoleUser),
	"agent": account("agent", 0xb, domain.RoleAgent),
	"admin": account("admin", 0xc, domain.RoleAdmin),
	"audit": account("audit", 0xd, domain.RoleAuditor),
}

func account(name string, last byte, role domain.Role) user.Account {
	id := user.ID{UUID: uuid.UUID{0: 1, 1: 0x90, 6: 0x70, 8: 0x80, 15: last}}
	return user.Account{ID: id, Username: name, Email: name + "@example.com", Role: role, Active: true}
}

// Serve makes an API of the routes, whose clock stands at noon. Behind its kernel
// there are the people and nothing else: no key of idempotency, no token.
func Serve(t testing.TB, routes []httpapi.Route) *httpapi.API {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	a, err := httpapi.New(httpapi.Deps{App: &commands.App{}, Freshness: kernel{}, Sessions: kernel{}, Usernames: kernel{}, Access: kernel{}, Log: log},
		httpapi.Config{CursorKey: make([]byte, edge.CursorKeySize), Now: func() time.Time { return Noon }}, routes)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Request is one call. As signs in, Head is "Name: value" lines.
type Request struct {
	As, Method, Path, Body string
	Head                   []string
}

// Send sends the request and fails the test where the answer is not as the document
// says.
func (r Request) Send(t testing.TB, h http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	w := r.Do(h)
	document, err := contract.Golden()
	if err == nil {
		err = document.Check(contract.Answer{Method: r.Method, Path: r.Path, Status: w.Code, Header: w.Result().Header, Body: w.Body.Bytes()})
	}
	if err != nil {
		t.Errorf("not as the document says: %v", err)
	}
	return w
}

// Do sends the request, whatever the answer is.
func (r Request) Do(h http.Handler) *httptest.ResponseRecorder {
	var body io.Reader
	if r.Body != "" {
		body = strings.NewReader(r.Body)
	}
	hr := httptest.NewRequest(r.Method, r.Path, body)
	if r.Body != "" {
		hr.Header.Set("Content-Type", "application/json")
	}
	if r.As != "" {
		hr.AddCookie(&http.Cookie{Name: edge.SessionCookie, Value: r.As})
	}
	for _, line := range r.Head {
		name, value, _ := strings.Cut(line, ": ")
		hr.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, hr)
	return w
}

// Decoded reads the body of an answer.
func Decoded[T any](t testing.TB, w *httptest.ResponseRecorder) (out T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("the answer is not JSON: %v\n%s", err, w.Body)
	}
	return out
}

// Faults lists the entries of errors as "pointer code".
func Faults(p problem.Problem) (all []string) {
	for _, v := range p.Errors {
		all = append(all, v.Pointer+" "+v.Code)
	}
	return all
}
