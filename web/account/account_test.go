package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/web/webtest"
)

func TestOnesOwnAccount(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"user", "agent", "admin", "auditor"} {
		d := newDesk()
		s := newSite(t, d)
		webtest.Holds(t, webtest.Get(s, role, "/admin/account/"), 200, role+"@example.com")
		webtest.Leads(t, webtest.Post(s, role, "/admin/account/profile/", "email", "x@example.com", "first_name", "X", "last_name", ""), "/admin/account/#profile")
		webtest.Leads(t, webtest.Post(s, role, "/admin/account/emails/", "resolved", "yes"), "/admin/account/#emails")
		webtest.Leads(t, webtest.Post(s, role, "/admin/account/password/", "current_password", "right", "new_password", "lampshade-orbit"), "/admin/account/#password")
		emails := d.Edits[1].Notifications
		if !*emails.Resolved || *emails.Commented || *d.Edits[0].Email != "x@example.com" {
			t.Errorf("%s: edits %+v", role, d.Edits)
		}
		webtest.Leads(t, webtest.Post(s, role, "/admin/account/deactivate/", "current_password", "right"), "/admin/sign-in/")
	}
}

func TestWhatIsWrongWithTheAccountIsSaidBesideTheForm(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Holds(t, webtest.Post(s, "user", "/admin/account/password/", "current_password", "wrong", "new_password", "x"), 422, "This is not your current password.", `id="current_password-fault"`)
	webtest.Holds(t, webtest.Post(s, "user", "/admin/account/password/", "current_password", "right", "new_password", "x"), 422, `id="new_password-fault"`)
	webtest.Holds(t, webtest.Post(s, "user", "/admin/account/deactivate/", "current_password", "wrong"), 422, "This is not your current password.")
	d.Refusal = user.ErrEmailTaken
	webtest.Holds(t, webtest.Post(s, "user", "/admin/account/profile/", "email", "taken@example.com"), 409, "The mail address is taken.", `value="taken@example.com"`)
	d.Refusal = commands.ErrBusy
	webtest.Holds(t, webtest.Post(s, "user", "/admin/account/profile/", "email", "x@example.com"), 503, "The helpdesk is unavailable")
	d.Refusal = errors.New("secret detail")
	w := webtest.Post(s, "user", "/admin/account/profile/", "email", "x@example.com")
	webtest.Holds(t, w, 500, "Something went wrong", w.Header().Get("X-Request-Id"))
	if strings.Contains(w.Body.String(), "secret detail") {
		t.Error("the page tells what is for the log alone")
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Holds(t, webtest.Get(s, "user", "/admin/tokens/"), 200, "No API tokens yet")
	webtest.Holds(t, webtest.Post(s, "user", "/admin/tokens/", "name", "nightly", "read_only", "yes", "until", "2026-01-31"), 200, "hd_secret", "nightly", "read-only")
	if len(d.tokens) != 1 || !d.tokens[0].ReadOnly || d.tokens[0].ExpiresAt.Day() != 1 {
		t.Errorf("made %+v", d.tokens)
	}
	webtest.Holds(t, webtest.Post(s, "user", "/admin/tokens/", "name", ""), 400, "A value is required.")
	webtest.Holds(t, webtest.Post(s, "user", "/admin/tokens/", "name", "x", "until", "2026-01-30"), 400, "Choose today or a later day.")
	path := fmt.Sprintf("/admin/tokens/%s/revoke/", d.tokens[0].ID)
	webtest.Leads(t, webtest.Post(s, "user", path), "/admin/tokens/")
	webtest.Holds(t, webtest.Post(s, "user", path), 404, "Page not found")
	d.Refusal = auth.ErrTooManyTokens
	webtest.Holds(t, webtest.Post(s, "user", "/admin/tokens/", "name", "x"), 422, "revoke one")
}

func TestGuessesOfTheCurrentPasswordAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, newDesk())
	for range edge.FailuresPerName {
		webtest.Holds(t, webtest.Post(s, "agent", "/admin/account/password/", "current_password", "wrong"), 422)
	}
	webtest.Holds(t, webtest.Post(s, "agent", "/admin/account/password/", "current_password", "right"), 429)
}
