package e2e

import (
	"net/http"
	"strings"
	"testing"

	"helpdesk/test/program"
)

// badHeaders is headers out of shape, stale or of another origin, and methods
// that an address does not know.
func (s *shop) badHeaders() []bad {
	var all []bad
	patch := func(name string, status int, code string, pointers []string, header ...string) {
		all = append(all, bad{name: name, method: "PATCH", path: s.ticket.Path(), body: object{"priority": "high"},
			header: header, status: status, code: code, pointers: pointers})
	}
	for _, tag := range []string{"1", "abc", `"1`, `"1" "2"`, `W/1`, `*, "1"`, `"` + "\x80", strings.Repeat(`"1",`, 9) + `"1"`} {
		patch("If-Match of "+asJSON(tag), 400, "", []string{"?If-Match"}, "If-Match", tag)
	}
	for _, tag := range []string{`"99"`, `"1"`, `"0"`, `"-1"`, `"abc"`, `W/"99"`, `"02"`, `"1", "99"`, `""`} {
		patch("If-Match of the stale "+tag, 412, "stale_version", nil, "If-Match", tag)
	}
	for _, key := range []string{"", "two words", strings.Repeat("k", 256), "\xe4"} {
		patch("an Idempotency-Key like "+asJSON(key), 400, "", []string{"?Idempotency-Key"}, "Idempotency-Key", key)
	}
	get := func(name string, status int, code string, pointers []string, header ...string) {
		all = append(all, bad{name: name, method: "GET", path: s.ticket.Path(), header: header, status: status, code: code, pointers: pointers})
	}
	for _, position := range []string{"x", "0", "-1", "1.5", "99999999999999999999", "1e3"} {
		get("Min-Event-Position of "+position, 400, "", []string{"?Min-Event-Position"}, "Min-Event-Position", position)
	}
	get("Min-Event-Position beyond the log", 503, "not_yet", nil, "Min-Event-Position", "1000000")
	get("If-None-Match that is none", 400, "", []string{"?If-None-Match"}, "If-None-Match", "abc")
	for call, allowed := range map[string]string{"PATCH " + tickets: "GET, POST", "DELETE /api/report/": "GET", "POST " + s.ticket.Path(): "GET",
		"GET /api/login/": "POST", "PUT /api/me/": "PATCH", "GET " + s.ticket.Path("close"): "POST", "OPTIONS " + tickets: "GET", "PROPFIND " + tickets: "GET"} {
		method, path, _ := strings.Cut(call, " ")
		all = append(all, bad{name: call + ", which allows " + allowed, method: method, path: path, status: 405, code: "method_not_allowed"})
	}
	for name, header := range map[string][]string{
		"another origin":               {"Origin", "https://evil.example"},
		"a page of another site":       {"Sec-Fetch-Site", "cross-site"},
		"a page of a sibling":          {"Sec-Fetch-Site", "same-site"},
		"no origin at all":             {"Origin", "null"},
		"the same host, other port":    {"Origin", "http://127.0.0.1:1"},
		"another origin, as same-site": {"Origin", "https://evil.example", "Sec-Fetch-Site", "same-site"},
	} {
		patch("a browser's request from "+name, 403, "cross_origin", nil, header...)
		all = append(all, bad{name: "a browser's POST from " + name, method: "POST", path: tickets, body: program.Opening("x"), header: header, status: 403, code: "cross_origin"})
	}
	return all
}

// allow looks at what a 405 says is allowed, and at what a
// browser of the same origin may send.
func allow(t *testing.T, d *program.Helpdesk) {
	v := d.Admin.Opens(t, "x")
	for path, methods := range map[string][]string{
		tickets: {"GET", "POST"}, v.Path(): {"GET", "PUT", "PATCH", "DELETE"}, v.Path("close"): {"POST"}, "/api/me/": {"GET", "PATCH"},
	} {
		for _, slash := range []string{"", "/"} {
			a := d.Admin.Sends(t, "TRACE", strings.TrimSuffix(path, "/")+slash, nil)
			refused(t, a, http.StatusMethodNotAllowed)
			for _, method := range methods {
				if !strings.Contains(a.Header.Get("Allow"), method) {
					t.Errorf("%s: Allow %q lacks %s", path, a.Header.Get("Allow"), method)
				}
			}
			if got, want := strings.Contains(a.Header.Get("Allow"), "DELETE"), strings.Contains(strings.Join(methods, " "), "DELETE"); got != want {
				t.Errorf("%s: Allow %q on deleting: got %v, want %v", path, a.Header.Get("Allow"), got, want)
			}
		}
	}
	for _, header := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", d.URL}} {
		d.Admin.Must(t, http.StatusCreated, "POST", tickets, program.Opening("From a page of ours"), header...)
	}
	d.Admin.Must(t, http.StatusOK, "GET", tickets, nil, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
}

// badAccounts is registrations, sign-ins and changes of people that are refused.
func (s *shop) badAccounts() []bad {
	var all []bad
	register := func(name string, change object, status int, code, pointer string) {
		all = append(all, bad{name: "registering " + name, method: "POST", path: "/api/register/", body: program.Registration("carol").With(change),
			status: status, code: code, pointers: []string{pointer}})
	}
	register("a name that is taken", object{"username": "alice"}, 409, "username_taken", "/username")
	register("a name that is taken in another case", object{"username": "ALICE"}, 409, "username_taken", "/username")
	register("an address that is taken in another case", object{"email": "Alice@Example.COM"}, 409, "email_taken", "/email")
	for _, password := range []string{"short7x", "password123", "test1234", "12345678901", "aaaaaaaaaaaa", "qwertyuiop", "carolcarol1", "xcarolx-1234", "abcdefghijkl"} {
		register("with the password "+password, object{"password": password}, 422, "password_too_weak", "/password")
	}
	for _, name := range []string{"", " ", "a b", "a/b", "a\x00b", "-a", "me", "none", strings.Repeat("x", 151), "01900000-0000-7000-8000-00000000000a", "a\u202eb", "<b>"} {
		register("as "+asJSON(name), object{"username": name}, 400, "", "/username")
	}
	for _, email := range []string{"", "x", "@example.com", "x@", "x y@example.com", "X <x@example.com>", "a@example.com\r\nBcc: b@example.com", strings.Repeat("x", 250) + "@example.com"} {
		register("with the address "+asJSON(email), object{"email": email}, 400, "", "/email")
	}
	register("as an admin", object{"role": "admin"}, 400, "", "/role")
	register("with a password that is a number", object{"password": 1234567890}, 400, "", "/password")
	register("with a NUL in the password", object{"password": "lampshade\x00-53"}, 400, "", "/password")
	register("with a name too long", object{"first_name": strings.Repeat("x", 151)}, 400, "", "/first_name")
	register("with null for a name", object{"last_name": nil}, 400, "", "/last_name")
	login := func(name string, body any, status int, code string, pointers ...string) {
		all = append(all, bad{name: "signing in " + name, method: "POST", path: "/api/login/", body: body, status: status, code: code, pointers: pointers})
	}
	login("without anything", object{}, 400, "", "/password", "/username")
	login("with a number", object{"username": "alice", "password": 1}, 400, "", "/password")
	login("with another's password", object{"username": "alice", "password": "not-hers-at-all"}, 401, "invalid_credentials")
	login("with the password in another case", object{"username": "alice", "password": strings.ToUpper(program.Secret)}, 401, "invalid_credentials")
	return append(all,
		bad{name: "taking another's address", method: "PATCH", path: "/api/me/", body: object{"email": "BOB@example.com"}, status: 409, code: "email_taken", pointers: []string{"/email"}},
		bad{name: "taking another's address as an admin", who: s.Admin, method: "PATCH", path: "/api/users/alice/", body: object{"email": "BOB@example.com"}, status: 409, code: "email_taken", pointers: []string{"/email"}},
		bad{name: "changing the username", method: "PATCH", path: "/api/me/", body: object{"username": "x"}, status: 400, pointers: []string{"/username"}},
		bad{name: "becoming an admin by profile", method: "PATCH", path: "/api/me/", body: object{"role": "admin"}, status: 400, pointers: []string{"/role"}},
		bad{name: "a role that is none", who: s.Admin, method: "PATCH", path: "/api/users/alice/", body: object{"role": "king"}, status: 400, pointers: []string{"/role"}},
		bad{name: "activity in words", who: s.Admin, method: "PATCH", path: "/api/users/alice/", body: object{"is_active": "no"}, status: 400, pointers: []string{"/is_active"}},
		bad{name: "a password change with a wrong current one", method: "POST", path: "/api/me/password/", body: object{"current_password": "x", "new_password": "another-lamp-71"}, status: 422, code: "wrong_password", pointers: []string{"/current_password"}},
		bad{name: "a password change to a weak one", method: "POST", path: "/api/me/password/", body: object{"current_password": program.Secret, "new_password": "password1"}, status: 422, code: "password_too_weak", pointers: []string{"/new_password"}},
		bad{name: "a password change without the current one", method: "POST", path: "/api/me/password/", body: object{"new_password": "another-lamp-71"}, status: 400, pointers: []string{"/current_password"}},
		bad{name: "demoting the last admin", who: s.Admin, method: "PATCH", path: "/api/users/root/", body: object{"role": "agent"}, status: 422, code: "last_admin"},
		bad{name: "deactivating the last admin", who: s.Admin, method: "PATCH", path: "/api/users/root/", body: object{"is_active": false}, status: 422, code: "last_admin"},
		bad{name: "deactivating oneself as the last admin", who: s.Admin, method: "POST", path: "/api/me/deactivate/", status: 422, code: "last_admin"},
	)
}

// brokenRules is well-formed requests that a rule refuses.
func (s *shop) brokenRules() []bad {
	all := []bad{
		{name: "assigning to a user", who: s.Admin, method: "POST", path: s.ticket.Path("assign"), body: object{"assigned_to": "bob"}, status: 422, code: "assignee_not_active_staff", pointers: []string{"/assigned_to"}},
		{name: "a status that is refused among other changes", who: s.Admin, method: "PATCH", path: s.closed.Path(), body: object{"title": "Not this", "status": "escalated"}, status: 422, code: "transition_not_allowed", pointers: []string{"/status"}},
		{name: "editing what is closed", method: "PATCH", path: s.closed.Path(), body: object{"title": "Too late"}, status: 422, code: "too_late"},
		{name: "moving a comment to another ticket", method: "PATCH", path: s.comment.Path(), body: object{"ticket": s.closed.ID}, status: 422, code: "not_changeable", pointers: []string{"/ticket"}},
		{name: "making a comment internal", who: s.Admin, method: "PATCH", path: s.comment.Path(), body: object{"internal": true}, status: 422, code: "not_changeable", pointers: []string{"/internal"}},
		{name: "making their comment internal as a user", method: "PATCH", path: s.comment.Path(), body: object{"internal": true}, status: 403, code: "forbidden", pointers: []string{"/internal"}},
	}
	return all
}
