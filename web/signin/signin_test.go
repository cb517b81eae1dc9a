package signin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/web/webtest"
)

// signIn signs agent in with a password.
func signIn(s *site, as, password string, more ...string) *webtest.Answer {
	return s.Post(as, "/admin/sign-in/", append([]string{"username", " agent ", "password", password}, more...)...)
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	for next, to := range map[string]string{
		"": "/admin/", "/admin/account/": "/admin/account/", "https://evil.example/admin/": "/admin/",
		"//evil.example/admin/": "/admin/", "/api/": "/admin/", `/admin/\evil`: "/admin/", "javascript:1": "/admin/",
	} {
		t.Run("and then "+next, func(t *testing.T) {
			t.Parallel()
			cookie := signIn(open(t), "", "right", "next", next).Leads(to).Header().Get("Set-Cookie")
			if !strings.HasPrefix(cookie, edge.SessionCookie+"=agent;") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
				t.Errorf("cookie %q", cookie)
			}
		})
	}
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"with a wrong password": func(_ *testing.T, s *site) {
			s.Post("", "/admin/sign-in/", "username", "agent", "password", "wrong").Holds(401, "The username, the address or the password is wrong.", `value="agent"`)
		},
		"ends the session somebody came with": func(t *testing.T, s *site) {
			signIn(s, "user", "right").Leads("/admin/")
			if len(s.ended) != 1 || s.ended[0] != "user" {
				t.Errorf("ended %v", s.ended)
			}
		},
	})
}

func TestWrongPasswordsAreLimitedLikeTheAPIs(t *testing.T) {
	t.Parallel()
	s := open(t)
	for range edge.FailuresPerPlace {
		signIn(s, "", "wrong").Holds(401)
	}
	signIn(s, "", "right").Holds(429, "Too many wrong passwords")
}

func TestSigningOut(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.Post("user", "/admin/sign-out/").Leads("/admin/sign-in/")
	if len(s.ended) != 1 || !strings.Contains(strings.Join(a.Header()["Set-Cookie"], "\n"), edge.SessionCookie+"=; ") {
		t.Errorf("ended %v, cookies %v", s.ended, a.Header()["Set-Cookie"])
	}
}

func TestSettingAPasswordByALink(t *testing.T) {
	t.Parallel()
	const good, bad = "/admin/password/good/", "/admin/password/bad/"
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"asks for it": func(_ *testing.T, s *site) {
			s.Get("", good).Holds(200, "Set your password", "user", `action="/admin/password/good/"`)
		},
		"leads to the sign-in": func(t *testing.T, s *site) {
			s.Post("", good, "new_password", "lampshade-orbit").Leads("/admin/sign-in/")
			if len(s.Requests) != 1 {
				t.Errorf("asked %v", s.Requests)
			}
		},
		"refuses a weak one": func(_ *testing.T, s *site) {
			s.Post("", good, "new_password", "user").Holds(422, "Set your password", "aria-invalid")
		},
		"is refused by a link that is not there": func(_ *testing.T, s *site) {
			s.Get("", bad).Holds(404, "This link does not work", "ask an admin for a new one")
			s.Post("", bad, "new_password", "lampshade-orbit").Holds(404, "This link does not work")
		},
		"is refused by a link that was used meanwhile": func(_ *testing.T, s *site) {
			s.Refusal = auth.ErrNoLink
			s.Post("", good, "new_password", "lampshade-orbit").Holds(404, "This link does not work")
		},
	})
}

func TestRegistering(t *testing.T) {
	t.Parallel()
	const path = "/admin/register/"
	form := []string{"username", "newcomer", "email", "n@example.com", "password", "lampshade-orbit"}
	for what, form := range map[string][]string{
		"This is not a valid mail address": {"username", "n", "email", "n", "password", "lampshade-orbit"},
		"aria-invalid":                     {"username", "n", "email", "n@example.com", "password", "short"},
		"Letters, digits and . _ + -":      {"username", "?", "email", "n@example.com", "password", "lampshade-orbit"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			a := open(t).Post("", path, form...)
			a.Holds(a.Code, what, `value="`+form[1]+`"`)
			if a.Code != 400 && a.Code != 422 {
				t.Errorf("status %d", a.Code)
			}
		})
	}
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"by a form sent twice is one command": func(t *testing.T, s *site) {
			s.Post("", path, form...).Leads("/admin/sign-in/")
			s.Post("", path, form...).Leads("/admin/sign-in/")
			if len(s.Requests) != 2 || s.Requests[0].ID != s.Requests[1].ID || s.Requests[0].ID == uuid.Nil {
				t.Errorf("asked %v", s.Requests)
			}
		},
		"under a name that is taken": func(_ *testing.T, s *site) {
			s.Refusal = user.ErrUsernameTaken
			s.Post("", path, form...).Holds(409, "The username is taken.")
		},
		"with a command id that is none": func(_ *testing.T, s *site) {
			s.Post("", path, append(form[:len(form):len(form)], "command", "nonsense")...).Holds(400, "The form could not be read")
		},
	})
}

func TestSigningInIsOnRecord(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"however it ends": func(t *testing.T, s *site) {
			signIn(s, "", "right")
			signIn(s, "", "wrong")
			s.Post("", "/admin/sign-in/", "username", "nemo", "password", "wrong")
			want := []string{"access.signed_in agent", "access.sign_in_failed agent", "access.unknown_sign_in_failed "}
			if diff := cmp.Diff(want, s.Recorded); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		},
		"or there is none": func(t *testing.T, s *site) {
			s.RecordErr = commands.ErrBusy
			a := signIn(s, "", "right").Holds(503)
			if a.Header().Get("Set-Cookie") != "" || len(s.ended) != 1 {
				t.Errorf("cookie %q, ended %v", a.Header().Get("Set-Cookie"), s.ended)
			}
		},
	})
}
