// Package e2e tests the helpdesk as its clients meet it: the true program on a
// database of its own, spoken to over HTTP alone. What is expected is API.md.
package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// secret is everybody's password.
const secret = "lampshade-orbit-53"

// desk is a running program with an admin.
type desk struct {
	*program.Program
	env   []string
	admin *person
}

// person is somebody signed in.
type person struct {
	*program.Client
	ID       string
	Username string
	Role     string
}

// open starts a program on a database of its own.
func open(t *testing.T, env ...string) *desk {
	t.Helper()
	return openOn(t, pgtest.New(t), env...)
}

// openOn starts a program on a database.
func openOn(t *testing.T, db *pgtest.DB, env ...string) *desk {
	t.Helper()
	d := &desk{env: append([]string{
		"HELPDESK_DATABASE_URL=" + db.ServiceURL,
		"HELPDESK_DATABASE_OWNER_URL=" + db.OwnerURL,
		"HELPDESK_RATE_LIMIT=0",
	}, env...)}
	d.Program = program.Serve(t, d.env...)
	d.superuser(t, "root")
	d.admin = d.signIn(t, "root")
	return d
}

// superuser makes an admin the way operators do.
func (d *desk) superuser(t *testing.T, username string) {
	t.Helper()
	args := []string{"createsuperuser", "--username", username, "--email", username + "@example.com"}
	if _, stderr, err := program.Run(t.Context(), t, secret+"\n", d.env, args...); err != nil {
		t.Fatalf("createsuperuser: %v\n%s", err, stderr)
	}
}

// join registers somebody, gives them the role and signs them in.
func (d *desk) join(t *testing.T, username, role string) *person {
	t.Helper()
	d.Client(t).Must(t, http.StatusCreated, "POST", "/api/register/", registration(username))
	if role != "user" {
		d.admin.Must(t, http.StatusOK, "PATCH", "/api/users/"+username+"/", object{"role": role})
	}
	return d.signIn(t, username)
}

func registration(username string) object {
	return object{"username": username, "email": username + "@example.com", "password": secret}
}

// signIn begins a session of its own.
func (d *desk) signIn(t *testing.T, username string) *person {
	t.Helper()
	p := &person{Client: d.Client(t)}
	var u userView
	p.Must(t, http.StatusOK, "POST", "/api/login/", credentials(username)).Into(t, &u)
	p.ID, p.Username, p.Role = u.ID, u.Username, *u.Role
	return p
}

// wantsNoEmails has p told of nothing by mail: an email is events, which come
// when they come, and some tests count events.
func (p *person) wantsNoEmails(t *testing.T) *person {
	t.Helper()
	none := object{"escalated": false, "assigned": false, "commented": false, "resolved": false}
	p.Must(t, http.StatusOK, "PATCH", "/api/me/", object{"notifications": none})
	return p
}

func credentials(username string) object {
	return object{"username": username, "password": secret}
}

// object is a JSON object to send.
type object map[string]any

// with returns a copy of o with more members.
func (o object) with(more object) object {
	out := object{}
	for _, from := range []object{o, more} {
		for name, value := range from {
			out[name] = value
		}
	}
	return out
}

// opening is the body that opens a ticket.
func opening(title string) object {
	return object{"title": title, "description": "It is broken."}
}

// named is somebody as tickets and comments show them.
type named struct{ ID, Username string }

// ticketView is a ticket, with its comments where they are shown.
type ticketView struct {
	ID              string
	Number          int64
	Title           string
	Description     string
	Priority        string
	Status          string
	CreatedBy       named      `json:"created_by"`
	AssignedTo      *named     `json:"assigned_to"`
	CreatedAt       time.Time  `json:"created_at"`
	UpdatedAt       time.Time  `json:"updated_at"`
	FirstResponseAt *time.Time `json:"first_response_at"`
	ResolvedAt      *time.Time `json:"resolved_at"`
	ClosedAt        *time.Time `json:"closed_at"`
	EscalatedAt     *time.Time `json:"escalated_at"`
	CommentCount    int        `json:"comment_count"`
	Version         int
	Comments        []commentView
}

func (v ticketView) path(verb ...string) string {
	path := "/api/tickets/" + v.ID + "/"
	for _, part := range verb {
		path += part + "/"
	}
	return path
}

type commentView struct {
	ID           string
	Ticket       string
	TicketNumber int64 `json:"ticket_number"`
	Author       named
	Text         string
	Internal     bool
	CreatedAt    time.Time  `json:"created_at"`
	EditedAt     *time.Time `json:"edited_at"`
}

func (v commentView) path() string { return "/api/comments/" + v.ID + "/" }

type userView struct {
	ID        string
	Username  string
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	Email     *string // nil: not shown
	Role      *string
	IsActive  *bool   `json:"is_active"`
	NameEmail *string `json:"name_email"`
}

// listOf is a page of a list.
type listOf[T any] struct {
	Next     *string
	Previous *string
	Results  []T
	Count    *int64
}

// opens opens a ticket as p.
func (p *person) opens(t *testing.T, title string, more ...object) ticketView {
	t.Helper()
	body := opening(title)
	for _, m := range more {
		body = body.with(m)
	}
	return read[ticketView](t, p.Must(t, http.StatusCreated, "POST", "/api/tickets/", body))
}

// comments adds a comment as p.
func (p *person) comments(t *testing.T, on ticketView, text string, internal bool) commentView {
	t.Helper()
	body := object{"ticket": on.ID, "text": text, "internal": internal}
	return read[commentView](t, p.Must(t, http.StatusCreated, "POST", "/api/comments/", body))
}

// does carries out a verb on a ticket as p.
func (p *person) does(t *testing.T, on ticketView, verb string) ticketView {
	t.Helper()
	return read[ticketView](t, p.Must(t, http.StatusOK, "POST", on.path(verb), object{}))
}

// assigns gives a ticket to somebody as p, to nobody with nil.
func (p *person) assigns(t *testing.T, on ticketView, to any) ticketView {
	t.Helper()
	return read[ticketView](t, p.Must(t, http.StatusOK, "POST", on.path("assign"), object{"assigned_to": to}))
}

// sees reads a ticket as p.
func (p *person) sees(t *testing.T, v ticketView) ticketView {
	t.Helper()
	return get[ticketView](t, p, v.path())
}

// get reads what is at path as p.
func get[T any](t *testing.T, p *person, path string) T {
	t.Helper()
	return read[T](t, p.Must(t, http.StatusOK, "GET", path, nil))
}

func read[T any](t *testing.T, a program.Answer) T {
	t.Helper()
	var v T
	a.Into(t, &v)
	return v
}

// position returns the Event-Position of a write.
func position(t *testing.T, a program.Answer) int64 {
	t.Helper()
	var at int64
	if _, err := fmt.Sscan(a.Header.Get("Event-Position"), &at); err != nil {
		t.Fatalf("Event-Position %q: %v", a.Header.Get("Event-Position"), err)
	}
	return at
}

// head returns where the log ends, by writing one event and looking where it
// went: the next head is one more when nothing else was written.
func (d *desk) head(t *testing.T) int64 {
	t.Helper()
	name := fmt.Sprint("R", time.Now().UnixNano())
	return position(t, d.admin.Must(t, http.StatusOK, "PATCH", "/api/me/", object{"first_name": name}, "Prefer", "respond-async"))
}

// TestOnOneDesk runs at the same time, on one program, what does not mind
// others: who looks at lists or positions does so as somebody of their own.
func TestOnOneDesk(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, test := range map[string]func(*testing.T, *desk){
		"every transition": allTransitions, "the instants of a ticket": instants, "paging": paging,
		"many writers": manyWriters, "conditional requests": conditional, "conventions": conventions,
		"asynchronous writes": asynchronous, "allowed methods": allow,
		"the session's cookie": cookie, "ends of sessions": endsOfSessions, "roles": roles,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}
