// Package webtest is what the tests of the site share: people, a kernel's stand-ins
// for what is behind it, one ticket, and how pages are asked for and looked at.
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

// Front makes the front of a site, with room for many requests.
func Front(t *testing.T) *edge.Front {
	t.Helper()
	front, err := edge.NewFront(edge.Config{RateLimit: 10_000, Now: func() time.Time { return Noon }})
	if err != nil {
		t.Fatal(err)
	}
	return front
}

// Site makes a site of pages.
func Site(t *testing.T, b *Backend, pages ...web.Page) *web.Site {
	t.Helper()
	s, err := web.New(
		web.Deps{Sessions: b, Access: b, App: b.App(), Freshness: b, Front: Front(t), Log: slog.New(slog.DiscardHandler)},
		web.Config{CursorKey: make([]byte, edge.CursorKeySize), Now: func() time.Time { return Noon }}, pages...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Get asks for a page as somebody, "" for nobody.
func Get(s *web.Site, as, path string) *httptest.ResponseRecorder {
	return Send(s, as, httptest.NewRequest(http.MethodGet, path, nil))
}

// Post sends a form as somebody: names and values in turn, with a command id when
// none is given.
func Post(s *web.Site, as, path string, fields ...string) *httptest.ResponseRecorder {
	form := url.Values{"command": {"01900000-0000-7000-8000-00000000000a"}}
	for i := 0; i < len(fields); i += 2 {
		form.Del(fields[i])
	}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return Send(s, as, r)
}

// Send sends a request as somebody, "" for nobody.
func Send(s *web.Site, as string, r *http.Request) *httptest.ResponseRecorder {
	if as != "" {
		r.AddCookie(&http.Cookie{Name: edge.SessionCookie, Value: as})
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// inline is what no page may hold: the Content-Security-Policy forbids it.
var inline = []string{" style=", "<style", " onclick=", "<script>", "javascript:"}

// Holds fails the test when the answer is not of the status, lacks a text, or holds
// anything inline.
func Holds(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	page := w.Body.String()
	_, content, _ := strings.Cut(page, "<main")
	if w.Code != status {
		t.Errorf("status %d, want %d: %s", w.Code, status, content)
	}
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q: %s", text, content)
		}
	}
	Lacks(t, page, inline...)
}

// Lacks fails the test when a page holds a text.
func Lacks(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(page, text) {
			t.Errorf("the page holds %q", text)
		}
	}
}

// Leads fails the test when the answer is no redirect to a place.
func Leads(t *testing.T, w *httptest.ResponseRecorder, to string) {
	t.Helper()
	if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != to {
		t.Errorf("status %d to %q, want 303 to %q: %s", w.Code, got, to, w.Body)
	}
}

// Href returns the address that follows a text in a page.
func Href(t *testing.T, page, before string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, before)
	href, _, _ := strings.Cut(rest, `"`)
	if !ok || href == "" {
		t.Fatalf("no address after %q: %s", before, page)
	}
	return strings.ReplaceAll(href, "&amp;", "&")
}

// Next returns where the link to the next page of a list leads.
func Next(t *testing.T, page string) string {
	t.Helper()
	return Href(t, page, `rel="next" href="`)
}
