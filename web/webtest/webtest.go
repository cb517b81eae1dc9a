// Package webtest is what the tests of the site share: a site whose people and one
// ticket are stand-ins, and how its pages are asked for and looked at.
//
// The tests of a section serve its pages on a [Site], beside stand-ins of their own
// for what that section alone reads.
package webtest

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/web"
)

// Noon is when everything happens.
var Noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// Account returns one of the people of these tests: their name is their role, and
// the token of their session.
func Account(name string) user.Account {
	return user.Account{
		ID: user.ID{UUID: uuid.NewSHA1(uuid.Nil, []byte(name))}, Username: name, Email: name + "@example.com",
		Role: domain.Role(name), Active: true,
	}
}

// Site is a site in a test, with what is behind it.
type Site struct {
	*OneTicket
	Front *edge.Front

	t    testing.TB
	site *web.Site
}

// Calls is how many pages a minute one visitor may have.
const Calls = 200

// New makes a site without pages; more is what happened to its ticket since it was
// opened.
func New(t testing.TB, more ...domain.Event) *Site {
	t.Helper()
	front, err := edge.NewFront(edge.Config{RateLimit: Calls, Now: func() time.Time { return Noon }})
	if err != nil {
		t.Fatal(err)
	}
	return &Site{OneTicket: newTicket(more...), Front: front, t: t}
}

// Serve gives the site its pages.
func (s *Site) Serve(pages ...web.Page) {
	s.t.Helper()
	var err error
	s.site, err = web.New(
		web.Deps{Sessions: s, Access: s, App: s.App(), Memory: s, Freshness: s, Front: s.Front, Log: slog.New(slog.DiscardHandler)},
		web.Config{AgentVisibility: domain.VisibleAssigned, CursorKey: make([]byte, edge.CursorKeySize), Now: func() time.Time { return Noon }}, pages...)
	if err != nil {
		s.t.Fatal(err)
	}
}

// Get asks for a page as somebody, "" for nobody.
func (s *Site) Get(as, path string) *Answer {
	return s.Send(as, httptest.NewRequest(http.MethodGet, path, nil))
}

// Post sends a form as somebody: names and values in turn, with a command id when
// none is given.
func (s *Site) Post(as, path string, fields ...string) *Answer {
	form := url.Values{"command": {"01900000-0000-7000-8000-00000000000a"}}
	for i := 0; i < len(fields); i += 2 {
		form.Del(fields[i])
	}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.Send(as, r)
}

// Follow asks for the page that a redirect leads to, with what it left for that.
func (s *Site) Follow(as string, a *Answer) *Answer {
	s.t.Helper()
	if a.Code != http.StatusSeeOther {
		s.t.Fatalf("status %d, want a redirect: %s", a.Code, a.Body)
	}
	r := httptest.NewRequest(http.MethodGet, a.Header().Get("Location"), nil)
	for _, c := range a.Result().Cookies() {
		r.AddCookie(c)
	}
	return s.Send(as, r)
}

// Send sends a request as somebody, "" for nobody.
func (s *Site) Send(as string, r *http.Request) *Answer {
	if as != "" {
		r.AddCookie(&http.Cookie{Name: edge.SessionCookie, Value: as})
	}
	a := &Answer{ResponseRecorder: httptest.NewRecorder(), t: s.t}
	s.site.ServeHTTP(a, r)
	return a
}

// Each runs cases as subtests beside one another, each on a site of its own.
func Each[S any](t *testing.T, open func(testing.TB) S, cases map[string]func(*testing.T, S)) {
	t.Helper()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}
