package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain/user"
	"helpdesk/edge"
)

func TestEveryAnswerForbidsWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	s := newSite(t, &desk{})
	for _, path := range []string{"/admin/sign-in/", "/admin/nowhere/", s.address("app.css"), "/admin/"} {
		h := get(s, "", path).Header()
		if got := h.Get("Content-Security-Policy"); got != policy || strings.Contains(got, "unsafe") {
			t.Errorf("%s: %q", path, got)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Request-Id") == "" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestNoPageHoldsAnythingInline(t *testing.T) {
	t.Parallel()
	s := newSite(t, talked())
	for _, path := range []string{
		"/admin/sign-in/", "/admin/register/", "/admin/account/", "/admin/tokens/", "/admin/nowhere/",
		"/admin/tickets/", "/admin/tickets/new/", "/admin/tickets/7/", "/admin/tickets/7/?version=1",
	} {
		body := get(s, "admin", path).Body.String()
		if path == "/admin/sign-in/" || path == "/admin/register/" {
			body = get(s, "", path).Body.String()
		}
		for _, inline := range []string{" style=", "<style", " onclick=", "<script>", "javascript:"} {
			if strings.Contains(body, inline) {
				t.Errorf("%s holds %s", path, inline)
			}
		}
	}
}

func TestStaticFilesAreKeptUnderTheirHash(t *testing.T) {
	t.Parallel()
	s := newSite(t, &desk{})
	for name := range s.static {
		w := get(s, "", s.address(name))
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		holds(t, get(s, "", "/admin/static/0000000000000000/"+name), 404)
	}
}

func TestWhoIsNotSignedInIsSentToTheDoor(t *testing.T) {
	t.Parallel()
	s := newSite(t, &desk{})
	leads(t, get(s, "", "/admin/account/"), "/admin/sign-in/?next=%2Fadmin%2Faccount")
	leads(t, get(s, "", "/admin/"), "/admin/sign-in/")
	late := post(s, "", "/admin/account/password/", "text", "a <b>", "new_password", "s3cret")
	holds(t, late, 401, "Your session has ended", "a &lt;b&gt;", `action="/admin/account/password/"`)
	if strings.Contains(late.Body.String(), "s3cret") {
		t.Error("a password is shown")
	}
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	d := &desk{}
	s := newSite(t, d)
	for next, to := range map[string]string{
		"": "/admin/", "/admin/account/": "/admin/account/", "https://evil.example/admin/": "/admin/",
		"//evil.example/admin/": "/admin/", "/api/": "/admin/", `/admin/\evil`: "/admin/", "javascript:1": "/admin/",
	} {
		w := post(s, "", "/admin/sign-in/", "username", " agent ", "password", "right", "next", next)
		leads(t, w, to)
		cookie := w.Header().Get("Set-Cookie")
		if !strings.HasPrefix(cookie, edge.SessionCookie+"=agent;") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
			t.Errorf("cookie %q", cookie)
		}
	}
	holds(t, post(s, "", "/admin/sign-in/", "username", "agent", "password", "wrong"), 401, "The username or the password is wrong.", `value="agent"`)
	leads(t, post(s, "user", "/admin/sign-in/", "username", "agent", "password", "right"), "/admin/")
	if len(d.ended) != 1 || d.ended[0] != "user" {
		t.Errorf("ended %v: the session somebody came with ends", d.ended)
	}
}

func TestWrongPasswordsAreLimitedLikeTheAPIs(t *testing.T) {
	t.Parallel()
	s := newSite(t, &desk{})
	for range edge.FailuresPerName {
		holds(t, post(s, "", "/admin/sign-in/", "username", "agent", "password", "wrong"), 401)
	}
	holds(t, post(s, "", "/admin/sign-in/", "username", "agent", "password", "right"), 429, "Too many wrong passwords")
	holds(t, post(s, "agent", "/admin/account/password/", "current_password", "right"), 429)
}

func TestAnotherOriginIsRefused(t *testing.T) {
	t.Parallel()
	d := &desk{}
	s := newSite(t, d)
	r := httptest.NewRequest(http.MethodPost, "/admin/sign-out/", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	holds(t, send(s, "user", r), 403, "This came from another site")
	if len(d.ended) > 0 {
		t.Error("the session was ended")
	}
}

func TestSigningOut(t *testing.T) {
	t.Parallel()
	d := &desk{}
	w := post(newSite(t, d), "user", "/admin/sign-out/")
	leads(t, w, "/admin/sign-in/")
	if len(d.ended) != 1 || !strings.Contains(strings.Join(w.Header()["Set-Cookie"], "\n"), edge.SessionCookie+"=; ") {
		t.Errorf("ended %v, cookies %v", d.ended, w.Header()["Set-Cookie"])
	}
}

func TestRegistering(t *testing.T) {
	t.Parallel()
	d := &desk{}
	s := newSite(t, d)
	form := []string{"username", "newcomer", "email", "n@example.com", "password", "lampshade-orbit"}
	leads(t, post(s, "", "/admin/register/", form...), "/admin/sign-in/")
	leads(t, post(s, "", "/admin/register/", form...), "/admin/sign-in/")
	if len(d.requests) != 2 || d.requests[0].ID != d.requests[1].ID || d.requests[0].ID == uuid.Nil {
		t.Errorf("a form sent twice gave %v: it is to be one command", d.requests)
	}
	for what, c := range map[string][]string{
		"This is not a mail address":  {"username", "n", "email", "n", "password", "lampshade-orbit"},
		"aria-invalid":                {"username", "n", "email", "n@example.com", "password", "short"},
		"Letters, digits and . _ + -": {"username", "?", "email", "n@example.com", "password", "lampshade-orbit"},
	} {
		w := post(s, "", "/admin/register/", c...)
		holds(t, w, w.Code, what, `value="`+c[1]+`"`)
		if w.Code != 400 && w.Code != 422 {
			t.Errorf("%s: status %d", what, w.Code)
		}
	}
	d.refusal = user.ErrUsernameTaken
	holds(t, post(s, "", "/admin/register/", form...), 409, "The username is taken.")
	holds(t, post(s, "", "/admin/register/", append(form, "command", "nonsense")...), 400, "This form cannot be read")
}

func TestOnesOwnAccount(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"user", "agent", "admin", "auditor"} {
		d := &desk{}
		s := newSite(t, d)
		holds(t, get(s, role, "/admin/account/"), 200, role+"@example.com")
		leads(t, post(s, role, "/admin/account/profile/", "email", "x@example.com", "first_name", "X", "last_name", ""), "/admin/account/#profile")
		leads(t, post(s, role, "/admin/account/emails/", "resolved", "yes"), "/admin/account/#emails")
		leads(t, post(s, role, "/admin/account/password/", "current_password", "right", "new_password", "lampshade-orbit"), "/admin/account/#password")
		emails := d.edits[1].Notifications
		if !*emails.Resolved || *emails.Commented || *d.edits[0].Email != "x@example.com" {
			t.Errorf("%s: edits %+v", role, d.edits)
		}
		leads(t, post(s, role, "/admin/account/deactivate/", "current_password", "right"), "/admin/sign-in/")
	}
}

func TestWhatIsWrongWithTheAccountIsSaidBesideTheForm(t *testing.T) {
	t.Parallel()
	d := &desk{}
	s := newSite(t, d)
	holds(t, post(s, "user", "/admin/account/password/", "current_password", "wrong", "new_password", "x"), 422, "This is not your current password.", `id="current_password-fault"`)
	holds(t, post(s, "user", "/admin/account/password/", "current_password", "right", "new_password", "x"), 422, `id="new_password-fault"`)
	holds(t, post(s, "user", "/admin/account/deactivate/", "current_password", "wrong"), 422, "This is not your current password.")
	d.refusal = user.ErrEmailTaken
	holds(t, post(s, "user", "/admin/account/profile/", "email", "taken@example.com"), 409, "The mail address is taken.", `value="taken@example.com"`)
	d.refusal = commands.ErrBusy
	holds(t, post(s, "user", "/admin/account/profile/", "email", "x@example.com"), 503, "cannot answer right now")
	d.refusal = errors.New("secret detail")
	w := post(s, "user", "/admin/account/profile/", "email", "x@example.com")
	holds(t, w, 500, "Something went wrong here", w.Header().Get("X-Request-Id"))
	if strings.Contains(w.Body.String(), "secret detail") {
		t.Error("the page tells what is for the log alone")
	}
}

func TestANoticeIsSaidOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, &desk{})
	r := httptest.NewRequest(http.MethodGet, "/admin/account/", nil)
	r.AddCookie(&http.Cookie{Name: noticeCookie, Value: "profile"})
	w := send(s, "user", r)
	holds(t, w, 200, "Your profile is saved.")
	if !strings.Contains(w.Header().Get("Set-Cookie"), noticeCookie+"=; Path=/admin/; Max-Age=0") {
		t.Errorf("cookies %v: the notice is to be forgotten", w.Header()["Set-Cookie"])
	}
	r = httptest.NewRequest(http.MethodGet, "/admin/account/", nil)
	r.AddCookie(&http.Cookie{Name: noticeCookie, Value: "<b>made up</b>"})
	if strings.Contains(send(s, "user", r).Body.String(), "made up") {
		t.Error("a notice is made up")
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	d := &desk{}
	s := newSite(t, d)
	holds(t, get(s, "user", "/admin/tokens/"), 200, "You have no tokens")
	holds(t, post(s, "user", "/admin/tokens/", "name", "nightly", "read_only", "yes", "until", "2026-01-31"), 200, "hd_secret", "nightly", "reads only")
	if len(d.tokens) != 1 || !d.tokens[0].ReadOnly || d.tokens[0].ExpiresAt.Day() != 1 {
		t.Errorf("made %+v", d.tokens)
	}
	holds(t, post(s, "user", "/admin/tokens/", "name", ""), 400, "A value is required.")
	holds(t, post(s, "user", "/admin/tokens/", "name", "x", "until", "2026-01-30"), 400, "A day from today on is wanted.")
	path := fmt.Sprintf("/admin/tokens/%s/revoke/", d.tokens[0].ID)
	leads(t, post(s, "user", path), "/admin/tokens/")
	holds(t, post(s, "user", path), 404, "There is nothing here")
	d.refusal = auth.ErrTooManyTokens
	holds(t, post(s, "user", "/admin/tokens/", "name", "x"), 422, "revoke one")
}

func TestWhatNoFormMaySend(t *testing.T) {
	t.Parallel()
	s := newSite(t, &desk{})
	holds(t, post(s, "user", "/admin/account/profile/", "email", strings.Repeat("x", maxForm)), 413, "too much at once")
	holds(t, get(s, "user", "/admin/account/profile/"), 405, "not to be used so")
	holds(t, get(s, "user", "/admin/nowhere/"), 404, "There is nothing here")
}
