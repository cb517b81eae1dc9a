package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"helpdesk/test/program"
)

// TestSeveralChangesAtOnce makes changes by PUT and PATCH that are one append,
// or none.
func TestSeveralChangesAtOnce(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	amy := d.Join(t, "amy", "agent").WantsNoEmails(t)
	put := object{"title": "After", "description": "Told anew.", "priority": "high", "status": "in-progress"}
	hers := object{"assigned_to": "amy"}
	cases := []struct {
		name   string
		before object // how the ticket is
		method string
		body   object
		status int
		events int64 // written
		want   string
	}{
		{"a PATCH of three members", nil, "PATCH", object{"title": "Then", "priority": "medium", "assigned_to": "amy"}, 200, 3, "Then medium open amy"},
		{"a PUT of all members", hers, "PUT", put, 200, 4, "After high in-progress amy"},
		{"the same PUT again", put.With(hers), "PUT", put, 200, 0, "After high in-progress amy"},
		{"an empty PATCH", put.With(hers), "PATCH", object{}, 200, 0, "After high in-progress amy"},
		{"a PATCH of what is so already", put.With(hers), "PATCH", object{"title": " After ", "assigned_to": amy.ID}, 200, 0, "After high in-progress amy"},
		{"a PATCH whose last change is refused", put.With(hers), "PATCH", object{"title": "Never", "priority": "low", "status": "open"}, 422, 0, "After high in-progress amy"},
		{"a PUT that starts what nobody has", nil, "PUT", put, 200, 5, "After high in-progress root"},
		{"a PATCH of the status alone, which takes it", nil, "PATCH", object{"status": "in-progress"}, 200, 2, "Before low in-progress root"},
		{"a PATCH that takes its assignee and starts it", object{"assigned_to": "amy"}, "PATCH", object{"assigned_to": nil, "status": "in-progress"}, 422, 0, "Before low open amy"},
		{"a PATCH to nobody, and to the open that comes of it", put.With(hers), "PATCH", object{"assigned_to": nil, "status": "open"}, 200, 2, "After high open nobody"},
		{"a PUT to nobody that leaves the status", put.With(hers), "PUT", put.With(object{"assigned_to": nil}), 200, 2, "After high open nobody"},
		{"a PATCH whose assignee is refused", put.With(hers), "PATCH", object{"title": "Never", "status": "resolved", "assigned_to": "nobody.here"}, 422, 0, "After high in-progress amy"},
		{"a PUT that leaves nobody", put.With(hers), "PUT", put.With(object{"assigned_to": nil, "status": "resolved"}), 200, 2, "After high resolved nobody"},
		{"a PATCH of nobody to nobody", put.With(object{"status": "resolved"}), "PATCH", object{"assigned_to": nil}, 200, 0, "After high resolved nobody"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := d.Admin.Opens(t, "Before")
			if c.before != nil {
				d.Admin.Must(t, http.StatusOK, "PATCH", v.Path(), c.before)
			}
			before, head := d.Admin.Sees(t, v), logHead(t, d)
			a := d.Admin.Must(t, c.status, c.method, v.Path(), c.body)
			if written := logHead(t, d) - head - 1; written != c.events {
				t.Errorf("events written: got %d, want %d", written, c.events)
			}
			after := d.Admin.Sees(t, v)
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
func manyWriters(t *testing.T, d *program.Helpdesk) {
	v := d.Admin.Opens(t, "x")
	const writers = 16
	var writing sync.WaitGroup
	for i := range writers {
		writing.Go(func() {
			a, err := d.Admin.Do(t.Context(), "POST", comments, object{"ticket": v.ID, "text": fmt.Sprint("From ", i)})
			if err != nil || a.Status != http.StatusCreated {
				t.Errorf("comment %d: %v, %d %s", i, err, a.Status, a.Body)
			}
		})
	}
	writing.Wait()
	if got := d.Admin.Sees(t, v); got.CommentCount != writers || got.Version != writers+1 {
		t.Errorf("got %d comments and version %d, want %d and %d", got.CommentCount, got.Version, writers, writers+1)
	}
}

func conditional(t *testing.T, d *program.Helpdesk) {
	v := d.Admin.Opens(t, "x")
	v = d.Admin.Does(t, v, "escalate")
	for _, c := range []struct {
		name, tag string
		status    int
	}{
		{"the tag it has", `"2"`, 304}, {"the tag, weakly", `W/"2"`, 304}, {"one of several", `"1", "2"`, 304}, {"any", "*", 304}, {"an older tag", `"1"`, 200},
	} {
		t.Run("If-None-Match of "+c.name, func(t *testing.T) {
			for _, method := range []string{"GET", "HEAD"} {
				a := d.Admin.Must(t, c.status, method, v.Path(), nil, "If-None-Match", c.tag)
				if a.Header.Get("ETag") != `"2"` || (c.status == 304 && len(a.Body) > 0) {
					t.Errorf("%s: ETag %q and a body of %d bytes", method, a.Header.Get("ETag"), len(a.Body))
				}
			}
		})
	}
	d.Admin.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "y"}, "If-Match", `"2"`)
	refused(t, d.Admin.Sends(t, "PATCH", v.Path(), object{"title": "z"}, "If-Match", `"2"`), http.StatusPreconditionFailed)
	d.Admin.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "z"}, "If-Match", `"2", "3"`)
	d.Admin.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "zz"}, "If-Match", "*")
	refused(t, d.Admin.Sends(t, "DELETE", v.Path(), nil, "If-Match", `"4"`), http.StatusPreconditionFailed)
	d.Admin.Must(t, http.StatusNoContent, "DELETE", v.Path(), nil, "If-Match", `"5"`)
}

func TestADeletedTicketIsGone(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	alice := d.Join(t, "alice", "user")
	v := alice.Opens(t, "Soon gone")
	said := alice.Comments(t, v, "Soon gone too.", false)
	alice.Must(t, http.StatusNoContent, "DELETE", v.Path(), nil)
	for _, p := range []*program.Person{alice, d.Admin} {
		for _, call := range []string{"GET " + v.Path(), "GET /api/tickets/" + number(v), "PATCH " + v.Path(), "DELETE " + v.Path(),
			"POST " + v.Path("close"), "GET " + said.Path(), "DELETE " + said.Path()} {
			method, path, _ := strings.Cut(call, " ")
			refused(t, p.Sends(t, method, path, nil), http.StatusNotFound)
		}
		for _, path := range []string{"/api/tickets/", "/api/comments/", "/api/comments/?ticket=" + v.ID, "/api/comments/?ticket=" + number(v)} {
			if page := program.Get[program.List[object]](t, p, path); len(page.Results) != 0 {
				t.Errorf("%s shows %v", path, page.Results)
			}
		}
		a := p.Sends(t, "POST", comments, object{"ticket": v.ID, "text": "x"})
		if got := refused(t, a, http.StatusUnprocessableEntity).Code; got != "unknown_reference" {
			t.Errorf("commenting: got %q", got)
		}
	}
	if got := program.Get[map[string]any](t, d.Admin, "/api/report/")["tickets_opened_last_7_days"]; got != 1.0 {
		t.Errorf("the report counts %v tickets opened, want 1: it happened", got)
	}
	if next := alice.Opens(t, "The next"); next.Number != v.Number+1 {
		t.Errorf("the next ticket has number %d, want %d", next.Number, v.Number+1)
	}
}

// microseconds is how every instant is written.
var microseconds = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)

func conventions(t *testing.T, d *program.Helpdesk) {
	a := d.Admin.Must(t, http.StatusCreated, "POST", tickets, program.Opening("x"), "X-Request-Id", "my id 1")
	v := program.Read[program.Ticket](t, a)
	t.Run("a write says what it made", func(t *testing.T) {
		for name, want := range map[string]string{"X-Request-Id": "my id 1", "Location": v.Path(), "ETag": `"1"`, "Content-Type": "application/json"} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		if id, err := uuid.Parse(v.ID); err != nil || id.Version() != 7 {
			t.Errorf("id %s is no UUIDv7", v.ID)
		}
		if at := program.Read[map[string]any](t, a)["created_at"].(string); !microseconds.MatchString(at) {
			t.Errorf("created_at: %q", at)
		}
	})
	t.Run("a request id is made where none, or none that is fit, was given", func(t *testing.T) {
		for _, id := range []string{"", strings.Repeat("x", 129), "\xff"} {
			got := d.Admin.Must(t, http.StatusOK, "GET", v.Path(), nil, "X-Request-Id", id).Header.Get("X-Request-Id")
			if _, err := uuid.Parse(got); err != nil {
				t.Errorf("X-Request-Id for %q: got %q", id, got)
			}
		}
	})
	t.Run("a path works without its slash, and without a redirect", func(t *testing.T) {
		for _, path := range []string{v.Path(), tickets, comments, "/api/me/", "/api/users/", "/api/report/", "/healthz/", "/readyz/"} {
			d.Admin.Must(t, http.StatusOK, "GET", path, nil)
			d.Admin.Must(t, http.StatusOK, "GET", strings.TrimSuffix(path, "/"), nil)
		}
		d.Admin.Must(t, http.StatusCreated, "POST", "/api/tickets", program.Opening("Without a slash"))
		d.Admin.Must(t, http.StatusOK, "POST", strings.TrimSuffix(v.Path("start"), "/"), object{})
	})
	t.Run("a number names a ticket wherever one is named", func(t *testing.T) {
		for _, name := range []any{v.Number, number(v), v.ID, strings.ToUpper(v.ID)} {
			d.Admin.Must(t, http.StatusCreated, "POST", comments, object{"ticket": name, "text": "x"})
			page := program.Get[program.List[program.Comment]](t, d.Admin, fmt.Sprintf("%s?ticket=%v", comments, name))
			if len(page.Results) == 0 || page.Results[0].TicketNumber != v.Number {
				t.Errorf("?ticket=%v: got %+v", name, page.Results)
			}
			if got := program.Get[program.Ticket](t, d.Admin, fmt.Sprintf("%s%v/", tickets, name)); got.ID != v.ID {
				t.Errorf("ticket %v: got %s, want %s", name, got.ID, v.ID)
			}
		}
	})
	t.Run("a verb needs no body", func(t *testing.T) { d.Admin.Must(t, http.StatusOK, "POST", v.Path("resolve"), nil) })
	t.Run("HEAD answers as GET without a body", func(t *testing.T) {
		if a := d.Admin.Must(t, http.StatusOK, "HEAD", v.Path(), nil); len(a.Body) != 0 || a.Header.Get("ETag") == "" {
			t.Errorf("got %q, ETag %q", a.Body, a.Header.Get("ETag"))
		}
	})
}

func asynchronous(t *testing.T, d *program.Helpdesk) {
	lee := d.Join(t, "lee", "user")
	for range 20 {
		a := lee.Must(t, http.StatusCreated, "POST", tickets, program.Opening("Later"), "Prefer", "wait=5, respond-async")
		r := program.Read[program.Ticket](t, a)
		if got := a.Header.Get("Preference-Applied"); got != "respond-async" || r.Version != 1 || r.Title != "Later" {
			t.Fatalf("Preference-Applied %q, answered %+v", got, r)
		}
		at := fmt.Sprint(position(t, a))
		got := program.Read[program.Ticket](t, lee.Must(t, http.StatusOK, "GET", tickets+r.ID+"/", nil, "Min-Event-Position", at))
		list := program.Read[program.List[program.Ticket]](t, lee.Must(t, http.StatusOK, "GET", tickets+"?page_size=1", nil, "Min-Event-Position", at))
		if got.Title != "Later" || list.Results[0].ID != r.ID {
			t.Fatalf("after waiting: %+v, first of the list %+v", got, list.Results[0])
		}
	}
}
