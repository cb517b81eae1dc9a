package signin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/web/webtest"
)

func TestSigningIn(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	for next, to := range map[string]string{
		"": "/admin/", "/admin/account/": "/admin/account/", "https://evil.example/admin/": "/admin/",
		"//evil.example/admin/": "/admin/", "/api/": "/admin/", `/admin/\evil`: "/admin/", "javascript:1": "/admin/",
	} {
		w := webtest.Post(s, "", "/admin/sign-in/", "username", " agent ", "password", "right", "next", next)
		webtest.Leads(t, w, to)
		cookie := w.Header().Get("Set-Cookie")
		if !strings.HasPrefix(cookie, edge.SessionCookie+"=agent;") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
			t.Errorf("cookie %q", cookie)
		}
	}
	webtest.Holds(t, webtest.Post(s, "", "/admin/sign-in/", "username", "agent", "password", "wrong"), 401, "The username or the password is wrong.", `value="agent"`)
	webtest.Leads(t, webtest.Post(s, "user", "/admin/sign-in/", "username", "agent", "password", "right"), "/admin/")
	if len(d.ended) != 1 || d.ended[0] != "user" {
		t.Errorf("ended %v: the session somebody came with ends", d.ended)
	}
}

func TestWrongPasswordsAreLimitedLikeTheAPIs(t *testing.T) {
	t.Parallel()
	s := newSite(t, newDesk())
	for range edge.FailuresPerName {
		webtest.Holds(t, webtest.Post(s, "", "/admin/sign-in/", "username", "agent", "password", "wrong"), 401)
	}
	webtest.Holds(t, webtest.Post(s, "", "/admin/sign-in/", "username", "agent", "password", "right"), 429, "Too many wrong passwords")
}

func TestSigningOut(t *testing.T) {
	t.Parallel()
	d := newDesk()
	w := webtest.Post(newSite(t, d), "user", "/admin/sign-out/")
	webtest.Leads(t, w, "/admin/sign-in/")
	if len(d.ended) != 1 || !strings.Contains(strings.Join(w.Header()["Set-Cookie"], "\n"), edge.SessionCookie+"=; ") {
		t.Errorf("ended %v, cookies %v", d.ended, w.Header()["Set-Cookie"])
	}
}

func TestRegistering(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	form := []string{"username", "newcomer", "email", "n@example.com", "password", "lampshade-orbit"}
	webtest.Leads(t, webtest.Post(s, "", "/admin/register/", form...), "/admin/sign-in/")
	webtest.Leads(t, webtest.Post(s, "", "/admin/register/", form...), "/admin/sign-in/")
	if len(d.Requests) != 2 || d.Requests[0].ID != d.Requests[1].ID || d.Requests[0].ID == uuid.Nil {
		t.Errorf("a form sent twice gave %v: it is to be one command", d.Requests)
	}
	for what, c := range map[string][]string{
		"This is not a mail address":  {"username", "n", "email", "n", "password", "lampshade-orbit"},
		"aria-invalid":                {"username", "n", "email", "n@example.com", "password", "short"},
		"Letters, digits and . _ + -": {"username", "?", "email", "n@example.com", "password", "lampshade-orbit"},
	} {
		w := webtest.Post(s, "", "/admin/register/", c...)
		webtest.Holds(t, w, w.Code, what, `value="`+c[1]+`"`)
		if w.Code != 400 && w.Code != 422 {
			t.Errorf("%s: status %d", what, w.Code)
		}
	}
	d.Refusal = user.ErrUsernameTaken
	webtest.Holds(t, webtest.Post(s, "", "/admin/register/", form...), 409, "The username is taken.")
	webtest.Holds(t, webtest.Post(s, "", "/admin/register/", append(form, "command", "nonsense")...), 400, "The form could not be read")
}

func TestSigningInIsOnRecord(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Post(s, "", "/admin/sign-in/", "username", "agent", "password", "right")
	webtest.Post(s, "", "/admin/sign-in/", "username", "agent", "password", "wrong")
	webtest.Post(s, "", "/admin/sign-in/", "username", "nemo", "password", "wrong")
	want := []string{"access.signed_in agent", "access.sign_in_failed agent", "access.unknown_sign_in_failed "}
	if diff := cmp.Diff(want, d.Recorded); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d.RecordErr = commands.ErrBusy
	w := webtest.Post(s, "", "/admin/sign-in/", "username", "agent", "password", "right")
	webtest.Holds(t, w, 503)
	if w.Header().Get("Set-Cookie") != "" || len(d.ended) != 1 {
		t.Errorf("a sign-in that is not on record: cookie %q, ended %v", w.Header().Get("Set-Cookie"), d.ended)
	}
}
