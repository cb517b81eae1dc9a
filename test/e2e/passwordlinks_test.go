package e2e

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// passwordLink makes a password link for somebody as the admin.
func passwordLink(t *testing.T, d *program.Helpdesk, of string) string {
	t.Helper()
	a := d.Admin.Must(t, http.StatusCreated, "POST", "/api/users/"+of+"/password-link/", nil)
	return program.Read[struct{ URL string }](t, a).URL
}

// setsPassword sends the form of a password link, and returns the page it leads to.
func setsPassword(t *testing.T, d *program.Helpdesk, link, password string, header ...string) (status int, page string) {
	t.Helper()
	form := url.Values{"command": {"01900000-0000-7000-8000-00000000000a"}, "new_password": {password}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL+link, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	a, err := newVisitor(t, d).Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(text)
}

func TestAPasswordLink(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db)
	ada, bob := d.Join(t, "ada", "user"), d.Join(t, "bob", "user")
	const fresh = "lampshade-orbit-9"
	signIn := func(t *testing.T, status int, name, password string) {
		t.Helper()
		d.Client(t).Must(t, status, "POST", "/api/login/", object{"username": name, "password": password})
	}
	t.Run("sets the password once, and ends the sessions", func(t *testing.T) {
		link := passwordLink(t, d, "ada")
		if !strings.HasPrefix(link, "/admin/password/") {
			t.Errorf("without HELPDESK_PUBLIC_URL the link is %s", link)
		}
		if _, page := newVisitor(t, d).get(t, link); !strings.Contains(page, "Set your password") {
			t.Fatalf("the link leads to %s", page)
		}
		var used, refused int
		var mu sync.Mutex
		var at sync.WaitGroup
		for range 8 {
			at.Go(func() {
				status, _ := setsPassword(t, d, link, fresh)
				mu.Lock()
				defer mu.Unlock()
				switch status {
				case http.StatusOK:
					used++
				case http.StatusNotFound:
					refused++
				}
			})
		}
		at.Wait()
		if used == 0 || used+refused != 8 {
			t.Errorf("used %d times, refused %d times", used, refused)
		}
		if status, page := setsPassword(t, d, link, "another-orbit-9"); status != http.StatusNotFound || !strings.Contains(page, "This link does not work") {
			t.Errorf("used once more: %d %s", status, page)
		}
		ada.Must(t, http.StatusUnauthorized, "GET", "/api/me/", nil)
		signIn(t, http.StatusOK, "ada", fresh)
		signIn(t, http.StatusUnauthorized, "ada", program.Secret)
		var told string
		for _, e := range program.Get[program.List[entryView]](t, d.Admin, "/api/users/ada/history/").Results {
			told += e.Summary + "\n"
		}
		if strings.Count(told, "changed their password") != 1 || strings.Count(told, "made a link that sets the password of ada") != 1 {
			t.Errorf("the history of ada:\n%s", told)
		}
		log := string(d.Admin.Must(t, http.StatusOK, "GET", "/api/events/export/", nil).Body)
		if token := strings.Split(link, "/")[3]; strings.Contains(log, token) {
			t.Error("the token is in the log")
		}
	})
	t.Run("ends with the next one", func(t *testing.T) {
		first, second := passwordLink(t, d, "bob"), passwordLink(t, d, "bob")
		if status, _ := setsPassword(t, d, first, fresh); status != http.StatusNotFound {
			t.Errorf("the first: %d", status)
		}
		if status, page := setsPassword(t, d, second, "short"); status != http.StatusUnprocessableEntity || !strings.Contains(page, "at least 8 characters") {
			t.Errorf("a weak password: %d %s", status, page)
		}
		if status, _ := setsPassword(t, d, second, fresh); status != http.StatusOK {
			t.Errorf("the second: %d", status)
		}
	})
	t.Run("is not for another site to use", func(t *testing.T) {
		link := passwordLink(t, d, "bob")
		if status, _ := setsPassword(t, d, link, "another-orbit-9", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
			t.Errorf("from another site: %d", status)
		}
		signIn(t, http.StatusOK, "bob", fresh)
	})
	t.Run("ends with the day", func(t *testing.T) {
		link := passwordLink(t, d, "bob")
		if _, err := db.Pool(t).Exec(t.Context(), `UPDATE password_links SET expires_at = now()`); err != nil {
			t.Fatal(err)
		}
		if status, _ := setsPassword(t, d, link, "another-orbit-9"); status != http.StatusNotFound {
			t.Errorf("after a day: %d", status)
		}
	})
	t.Run("ends with a deactivation, and none is made then", func(t *testing.T) {
		link := passwordLink(t, d, "bob")
		d.Admin.Must(t, http.StatusOK, "PATCH", "/api/users/bob/", object{"is_active": false})
		d.Admin.Must(t, http.StatusUnprocessableEntity, "POST", "/api/users/bob/password-link/", nil)
		d.Admin.Must(t, http.StatusOK, "PATCH", "/api/users/bob/", object{"is_active": true})
		if status, _ := setsPassword(t, d, link, "another-orbit-9"); status != http.StatusNotFound {
			t.Errorf("after a deactivation: %d", status)
		}
		bob.Must(t, http.StatusUnauthorized, "GET", "/api/me/", nil)
	})
	t.Run("is made by the command and on the site, too", func(t *testing.T) {
		link := strings.TrimSpace(d.Runs(t, "", "users", "invite", "bob"))
		if status, _ := setsPassword(t, d, link, "another-orbit-9"); status != http.StatusOK {
			t.Errorf("%s by the command: %d", link, status)
		}
		v := enters(t, d, "root")
		_, page := v.submit(t, "/admin/people/bob/", "/admin/people/bob/password-link/")
		_, shown, found := strings.Cut(page, `value="/admin/password/`)
		shown, _, _ = strings.Cut(shown, `"`)
		if !found {
			t.Fatalf("the page shows no link: %s", page)
		}
		if status, _ := setsPassword(t, d, "/admin/password/"+shown, fresh); status != http.StatusOK {
			t.Errorf("by the site: %d", status)
		}
		signIn(t, http.StatusOK, "bob", fresh)
	})
}

func TestPasswordLinksAreNotGuessed(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_RATE_LIMIT=10000", "HELPDESK_PUBLIC_URL=https://desk.example")
	d.Join(t, "ada", "user")
	for i := range 11 {
		status, _ := setsPassword(t, d, "/admin/password/none/", "lampshade-orbit-9")
		if want := map[bool]int{false: http.StatusNotFound, true: http.StatusTooManyRequests}[i == 10]; status != want {
			t.Errorf("guess %d: %d, want %d", i, status, want)
		}
	}
	if link := passwordLink(t, d, "ada"); !strings.HasPrefix(link, "https://desk.example/admin/password/") {
		t.Errorf("the link is %s", link)
	}
	d.Client(t).Must(t, http.StatusOK, "POST", "/api/login/", object{"username": "ada", "password": program.Secret})
}
