package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/test/program"
)

// try is a call by one of several people: the status it has for each of them.
type try struct {
	name, method, path string
	body               any
	want               map[string]int // by role; 422 is code
	code               string
}

func TestPermissionsBeyondTickets(t *testing.T) {
	t.Parallel()
	o := openOffice(t, "assigned")
	waitSigned(t, o.Admin.Client, 1)
	rita := "/api/users/" + o.rita.ID + "/"
	all := func(user, agent, admin, auditor int) map[string]int {
		return map[string]int{"user": user, "agent": agent, "admin": admin, "auditor": auditor}
	}
	tries := []try{
		{name: "open a ticket", method: "POST", path: "/api/tickets/", body: program.Opening("For me"), want: all(201, 201, 201, 403)},
		{name: "open a ticket for another", method: "POST", path: "/api/tickets/", body: program.Opening("For rita").With(object{"created_by": "rita"}), want: all(403, 201, 201, 403)},
		{name: "open a ticket for nobody known", method: "POST", path: "/api/tickets/", body: program.Opening("For nobody").With(object{"created_by": "nobody"}), want: all(403, 422, 422, 403), code: "unknown_reference"},
		{name: "report", method: "GET", path: "/api/report/", want: all(403, 403, 200, 200)},
		{name: "read the checkpoint of the log", method: "GET", path: "/audit/checkpoint", want: all(403, 403, 200, 200)},
		{name: "read a tile of the log", method: "GET", path: "/audit/tile/0/000.p/1", want: all(403, 403, 200, 200)},
		{name: "read an entry of the log", method: "GET", path: "/audit/tile/entries/000.p/1", want: all(403, 403, 200, 200)},
		{name: "read a tile that is not", method: "GET", path: "/audit/tile/0/x999/999", want: all(403, 403, 404, 404)},
		{name: "prove that an event is in the log", method: "GET", path: "/api/audit/inclusion/?position=1", want: all(403, 403, 200, 200)},
		{name: "prove that the log has grown", method: "GET", path: "/api/audit/consistency/?from=1", want: all(403, 403, 200, 200)},
		{name: "read the log", method: "GET", path: "/api/events/?after=1&limit=1", want: all(403, 403, 200, 200)},
		{name: "list users", method: "GET", path: "/api/users/", want: all(403, 200, 200, 200)},
		{name: "find users by role", method: "GET", path: "/api/users/?role=agent&is_active=true", want: map[string]int{"user": 403, "admin": 200, "auditor": 200}},
		{name: "see another user", method: "GET", path: rita, want: all(404, 200, 200, 200)},
		{name: "see another user by name", method: "GET", path: "/api/users/rita/", want: all(404, 200, 200, 200)},
		{name: "see a user that is not", method: "GET", path: "/api/users/nobody/", want: all(404, 404, 404, 404)},
		{name: "read what happened to another", method: "GET", path: rita + "history/", want: all(404, 403, 200, 200)},
		{name: "read what happened to a user that is not", method: "GET", path: "/api/users/nobody/history/", want: all(404, 404, 404, 404)},
		{name: "rename another", method: "PATCH", path: rita, body: object{"first_name": "Margherita"}, want: all(404, 403, 200, 403)},
		{name: "give another a role", method: "PATCH", path: rita, body: object{"role": "agent"}, want: all(404, 403, 200, 403)},
		{name: "deactivate another", method: "PATCH", path: rita, body: object{"is_active": false}, want: all(404, 403, 200, 403)},
		{name: "reactivate another", method: "PATCH", path: rita, body: object{"is_active": true}, want: all(404, 403, 200, 403)},
		{name: "rename themselves", method: "PATCH", path: "/api/me/", body: object{"last_name": "Anew"}, want: all(200, 200, 200, 200)},
		{name: "see themselves", method: "GET", path: "/api/me/", want: all(200, 200, 200, 200)},
	}
	for _, role := range []string{"user", "agent", "admin", "auditor"} { // the admin's changes refuse nobody else
		tries = append(tries, try{name: "see themselves among the users", method: "GET",
			path: "/api/users/" + o.people[role].ID + "/", want: map[string]int{role: 200}})
		tries = append(tries, try{name: "read what happened to themselves", method: "GET",
			path: "/api/users/" + o.people[role].Username + "/history/", want: map[string]int{role: 200}})
		if role != "admin" {
			tries = append(tries, try{name: "give themselves a role", method: "PATCH",
				path: "/api/users/" + o.people[role].ID + "/", body: object{"role": "admin"}, want: map[string]int{role: 403}})
		}
	}
	for _, c := range tries {
		for role, want := range c.want {
			t.Run(c.name+" as "+role, func(t *testing.T) { o.attempt(t, c, role, want) })
		}
	}
}

// attempt makes a call; one that is refused writes nothing.
func (o *office) attempt(t *testing.T, c try, role string, want int) {
	before := logHead(t, o.Helpdesk)
	a := o.people[role].Sends(t, c.method, c.path, c.body)
	if want < 300 {
		if a.Status != want {
			t.Fatalf("got %d %s, want %d", a.Status, a.Body, want)
		}
		return
	}
	code := map[int]string{403: "forbidden", 404: "not_found", 422: c.code}[want]
	if got := refused(t, a, want).Code; got != code {
		t.Errorf("code: got %q, want %q", got, code)
	}
	recorded := int64(0)
	if role == "auditor" && c.method == http.MethodGet {
		recorded = 1 // that they tried to read it
	}
	if after := logHead(t, o.Helpdesk); after != before+1+recorded {
		t.Errorf("a refusal wrote %d events", after-before-1)
	}
}

func TestWhatIsShownOfAUser(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	agent, auditor, rita := d.Join(t, "amy", "agent"), d.Join(t, "aud", "auditor"), d.Join(t, "rita", "user")
	rita.Must(t, http.StatusOK, "PATCH", "/api/me/", object{"first_name": "Rita", "last_name": "Rossi"})

	names := []string{"first_name", "id", "last_name", "username"}
	whole := append([]string{"created_at", "email", "is_active", "name_email", "notifications", "role", "updated_at"}, names...)
	slices.Sort(whole)
	cases := []struct {
		name   string
		viewer *program.Person
		path   string
		want   []string
	}{
		{"an agent sees names alone", agent, "/api/users/rita/", names},
		{"an agent sees all of themselves", agent, "/api/me/", whole},
		{"an auditor sees all", auditor, "/api/users/rita/", whole},
		{"an admin sees all", d.Admin, "/api/users/rita/", whole},
		{"a user sees all of themselves", rita, "/api/users/" + rita.ID + "/", whole},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := slices.Sorted(maps.Keys(program.Get[map[string]any](t, c.viewer, c.path)))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a list shows an agent names alone of others", func(t *testing.T) {
		page := program.Get[program.List[map[string]any]](t, agent, "/api/users/")
		if len(page.Results) != 4 {
			t.Errorf("got %d users, want 4", len(page.Results))
		}
		for _, u := range page.Results {
			diff := cmp.Diff(names, slices.Sorted(maps.Keys(u)))
			if diff != "" && u["id"] != agent.ID { // of themselves they see all
				t.Errorf("members (-want +got):\n%s", diff)
			}
		}
	})
	t.Run("name and address make one line", func(t *testing.T) {
		if got, want := *program.Get[program.User](t, d.Admin, "/api/users/rita/").NameEmail, "Rita Rossi - rita@example.com"; got != want {
			t.Errorf("name_email: got %q, want %q", got, want)
		}
	})
	t.Run("an agent finds nobody by their address", func(t *testing.T) {
		if page := program.Get[program.List[program.User]](t, agent, "/api/users/?search=rita@example&count=true"); len(page.Results) != 0 || (page.Count != nil && *page.Count != 0) {
			t.Errorf("an address was found: %+v", page)
		}
	})
	t.Run("an admin finds people by name, role and activity", func(t *testing.T) {
		page := program.Get[program.List[program.User]](t, d.Admin, "/api/users/?search=ROSSI&role=user&is_active=true&count=true")
		if len(page.Results) != 1 || page.Results[0].ID != rita.ID || page.Count == nil || *page.Count != 1 {
			t.Errorf("got %+v, want rita alone", page)
		}
	})
}

// TestWhoIsNotSignedIn calls everything without a session, and with one that
// is none.
func TestWhoIsNotSignedIn(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	v := d.Admin.Opens(t, "Not for the public")
	before := logHead(t, d)
	ticket, comment := v.Path(), "/api/comments/"+v.ID+"/"
	calls := []string{
		"POST /api/logout/", "GET /api/me/", "PATCH /api/me/", "POST /api/me/password/", "POST /api/me/deactivate/",
		"GET /api/users/", "GET /api/users/root/", "PATCH /api/users/root/", "GET /api/users/nobody/",
		"GET /api/tickets/", "POST /api/tickets/", "GET /api/tickets/nonsense/", "GET /api/tickets/1/",
		"GET " + ticket, "PUT " + ticket, "PATCH " + ticket, "DELETE " + ticket,
		"POST " + ticket + "assign/", "POST " + ticket + "start/", "POST " + ticket + "resolve/",
		"POST " + ticket + "close/", "POST " + ticket + "reopen/", "POST " + ticket + "escalate/",
		"GET /api/comments/", "POST /api/comments/",
		"GET " + comment, "PUT " + comment, "PATCH " + comment, "DELETE " + comment, "GET /api/report/",
	}
	for _, call := range calls {
		t.Run(strings.ReplaceAll(call, v.ID, "{id}"), func(t *testing.T) {
			method, path, _ := strings.Cut(call, " ")
			for _, cookie := range []string{"", "helpdesk_session=", "helpdesk_session=nonsense", "helpdesk_session=" + strings.Repeat("A", 43)} {
				anyone := &program.Person{Client: d.Client(t)}
				a := anyone.Sends(t, method, path, nil, "Cookie", cookie)
				if got := refused(t, a, http.StatusUnauthorized).Code; got != "not_authenticated" {
					t.Errorf("code: got %q, want not_authenticated", got)
				}
			}
		})
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		d.Client(t).Must(t, http.StatusOK, "GET", path, nil)
	}
	if after := logHead(t, d); after != before+1 {
		t.Errorf("%d events were written", after-before-1)
	}
	t.Run("a wrong sign-in says the same whoever it names", func(t *testing.T) { sameRefusal(t, d) })
}

// sameRefusal compares the answers to sign-ins that are wrong in several ways.
func sameRefusal(t *testing.T, d *program.Helpdesk) {
	var first string
	for _, body := range []object{
		{"username": "root", "password": "not-the-password"},
		{"username": "nobody", "password": "not-the-password"},
		{"username": "nobody", "password": program.Secret},
	} {
		a := (&program.Person{Client: d.Client(t)}).Sends(t, "POST", "/api/login/", body, "X-Request-Id", "same")
		refused(t, a, http.StatusUnauthorized)
		if a.Header.Get("Set-Cookie") != "" {
			t.Error("a refused sign-in sets a cookie")
		}
		if text := compact(t, a); first == "" {
			first = text
		} else if text != first {
			t.Errorf("the answers differ: %s and %s", first, text)
		}
	}
}

// compact returns the body in one form.
func compact(t *testing.T, a program.Answer) string {
	t.Helper()
	data, err := json.Marshal(program.Read[any](t, a))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
