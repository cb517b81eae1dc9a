package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/workspace"
)

// What the program hands to New satisfies what the site asks for.
var (
	_ Tickets   = (*commands.Tickets)(nil)
	_ People    = (*commands.People)(nil)
	_ Earlier   = (*commands.Earlier)(nil)
	_ Accounts  = (*auth.Accounts)(nil)
	_ Sessions  = (*auth.Sessions)(nil)
	_ Tokens    = (*auth.Tokens)(nil)
	_ Passwords = (*auth.Hasher)(nil)
	_ Reader    = (*projections.Reader)(nil)
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// account is one of the people of these tests: their name is their role, and the
// token of their session.
func account(name string) user.Account {
	return user.Account{
		ID: user.ID{UUID: uuid.NewSHA1(uuid.Nil, []byte(name))}, Username: name, Email: name + "@example.com",
		Role: domain.Role(name), Active: true,
	}
}

// desk stands in for everything behind the site. What a test does not expect
// panics, and so becomes a 500.
type desk struct {
	People
	Reader

	requests   []commands.Request // that reached a command
	edits      []user.EditUser
	userFilter projections.UserFilter
	peoplePage projections.Page
	overseenDesk
	ended   []string // sessions
	tokens  []auth.Token
	refusal error // what commands answer, when not nil

	history   []domain.Event // of the one ticket there is, number 7
	filter    projections.TicketFilter
	page      projections.Page
	more      bool // whether a page follows
	uncounted bool
	common    bool // whether too many tickets have the words that are searched
	readErr   error
	views     []workspace.View
	recorded  []string // types of records of access
	recordErr error
	left      int // who closed the page of a ticket
	commands  []ticket.Command
}

func (d *desk) Find(_ context.Context, name string) (user.Account, error) {
	for _, role := range domain.Roles() {
		if a := account(string(role)); a.Username == name || a.ID.String() == name {
			return a, nil
		}
	}
	return user.Account{}, domain.ErrNotFound
}

func (d *desk) CheckPassword(_ context.Context, _ user.ID, password string) error {
	if password != "right" {
		return auth.ErrWrongPassword
	}
	return nil
}

func (d *desk) SignIn(ctx context.Context, name, password string) (string, auth.Session, error) {
	a, err := d.Find(ctx, name)
	if err != nil || password != "right" {
		return "", auth.Session{}, auth.ErrCredentials
	}
	return name, auth.Session{TokenHash: []byte(name), Account: a, ExpiresAt: noon.Add(time.Hour)}, nil
}

func (d *desk) Lookup(ctx context.Context, token string) (auth.Session, error) {
	a, err := d.Find(ctx, token)
	if err != nil {
		return auth.Session{}, auth.ErrNoSession
	}
	return auth.Session{TokenHash: []byte(token), Account: a, ExpiresAt: noon.Add(time.Hour)}, nil
}

func (d *desk) End(_ context.Context, tokenHash []byte) error {
	d.ended = append(d.ended, string(tokenHash))
	return nil
}

func (d *desk) Hash(_ context.Context, password string) (string, error) {
	return "hash of " + password, nil
}

func (d *desk) Wait(context.Context, int64) error { return nil }

func (d *desk) Outcome(context.Context, uuid.UUID) (commands.Outcome, error) {
	return commands.Outcome{Position: 1}, nil
}

func (d *desk) note(r commands.Request) (commands.Outcome, error) {
	d.requests = append(d.requests, r)
	return commands.Outcome{Position: 9}, d.refusal
}

func (d *desk) Register(_ context.Context, r commands.Request, _ user.ID, _ user.Register, _ string) (commands.Outcome, error) {
	return d.note(r)
}

func (d *desk) Edit(_ context.Context, r commands.Request, c user.EditUser) (commands.Outcome, error) {
	d.edits = append(d.edits, c)
	return d.note(r)
}

func (d *desk) ChangePassword(_ context.Context, r commands.Request, _ user.ChangePassword, _ string, _ []byte) (commands.Outcome, error) {
	return d.note(r)
}

func (d *desk) User(_ context.Context, id user.ID) (view.User, error) {
	a, err := d.Find(context.Background(), id.String())
	return view.User{ID: id.UUID, Username: a.Username, Email: a.Email, Role: a.Role, IsActive: true}, err
}

func (d *desk) Create(_ context.Context, _ user.ID, t auth.Token) (string, auth.Token, error) {
	d.tokens = append(d.tokens, t)
	return "hd_secret", t, d.refusal
}

func (d *desk) List(context.Context, user.ID) ([]auth.Token, error) { return d.tokens, nil }

func (d *desk) Revoke(_ context.Context, _ user.ID, id uuid.UUID) error {
	for i, t := range d.tokens {
		if t.ID == id {
			d.tokens = append(d.tokens[:i], d.tokens[i+1:]...)
			return nil
		}
	}
	return domain.ErrNotFound
}

// newSite makes a site of the desk.
func newSite(t *testing.T, d *desk) *Site {
	t.Helper()
	front, err := edge.NewFront(edge.Config{RateLimit: 10_000, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Deps{
		Tickets: ticketDesk{d}, People: d, Earlier: d, Accounts: d, Sessions: d, Tokens: d, Passwords: d, Read: d, Freshness: d, Schedule: d, Access: d, Views: viewDesk{d}, Viewers: d,
		History: historyDesk{d}, Past: pastDesk{d},
		Oversight: d.oversight(), Front: front, Log: slog.New(slog.DiscardHandler),
	}, Config{CursorKey: make([]byte, edge.CursorKeySize), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// get asks for a page as somebody, "" for nobody.
func get(s *Site, as, path string) *httptest.ResponseRecorder {
	return send(s, as, httptest.NewRequest(http.MethodGet, path, nil))
}

// post sends a form as somebody: names and values in turn, with a command id
// when none is given.
func post(s *Site, as, path string, fields ...string) *httptest.ResponseRecorder {
	form := url.Values{"command": {"01900000-0000-7000-8000-00000000000a"}}
	for i := 0; i < len(fields); i += 2 {
		form.Del(fields[i])
	}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(s, as, r)
}

func send(s *Site, as string, r *http.Request) *httptest.ResponseRecorder {
	if as != "" {
		r.AddCookie(&http.Cookie{Name: edge.SessionCookie, Value: as})
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// holds fails the test when the answer is not of the status or lacks a text.
func holds(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	_, content, _ := strings.Cut(w.Body.String(), "<main")
	if w.Code != status {
		t.Errorf("status %d, want %d: %s", w.Code, status, content)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("the page lacks %q: %s", text, content)
		}
	}
}

// leads fails the test when the answer is no redirect to a place.
func leads(t *testing.T, w *httptest.ResponseRecorder, to string) {
	t.Helper()
	if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != to {
		t.Errorf("status %d to %q, want 303 to %q: %s", w.Code, got, to, w.Body)
	}
}

func (d *desk) Record(_ context.Context, _ commands.Request, _ domain.Actor, of domain.UserID, e domain.Event) error {
	d.recorded = append(d.recorded, e.EventType()+" "+person(of).Username)
	return d.recordErr
}
