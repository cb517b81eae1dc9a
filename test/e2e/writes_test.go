package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestSeveralChangesAtOnce makes changes by PUT and PATCH that are one append,
// or none.
func TestSeveralChangesAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	amy := d.join(t, "amy", "agent").wantsNoEmails(t)
	v := d.admin.opens(t, "Before")
	put := object{"title": "After", "description": "Told anew.", "priority": "high", "status": "in-progress"}
	cases := []struct {
		name, method string
		body         object
		status       int
		events       int64 // written
		want         string
	}{
		{"a PATCH of three members", "PATCH", object{"title": "Then", "priority": "medium", "assigned_to": "amy"}, 200, 3, "Then medium open amy"},
		{"a PUT of all members", "PUT", put, 200, 4, "After high in-progress amy"},
		{"the same PUT again", "PUT", put, 200, 0, "After high in-progress amy"},
		{"an empty PATCH", "PATCH", object{}, 200, 0, "After high in-progress amy"},
		{"a PATCH of what is so already", "PATCH", object{"title": " After ", "assigned_to": amy.ID}, 200, 0, "After high in-progress amy"},
		{"a PATCH whose last change is refused", "PATCH", object{"title": "Never", "priority": "low", "assigned_to": nil, "status": "open"}, 422, 0, "After high in-progress amy"},
		{"a PATCH whose assignee is refused", "PATCH", object{"title": "Never", "status": "resolved", "assigned_to": "nobody.here"}, 422, 0, "After high in-progress amy"},
		{"a PUT that leaves nobody", "PUT", put.with(object{"assigned_to": nil, "status": "resolved"}), 200, 2, "After high resolved nobody"},
		{"a PATCH of nobody to nobody", "PATCH", object{"assigned_to": nil}, 200, 0, "After high resolved nobody"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before, head := d.admin.sees(t, v), d.head(t)
			a := d.admin.Must(t, c.status, c.method, v.path(), c.body)
			if written := d.head(t) - head - 1; written != c.events {
				t.Errorf("events written: got %d, want %d", written, c.events)
			}
			after := d.admin.sees(t, v)
			if got := int64(after.Version - before.Version); got != c.events {
				t.Errorf("the version moved by %d, want %d", got, c.events)
			}
			assignee := "nobody"
			if after.AssignedTo != nil {
				assignee = after.AssignedTo.Username
			}
			if got := strings.Join([]string{after.Title, after.Priority, after.Status, assignee}, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if want := fmt.Sprintf(`"%d"`, after.Version); c.status == http.StatusOK && a.Header.Get("ETag") != want {
				t.Errorf("ETag: got %q, want %q", a.Header.Get("ETag"), want)
			}
		})
	}
}

// manyWriters lets many write to one ticket at once.
func manyWriters(t *testing.T, d *desk) {
	v := d.admin.opens(t, "x")
	const writers = 16
	t.Run("at once", func(t *testing.T) {
		for i := range writers {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				d.admin.comments(t, v, fmt.Sprint("From ", i), false)
			})
		}
	})
	if got := d.admin.sees(t, v); got.CommentCount != writers || got.Version != writers+1 {
		t.Errorf("got %d comments and version %d, want %d and %d", got.CommentCount, got.Version, writers, writers+1)
	}
}

func conditional(t *testing.T, d *desk) {
	v := d.admin.opens(t, "x")
	v = d.admin.does(t, v, "start")
	for _, c := range []struct {
		name, tag string
		status    int
	}{
		{"the tag it has", `"2"`, 304}, {"the tag, weakly", `W/"2"`, 304}, {"one of several", `"1", "2"`, 304}, {"any", "*", 304}, {"an older tag", `"1"`, 200},
	} {
		t.Run("If-None-Match of "+c.name, func(t *testing.T) {
			for _, method := range []string{"GET", "HEAD"} {
				a := d.admin.Must(t, c.status, method, v.path(), nil, "If-None-Match", c.tag)
				if a.Header.Get("ETag") != `"2"` || (c.status == 304 && len(a.Body) > 0) {
					t.Errorf("%s: ETag %q and a body of %d bytes", method, a.Header.Get("ETag"), len(a.Body))
				}
			}
		})
	}
	d.admin.Must(t, http.StatusOK, "PATCH", v.path(), object{"title": "y"}, "If-Match", `"2"`)
	refused(t, d.admin.sends(t, "PATCH", v.path(), object{"title": "z"}, "If-Match", `"2"`), http.StatusPreconditionFailed)
	d.admin.Must(t, http.StatusOK, "PATCH", v.path(), object{"title": "z"}, "If-Match", `"2", "3"`)
	d.admin.Must(t, http.StatusOK, "PATCH", v.path(), object{"title": "zz"}, "If-Match", "*")
	refused(t, d.admin.sends(t, "DELETE", v.path(), nil, "If-Match", `"4"`), http.StatusPreconditionFailed)
	d.admin.Must(t, http.StatusNoContent, "DELETE", v.path(), nil, "If-Match", `"5"`)
}

func TestADeletedTicketIsGone(t *testing.T) {
	t.Parallel()
	d := open(t)
	alice := d.join(t, "alice", "user")
	v := alice.opens(t, "Soon gone")
	said := alice.comments(t, v, "Soon gone too.", false)
	alice.Must(t, http.StatusNoContent, "DELETE", v.path(), nil)
	for _, p := range []*person{alice, d.admin} {
		for _, call := range []string{"GET " + v.path(), "GET /api/tickets/" + number(v), "PATCH " + v.path(), "DELETE " + v.path(),
			"POST " + v.path("close"), "GET " + said.path(), "DELETE " + said.path()} {
			method, path, _ := strings.Cut(call, " ")
			refused(t, p.sends(t, method, path, nil), http.StatusNotFound)
		}
		for _, path := range []string{"/api/tickets/", "/api/comments/", "/api/comments/?ticket=" + v.ID, "/api/comments/?ticket=" + number(v)} {
			if page := get[listOf[object]](t, p, path); len(page.Results) != 0 {
				t.Errorf("%s shows %v", path, page.Results)
			}
		}
		a := p.sends(t, "POST", comments, object{"ticket": v.ID, "text": "x"})
		if got := refused(t, a, http.StatusUnprocessableEntity).Code; got != "unknown_reference" {
			t.Errorf("commenting: got %q", got)
		}
	}
	if got := get[map[string]any](t, d.admin, "/api/report/")["tickets_opened_last_7_days"]; got != 1.0 {
		t.Errorf("the report counts %v tickets opened, want 1: it happened", got)
	}
	if next := alice.opens(t, "The next"); next.Number != v.Number+1 {
		t.Errorf("the next ticket has number %d, want %d", next.Number, v.Number+1)
	}
}

// microseconds is how every instant is written.
var microseconds = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)

func conventions(t *testing.T, d *desk) {
	a := d.admin.Must(t, http.StatusCreated, "POST", tickets, opening("x"), "X-Request-Id", "my id 1")
	v := read[ticketView](t, a)
	t.Run("a write says what it made", func(t *testing.T) {
		for name, want := range map[string]string{"X-Request-Id": "my id 1", "Location": v.path(), "ETag": `"1"`, "Content-Type": "application/json"} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		if id, err := uuid.Parse(v.ID); err != nil || id.Version() != 7 {
			t.Errorf("id %s is no UUIDv7", v.ID)
		}
		if at := read[map[string]any](t, a)["created_at"].(string); !microseconds.MatchString(at) {
			t.Errorf("created_at: %q", at)
		}
	})
	t.Run("a request id is made where none, or none that is fit, was given", func(t *testing.T) {
		for _, id := range []string{"", strings.Repeat("x", 129), "\xff"} {
			got := d.admin.Must(t, http.StatusOK, "GET", v.path(), nil, "X-Request-Id", id).Header.Get("X-Request-Id")
			if _, err := uuid.Parse(got); err != nil {
				t.Errorf("X-Request-Id for %q: got %q", id, got)
			}
		}
	})
	t.Run("a path works without its slash, and without a redirect", func(t *testing.T) {
		for _, path := range []string{v.path(), tickets, comments, "/api/me/", "/api/users/", "/api/report/", "/healthz/", "/readyz/"} {
			d.admin.Must(t, http.StatusOK, "GET", path, nil)
			d.admin.Must(t, http.StatusOK, "GET", strings.TrimSuffix(path, "/"), nil)
		}
		d.admin.Must(t, http.StatusCreated, "POST", "/api/tickets", opening("Without a slash"))
		d.admin.Must(t, http.StatusOK, "POST", strings.TrimSuffix(v.path("start"), "/"), object{})
	})
	t.Run("a number names a ticket wherever one is named", func(t *testing.T) {
		for _, name := range []any{v.Number, number(v), v.ID, strings.ToUpper(v.ID)} {
			d.admin.Must(t, http.StatusCreated, "POST", comments, object{"ticket": name, "text": "x"})
			page := get[listOf[commentView]](t, d.admin, fmt.Sprintf("%s?ticket=%v", comments, name))
			if len(page.Results) == 0 || page.Results[0].TicketNumber != v.Number {
				t.Errorf("?ticket=%v: got %+v", name, page.Results)
			}
			if got := get[ticketView](t, d.admin, fmt.Sprintf("%s%v/", tickets, name)); got.ID != v.ID {
				t.Errorf("ticket %v: got %s, want %s", name, got.ID, v.ID)
			}
		}
	})
	t.Run("a verb needs no body", func(t *testing.T) { d.admin.Must(t, http.StatusOK, "POST", v.path("resolve"), nil) })
	t.Run("HEAD answers as GET without a body", func(t *testing.T) {
		if a := d.admin.Must(t, http.StatusOK, "HEAD", v.path(), nil); len(a.Body) != 0 || a.Header.Get("ETag") == "" {
			t.Errorf("got %q, ETag %q", a.Body, a.Header.Get("ETag"))
		}
	})
}

func asynchronous(t *testing.T, d *desk) {
	lee := d.join(t, "lee", "user")
	for range 20 {
		a := lee.Must(t, http.StatusCreated, "POST", tickets, opening("Later"), "Prefer", "wait=5, respond-async")
		r := read[ticketView](t, a)
		if got := a.Header.Get("Preference-Applied"); got != "respond-async" || r.Version != 1 || r.Title != "Later" {
			t.Fatalf("Preference-Applied %q, answered %+v", got, r)
		}
		at := fmt.Sprint(position(t, a))
		got := read[ticketView](t, lee.Must(t, http.StatusOK, "GET", tickets+r.ID+"/", nil, "Min-Event-Position", at))
		list := read[listOf[ticketView]](t, lee.Must(t, http.StatusOK, "GET", tickets+"?page_size=1", nil, "Min-Event-Position", at))
		if got.Title != "Later" || list.Results[0].ID != r.ID {
			t.Fatalf("after waiting: %+v, first of the list %+v", got, list.Results[0])
		}
	}
}
