package e2e

import (
	"net/http"
	"testing"
)

// again signs somebody in with whatever password, and returns the status.
func again(t *testing.T, d *desk, username, password string) int {
	t.Helper()
	a := (&person{Client: d.Client(t)}).sends(t, "POST", "/api/login/", object{"username": username, "password": password})
	return a.Status
}

func cookie(t *testing.T, d *desk) {
	for _, c := range []struct {
		name, proto string
		secure      bool
	}{{"plainly", "", false}, {"behind TLS", "https", true}} {
		t.Run("a session begun "+c.name, func(t *testing.T) {
			a := d.Client(t).Must(t, http.StatusOK, "POST", "/api/login/", credentials("ROOT"), "X-Forwarded-Proto", c.proto)
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

func endsOfSessions(t *testing.T, d *desk) {
	d.join(t, "alice", "user")
	const next = "another-lamp-71"
	cookieOf := func(t *testing.T) string { // of a session of alice's
		a := d.Client(t).Must(t, http.StatusOK, "POST", "/api/login/", credentials("alice"))
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
		with(t, 200, one, "POST", "/api/login/", credentials("alice"))
		with(t, 401, one, "GET", "/api/me/", nil)
	})
	t.Run("a password change ends the other sessions", func(t *testing.T) {
		one, other := cookieOf(t), cookieOf(t)
		with(t, 204, one, "POST", "/api/me/password/", object{"current_password": secret, "new_password": next})
		with(t, 200, one, "GET", "/api/me/", nil)
		with(t, 401, other, "GET", "/api/me/", nil)
		for password, want := range map[string]int{secret: 401, next: 200} {
			if got := again(t, d, "alice", password); got != want {
				t.Errorf("signing in with %s: got %d, want %d", password, got, want)
			}
		}
		with(t, 204, one, "POST", "/api/me/password/", object{"current_password": next, "new_password": secret})
	})
	t.Run("deactivating oneself ends every session and refuses the next", func(t *testing.T) {
		one, other := cookieOf(t), cookieOf(t)
		with(t, 204, one, "POST", "/api/me/deactivate/", nil)
		with(t, 401, one, "GET", "/api/me/", nil)
		with(t, 401, other, "GET", "/api/me/", nil)
		if got := again(t, d, "alice", secret); got != 401 {
			t.Errorf("signing in: got %d, want 401", got)
		}
	})
	t.Run("an admin's reactivation lets one in again, and revives no session", func(t *testing.T) {
		d.admin.Must(t, 200, "PATCH", "/api/users/alice/", object{"is_active": true})
		one := cookieOf(t)
		d.admin.Must(t, 200, "PATCH", "/api/users/alice/", object{"is_active": false})
		d.admin.Must(t, 200, "PATCH", "/api/users/alice/", object{"is_active": true})
		with(t, 401, one, "GET", "/api/me/", nil)
	})
}

// roles gives and takes roles.
func roles(t *testing.T, d *desk) {
	d.join(t, "sam", "user")
	v := d.admin.opens(t, "x")
	give := func(change object) { d.admin.Must(t, 200, "PATCH", "/api/users/sam/", change) }
	assign := func(want int) { // of the ticket to sam
		t.Helper()
		d.admin.Must(t, want, "POST", v.path("assign"), object{"assigned_to": "sam"})
	}
	assign(422)
	give(object{"role": "agent"})
	assign(200)
	sam := d.signIn(t, "sam")
	if sam.Role != "agent" {
		t.Errorf("the role at the next sign-in: got %s, want agent", sam.Role)
	}
	sam.does(t, v, "start")
	give(object{"role": "auditor"})
	sam = d.signIn(t, "sam")
	refused(t, sam.sends(t, "POST", v.path("resolve"), nil), 403)
	give(object{"role": "agent", "is_active": false})
	d.admin.assigns(t, v, nil)
	assign(422)
	for change, want := range map[string]object{"an agent again": {"role": "agent", "is_active": true}, "a user": {"role": "user"}} {
		give(want)
		if got := *get[userView](t, d.admin, "/api/users/sam/").Role; got != want["role"] {
			t.Errorf("made %s: got %s", change, got)
		}
	}
}

// TestOneAdminIsLeft lets two admins depose each other at the same time.
func TestOneAdminIsLeft(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, change := range []object{{"role": "user"}, {"is_active": false}, {"role": "user"}, {"is_active": false}} {
		admins := []*person{d.signIn(t, "root"), d.join(t, "eve"+number(ticketView{Number: int64(d.head(t))}), "admin")}
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
		var left *person
		for _, p := range admins {
			if p.sends(t, "GET", "/api/report/", nil).Status == http.StatusOK {
				left = p
			}
		}
		if left == nil {
			t.Fatalf("no admin is left after %d and %d", statuses[0], statuses[1])
		}
		page := get[listOf[userView]](t, left, "/api/users/?role=admin&is_active=true")
		if len(page.Results) != 1 || statuses[0] == statuses[1] {
			t.Errorf("%d admins are left after %d and %d", len(page.Results), statuses[0], statuses[1])
		}
		left.Must(t, 200, "PATCH", "/api/users/root/", object{"role": "admin", "is_active": true})
		d.admin = d.signIn(t, "root")
		for _, other := range page.Results {
			if other.Username != "root" {
				d.admin.Must(t, 200, "PATCH", "/api/users/"+other.ID+"/", object{"role": "user"})
			}
		}
	}
}
