package httpapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/httpapi"
	peopleapi "helpdesk/httpapi/people"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
	"helpdesk/projections/people"
)

func TestSigningInSetsACookieAndEndsTheSessionBefore(t *testing.T) {
	d := newFakes()
	w := request{name: "alice", method: "POST", path: "/api/login/", body: `{"username":" alice ","password":"right"}`}.send(newAPI(t, d, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d\n%s", w.Code, w.Body)
	}
	want := "helpdesk_session=new-alice; Path=/; Expires=Sat, 31 Jan 2026 13:00:00 GMT; Max-Age=3600; HttpOnly; SameSite=Lax"
	if diff := cmp.Diff([]string{want}, w.Header().Values("Set-Cookie")); diff != "" {
		t.Errorf("cookie (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"alice"}, d.ended); diff != "" {
		t.Errorf("ended sessions (-want +got):\n%s", diff)
	}
	if got := decoded[wire.User](t, w); got.NameEmail == nil || *got.NameEmail != "alice - alice@example.com" {
		t.Errorf("answered %s", w.Body)
	}
}

func TestTheCookieIsSecureBehindTLS(t *testing.T) {
	login := request{method: "POST", path: "/api/login", body: `{"username":"alice","password":"right"}`}
	for name, w := range map[string]string{
		"the proxy says so": func() string {
			r := login
			r.head = []string{"X-Forwarded-Proto: https"}
			return r.send(newAPI(t, newFakes(), nil)).Header().Get("Set-Cookie")
		}(),
		"the public address says so": login.send(newAPI(t, newFakes(), func(_ *Deps, c *httpapi.Config) {
			c.PublicURL = "https://desk.example"
		})).Header().Get("Set-Cookie"),
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(w, "; Secure") {
				t.Errorf("%q", w)
			}
		})
	}
}

func TestEveryFailedSignInLooksTheSame(t *testing.T) {
	var answers []string
	for _, body := range []string{`{"username":"alice","password":"wrong"}`, `{"username":"ghost","password":"right"}`} {
		w := request{method: "POST", path: "/api/login/", body: body, head: []string{"X-Request-Id: r"}}.send(newAPI(t, newFakes(), nil))
		if w.Code != http.StatusUnauthorized || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: status %d, cookie %q", body, w.Code, w.Header().Get("Set-Cookie"))
		}
		answers = append(answers, w.Body.String())
	}
	if answers[0] != answers[1] {
		t.Errorf("the answers differ: %q", answers)
	}
}

func TestSigningOutEndsTheSession(t *testing.T) {
	d := newFakes()
	w := request{name: "alice", method: "POST", path: "/api/logout/"}.send(newAPI(t, d, nil))
	if w.Code != http.StatusNoContent || !slices.Equal(d.ended, []string{"alice"}) || w.Body.Len() != 0 {
		t.Errorf("status %d, ended %v", w.Code, d.ended)
	}
	if cookie := w.Header().Get("Set-Cookie"); !strings.Contains(cookie, "Max-Age=0") {
		t.Errorf("cookie %q", cookie)
	}
}

func TestWhoSeesWhatOfAUser(t *testing.T) {
	all := []string{"created_at", "email", "first_name", "id", "is_active", "last_name", "name_email", "notifications", "role", "updated_at", "username"}
	names := []string{"first_name", "id", "last_name", "username"}
	cases := []struct {
		viewer, path string
		members      []string
	}{
		{"alice", "/api/me/", all},
		{"alice", "/api/users/alice/", all},
		{"agent", "/api/users/" + aliceID.String() + "/", names},
		{"agent", "/api/users/agent/", all},
		{"admin", "/api/users/alice/", all},
	}
	for _, c := range cases {
		w := request{name: c.viewer, method: "GET", path: c.path}.send(newAPI(t, newFakes(), nil))
		var got []string
		for name := range decoded[map[string]json.RawMessage](t, w) {
			got = append(got, name)
		}
		slices.Sort(got)
		if diff := cmp.Diff(c.members, got); w.Code != http.StatusOK || diff != "" {
			t.Errorf("%s by %s: status %d (-want +got):\n%s", c.path, c.viewer, w.Code, diff)
		}
	}
}

// An agent who searches for an address would learn whose it is.
func TestAnAgentFindsNobodyByAddress(t *testing.T) {
	d := newFakes()
	for viewer, namesOnly := range map[string]bool{"agent": true, "admin": false} {
		t.Run(viewer, func(t *testing.T) {
			request{name: viewer, method: "GET", path: "/api/users/?search=alice"}.send(newAPI(t, d, nil))
			want := people.Filter{Search: "alice", NamesOnly: namesOnly}
			if diff := cmp.Diff(want, d.userFilter); diff != "" {
				t.Errorf("%s searches by (-want +got):\n%s", viewer, diff)
			}
		})
	}
	w := request{name: "agent", method: "GET", path: "/api/users/?role=admin"}.send(newAPI(t, d, nil))
	if w.Code != http.StatusForbidden {
		t.Errorf("status %d", w.Code)
	}
}

// registry stands in for the commands on users: it keeps what it is given.
type registry struct {
	registered user.Register
	edited     user.EditUser
	hash       string
	keep       []byte
}

func (r *registry) Register(_ context.Context, _ commands.Request, id user.ID, c user.Register, hash string) (commands.Outcome, error) {
	r.registered, r.hash = c, hash
	return commands.Outcome{StreamID: id.UUID, Version: 1, Position: 3, Events: registered(id, c)}, nil
}

// registered is the stream of a user who has registered.
func registered(id user.ID, c user.Register) []eventstore.Envelope {
	return stored(id.UUID, []domain.Event{user.Registered{
		Username: c.Username, Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, Role: domain.RoleUser,
	}})
}

func (r *registry) Edit(_ context.Context, _ commands.Request, c user.EditUser) (commands.Outcome, error) {
	r.edited = c
	return commands.Outcome{StreamID: c.ID.UUID, Version: 2, Position: 4, Events: registered(c.ID, user.Register{})}, nil
}

func (r *registry) ChangePassword(_ context.Context, _ commands.Request, c user.ChangePassword, hash string, keep []byte) (commands.Outcome, error) {
	r.hash, r.keep = hash, keep
	return commands.Outcome{StreamID: c.ID.UUID, Version: 2, Position: 5}, nil
}

func (r *registry) MakePasswordLink(_ context.Context, q commands.Request, c user.MakePasswordLink, tokenHash []byte) (commands.Outcome, error) {
	if _, err := user.Decide(user.State{Exists: true, Active: true}, c); err != nil {
		return commands.Outcome{}, err
	}
	r.keep = tokenHash
	return commands.Outcome{StreamID: c.ID.UUID, Version: 2, Position: 6}, nil
}

func (r *registry) RefuseFile(context.Context, commands.Request, user.RefuseFile) (commands.Outcome, error) {
	return commands.Outcome{}, nil
}

func (r *registry) ClearAddress(context.Context, commands.Request, user.ClearAddress) (commands.Outcome, error) {
	return commands.Outcome{}, nil
}

func (r *registry) UsePasswordLink(context.Context, commands.Request, user.ChangePassword, string, []byte) (commands.Outcome, error) {
	return commands.Outcome{}, nil // the API has no call for it
}

func (*registry) Hash(_ context.Context, password string) (string, error) { return "#" + password, nil }

func (*registry) Verify(_ context.Context, password, hash string) (bool, error) {
	return hash == "#"+password, nil
}

func TestAPasswordLinkIsShownToAdminsOnce(t *testing.T) {
	for who, status := range map[string]int{"admin": 201, "agent": 403, "alice": 403, "": 401} {
		r := &registry{}
		api := newAPI(t, newFakes(), func(d *Deps, c *httpapi.Config) { d.People, c.PublicURL = r, "https://desk.example" })
		w := request{name: who, method: "POST", path: "/api/users/alice/password-link/"}.send(api)
		if w.Code != status {
			t.Errorf("%s: %d %s", who, w.Code, w.Body)
		}
		if status != 201 {
			continue
		}
		link := decoded[peopleapi.PasswordLink](t, w)
		token, ours := strings.CutPrefix(strings.TrimSuffix(link.URL, "/"), "https://desk.example/admin/password/")
		if sum := sha256.Sum256([]byte(token)); !ours || !bytes.Equal(sum[:], r.keep) || link.ExpiresAt.Time != noon.Add(24*time.Hour) {
			t.Errorf("%+v, stored %x", link, r.keep)
		}
	}
}

func TestRegistering(t *testing.T) {
	cases := []struct {
		name, body string
		status     int
		faults     []string
	}{
		{"as asked", `{"username":"bob","email":"bob@example.com","password":"correct horse"}`, 201, nil},
		{"a role is not asked for", `{"username":"bob","email":"bob@example.com","password":"correct horse","role":"admin"}`, 400, []string{"/role unknown"}},
		{"an address that is none", `{"username":"bob","email":"bob","password":"short"}`, 400, []string{"/email email"}},
		{"a password too weak", `{"username":"bob","email":"bob@example.com","password":"short"}`, 422, []string{"/password password_too_weak"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := &registry{}
			api := newAPI(t, newFakes(), func(d *Deps, _ *httpapi.Config) { d.People, d.Passwords = r, r })
			w := request{method: "POST", path: "/api/register/", body: c.body}.send(api)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d\n%s", w.Code, c.status, w.Body)
			}
			if diff := cmp.Diff(c.faults, faults(decoded[problem.Problem](t, w))); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if written := r.hash != ""; written != (c.status == 201) {
				t.Errorf("registered %+v", r.registered)
			}
			if w.Header().Get("Set-Cookie") != "" {
				t.Error("registering signed in")
			}
		})
	}
}

func TestChangingThePasswordKeepsThisSession(t *testing.T) {
	cases := []struct {
		body   string
		status int
		faults []string
	}{
		{`{"current_password":"right","new_password":"correct horse"}`, 204, nil},
		{`{"current_password":"wrong","new_password":"correct horse"}`, 422, []string{"/current_password wrong_password"}},
		{`{"current_password":"right","new_password":"alice@example.com"}`, 422, []string{"/new_password password_too_weak"}},
	}
	for _, c := range cases {
		r := &registry{}
		api := newAPI(t, newFakes(), func(d *Deps, _ *httpapi.Config) { d.People, d.Passwords = r, r })
		w := request{name: "alice", method: "POST", path: "/api/me/password/", body: c.body}.send(api)
		if w.Code != c.status {
			t.Fatalf("%s: status %d, want %d\n%s", c.body, w.Code, c.status, w.Body)
		}
		if c.status == 204 {
			if string(r.keep) != "alice" || r.hash != "#correct horse" {
				t.Errorf("kept %q, hash %q", r.keep, r.hash)
			}
			continue
		}
		if diff := cmp.Diff(c.faults, faults(decoded[problem.Problem](t, w))); diff != "" || r.hash != "" {
			t.Errorf("%s: faults (-want +got):\n%s", c.body, diff)
		}
	}
}

func TestAPatchTellsAbsentFromEmpty(t *testing.T) {
	r := &registry{}
	api := newAPI(t, newFakes(), func(d *Deps, _ *httpapi.Config) { d.People = r })
	w := request{name: "alice", method: "PATCH", path: "/api/me/", body: `{"first_name":""}`}.send(api)
	if w.Code != http.StatusOK || r.edited.FirstName == nil || *r.edited.FirstName != "" || r.edited.LastName != nil || r.edited.Email != nil {
		t.Errorf("status %d, edited %+v", w.Code, r.edited)
	}
	w = request{name: "alice", method: "PATCH", path: "/api/me/", body: `{"role":"admin"}`}.send(api)
	if w.Code != http.StatusBadRequest {
		t.Errorf("status %d", w.Code)
	}
	w = request{name: "admin", method: "PATCH", path: "/api/users/alice/", body: `{"is_active":false}`}.send(api)
	if w.Code != http.StatusOK || r.edited.ID != aliceID || r.edited.Active == nil || *r.edited.Active {
		t.Errorf("status %d, edited %+v", w.Code, r.edited)
	}
}

func TestDeactivatingOneselfForgetsTheCookie(t *testing.T) {
	r := &registry{}
	api := newAPI(t, newFakes(), func(d *Deps, _ *httpapi.Config) { d.People = r })
	w := request{name: "alice", method: "POST", path: "/api/me/deactivate/"}.send(api)
	if w.Code != http.StatusNoContent || r.edited.Active == nil || *r.edited.Active || r.edited.ID.UUID == uuid.Nil {
		t.Errorf("status %d, edited %+v", w.Code, r.edited)
	}
	if cookie := w.Header().Get("Set-Cookie"); !strings.Contains(cookie, "Max-Age=0") {
		t.Errorf("cookie %q", cookie)
	}
}
