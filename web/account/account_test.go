package account

import (
	"errors"
	"fmt"
	"testing"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/web/webtest"
)

func TestOnesOwnAccount(t *testing.T) {
	t.Parallel()
	for _, role := range domain.Roles() {
		as := string(role)
		t.Run(as, func(t *testing.T) {
			t.Parallel()
			webtest.Each(t, open, map[string]func(*testing.T, *site){
				"it is shown": func(_ *testing.T, s *site) { s.Get(as, "/admin/account/").Holds(200, as+"@example.com") },
				"its profile is changed": func(t *testing.T, s *site) {
					s.Post(as, "/admin/account/profile/", "email", "x@example.com", "first_name", "X", "last_name", "").Leads("/admin/account/#profile")
					if *s.Edits[0].Email != "x@example.com" {
						t.Errorf("edits %+v", s.Edits)
					}
				},
				"emails are chosen": func(t *testing.T, s *site) {
					s.Post(as, "/admin/account/emails/", "resolved", "yes").Leads("/admin/account/#emails")
					if emails := s.Edits[0].Notifications; !*emails.Resolved || *emails.Commented {
						t.Errorf("edits %+v", s.Edits)
					}
				},
				"the password is changed": func(_ *testing.T, s *site) {
					s.Post(as, "/admin/account/password/", "current_password", "right", "new_password", "lampshade-orbit").Leads("/admin/account/#password")
				},
				"it is deactivated": func(_ *testing.T, s *site) {
					s.Post(as, "/admin/account/deactivate/", "current_password", "right").Leads("/admin/sign-in/")
				},
			})
		})
	}
}

func TestWhatIsWrongWithTheAccountIsSaidBesideTheForm(t *testing.T) {
	t.Parallel()
	const profile, password, deactivate = "/admin/account/profile/", "/admin/account/password/", "/admin/account/deactivate/"
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"a wrong current password": func(_ *testing.T, s *site) {
			s.Post("user", password, "current_password", "wrong", "new_password", "x").Holds(422, "This is not your current password.", `id="current_password-fault"`)
		},
		"a weak new password": func(_ *testing.T, s *site) {
			s.Post("user", password, "current_password", "right", "new_password", "x").Holds(422, `id="new_password-fault"`)
		},
		"a wrong password before the end": func(_ *testing.T, s *site) {
			s.Post("user", deactivate, "current_password", "wrong").Holds(422, "This is not your current password.")
		},
		"a mail address that is taken": func(_ *testing.T, s *site) {
			s.Refusal = user.ErrEmailTaken
			s.Post("user", profile, "email", "taken@example.com").Holds(409, "The mail address is taken.", `value="taken@example.com"`)
		},
		"a log that is busy": func(_ *testing.T, s *site) {
			s.Refusal = commands.ErrBusy
			s.Post("user", profile, "email", "x@example.com").Holds(503, "The helpdesk is unavailable")
		},
		"what is for the log alone": func(_ *testing.T, s *site) {
			s.Refusal = errors.New("secret detail")
			a := s.Post("user", profile, "email", "x@example.com")
			a.Holds(500, "Something went wrong", a.Header().Get("X-Request-Id")).Lacks("secret detail")
		},
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	const path = "/admin/tokens/"
	create := func(s *site) *webtest.Answer {
		return s.Post("user", path, "name", "nightly", "read_only", "yes", "until", "2026-01-31")
	}
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"there are none": func(_ *testing.T, s *site) { s.Get("user", path).Holds(200, "No API tokens yet") },
		"one is made and shown once": func(t *testing.T, s *site) {
			create(s).Holds(200, "hd_secret", "nightly", "read-only")
			if len(s.tokens) != 1 || !s.tokens[0].ReadOnly || s.tokens[0].ExpiresAt.Day() != 1 {
				t.Errorf("made %+v", s.tokens)
			}
		},
		"one without a name": func(_ *testing.T, s *site) { s.Post("user", path, "name", "").Holds(400, "A value is required.") },
		"one that ended before": func(_ *testing.T, s *site) {
			s.Post("user", path, "name", "x", "until", "2026-01-30").Holds(400, "Choose today or a later day.")
		},
		"one that ends in a year of five digits": func(_ *testing.T, s *site) {
			s.Post("user", path, "name", "x", "until", "9999-12-31").Holds(400, "Choose a day that is not after the year 9998.")
		},
		"one is revoked once": func(_ *testing.T, s *site) {
			create(s)
			revoke := fmt.Sprintf("/admin/tokens/%s/revoke/", s.tokens[0].ID)
			s.Post("user", revoke).Leads(path)
			s.Post("user", revoke).Holds(404, "Page not found")
		},
		"too many": func(_ *testing.T, s *site) {
			s.Refusal = auth.ErrTooManyTokens
			s.Post("user", path, "name", "x").Holds(422, "revoke one")
		},
	})
}

func TestGuessesOfTheCurrentPasswordAreLimited(t *testing.T) {
	t.Parallel()
	s := open(t)
	for range edge.FailuresPerPlace {
		s.Post("agent", "/admin/account/password/", "current_password", "wrong").Holds(422)
	}
	s.Post("agent", "/admin/account/password/", "current_password", "right").Holds(429)
}
