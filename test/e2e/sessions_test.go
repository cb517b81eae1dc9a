package e2e

import (
	"net/http"
	"testing"

	"helpdesk/test/program"
)

// again signs somebody in with whatever password, and returns the status.
func again(t *testing.T, d *program.Helpdesk, username, password string) int {
	t.Helper()
	a := (&program.Person{Client: d.Client(t)}).Sends(t, "POST", "/api/login/", object{"username": username, "password": password})
	return a.Status
}

func cookie(t *testing.T, d *program.Helpdesk) {
	for _, c := range []struct {
		name, proto string
		secure      bool
	}{{"plainly", "", false}, {"behind TLS", "https", true}} {
		t.Run("a session begun "+c.name, func(t *testing.T) {
			a := d.Client(t).Must(t, http.StatusOK, "POST", "/api/login/", program.Credentials("ROOT"), "X-Forwarded-Proto", c.proto)
			cookie, err := http.ParseSetCookie(a.Header.Get("Set-Cookie"))
			if err != nil {
				t.Fatalf("Set-Cookie %q: %v", a.Header.Get("Set-Cookie"), err)
			}
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Secure != c.secure || cookie.Domain != "" {
				t.Errorf("Set-Cookie: %s", a.Header.Get("Set-Cookie"))
			}
		})
	}
}

func endsOfSessions(t *testing.T, d *program.Helpdesk) {
	d.Join(t, "alice", "user")
	const next = "another-lamp-71"
	cookieOf := func(t *testing.T) string { // of a session of alice's
		a := d.Client(t).Must(t, http.StatusOK, "POST", "/api/login/", program.Credentials("alice"))
		cookie, err := http.ParseSetCookie(a.Header.Get("Set-Cookie"))
		if err != nil {
			t.Fatal(err)
		}
		return cookie.Name + "=" + cookie.Value
	}
	with := func(t *testing.T, want int, cookie, method, path string, body any) {
		t.Helper()
		d.Client(t).Must(t, want, method, path, body, "Cookie", cookie)
	}
	t.Run("signing out ends the session on the server, and no other", func(t *testing.T) {
		one, other := cookieOf(t), cookieOf(t)
		with(t, 204, one, "POST", "/api/logout/", nil)
		with(t, 401, one, "GET", "/api/me/", nil)
		with(t, 401, one, "POST", "/api/logout/", nil)
		with(t, 200, other, "GET", "/api/me/", nil)
	})
	t.Run("signing in anew ends the session one came with", func(t *testing.T) {
		one := cookieOf(t)
		with(t, 200, one, "POST", "/api/login/", program.Credentials("alice"))
		with(t, 401, one, "GET", "/api/me/", nil)
	})
	t.Run("a password change ends the other sessions", func(t *testing.T) {
		one, other := cookieOf(t), cookieOf(t)
		with(t, 204, one, "POST", "/api/me/password/", object{"current_password": program.Secret, "new_password": next})
		with(t, 200, one, "GET", "/api/me/", nil)
		with(t, 401, other, "GET", "/api/me/", nil)
		for password, want := range map[string]int{program.Secret: 401, next: 200} {
			if got := again(t, d, "alice", password); got != want {
				t.Errorf("signing in with %s: got %d, want %d", password, got, want)
			}
		}
		with(t, 204, one, "POST", "/api/me/password/", object{"current_password": next, "new_password": program.Secret})
	})
	t.Run("deactivating oneself ends every session and refuses the next", func(t *testing.T) {
		one, other := cookieOf(t), cookieOf(t)
		with(t, 204, one, "POST", "/api/me/deactivate/", nil)
		with(t, 401, one, "GET", "/api/me/", nil)
		with(t, 401, other, "GET", "/api/me/", nil)
		if got := again(t, d, "alice", program.Secret); got != 401 {
			t.Errorf("signing in: got %d, want 401", got)
		}
	})
	t.Run("an admin's reactivation lets one in again, and revives no session", func(t *testing.T) {
		d.Admin.Must(t, 200, "PATCH", "/api/users/alice/", object{"is_active": true})
		one := cookieOf(t)
		d.Admin.Must(t, 200, "PATCH", "/api/users/alice/", object{"is_active": false})
		d.Admin.Must(t, 200, "PATCH", "/api/users/alice/", object{"is_active": true})
		with(t, 401, one, "GET", "/api/me/", nil)
	})
}

// roles gives and takes roles.
func roles(t *testing.T, d *program.Helpdesk) {
	d.Join(t, "sam", "user")
	v := d.Admin.Opens(t, "x")
	give := func(change object) { d.Admin.Must(t, 200, "PATCH", "/api/users/sam/", change) }
	assign := func(want int) { // of the ticket to sam
		t.Helper()
		d.Admin.Must(t, want, "POST", v.Path("assign"), object{"assigned_to": "sam"})
	}
	assign(422)
	give(object{"role": "agent"})
	assign(200)
	sam := d.SignIn(t, "sam")
	if sam.Role != "agent" {
		t.Errorf("the role at the next sign-in: got %s, want agent", sam.Role)
	}
	sam.Does(t, v, "start")
	give(object{"role": "auditor"})
	sam = d.SignIn(t, "sam")
	refused(t, sam.Sends(t, "POST", v.Path("resolve"), nil), 403)
	give(object{"role": "agent", "is_active": false})
	d.Admin.Assigns(t, v, nil)
	assign(422)
	for change, want := range map[string]object{"an agent again": {"role": "agent", "is_active": true}, "a user": {"role": "user"}} {
		give(want)
		if got := *program.Get[program.User](t, d.Admin, "/api/users/sam/").Role; got != want["role"] {
			t.Errorf("made %s: got %s", change, got)
		}
	}
}

// TestOneAdminIsLeft lets two admins depose each other at the same time.
func TestOneAdminIsLeft(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	for _, change := range []object{{"role": "user"}, {"is_active": false}, {"role": "user"}, {"is_active": false}} {
		admins := []*program.Person{d.SignIn(t, "root"), d.Join(t, "eve"+number(program.Ticket{Number: int64(logHead(t, d))}), "admin")}
		done := make(chan int, len(admins))
		for i := range admins {
			go func() {
				a, err := admins[i].Do(t.Context(), "PATCH", "/api/users/"+admins[1-i].ID+"/", change)
				if err != nil {
					t.Error(err)
				}
				done <- a.Status
			}()
		}
		statuses := []int{<-done, <-done}
		var left *program.Person
		for _, p := range admins {
			if p.Sends(t, "GET", "/api/report/", nil).Status == http.StatusOK {
				left = p
			}
		}
		if left == nil {
			t.Fatalf("no admin is left after %d and %d", statuses[0], statuses[1])
		}
		page := program.Get[program.List[program.User]](t, left, "/api/users/?role=admin&is_active=true")
		if len(page.Results) != 1 || statuses[0] == statuses[1] {
			t.Errorf("%d admins are left after %d and %d", len(page.Results), statuses[0], statuses[1])
		}
		left.Must(t, 200, "PATCH", "/api/users/root/", object{"role": "admin", "is_active": true})
		d.Admin = d.SignIn(t, "root")
		for _, other := range page.Results {
			if other.Username != "root" {
				d.Admin.Must(t, 200, "PATCH", "/api/users/"+other.ID+"/", object{"role": "user"})
			}
		}
	}
}

// TestASessionOverTLSIsThisHostsAlone looks at the cookie as a browser would.
func TestASessionOverTLSIsThisHostsAlone(t *testing.T) {
	t.Parallel()
	h := program.Open(t, "HELPDESK_PUBLIC_URL=https://desk.example.com")
	a := h.Client(t).Must(t, http.StatusOK, "POST", "/api/login/", program.Credentials("root"))
	cookie, err := http.ParseSetCookie(a.Header.Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	if cookie.Name != "__Host-helpdesk_session" || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("the cookie is %s", a.Header.Get("Set-Cookie"))
	}
	for name, want := range map[string]int{cookie.Name: http.StatusOK, "helpdesk_session": http.StatusUnauthorized} {
		h.Client(t).Must(t, want, "GET", "/api/me/", nil, "Cookie", name+"="+cookie.Value)
	}
}
