package program

import (
	"net/http"
	"strings"
	"testing"

	"helpdesk/test/pgtest"
)

// Secret is everybody's password.
const Secret = "lampshade-orbit-53"

// Helpdesk is a running program on a database of its own, with an admin.
type Helpdesk struct {
	*Program
	Env   []string
	Admin *Person // root
}

// Open starts a program on a database of its own.
func Open(t testing.TB, env ...string) *Helpdesk {
	t.Helper()
	return OpenOn(t, pgtest.New(t), env...)
}

// OpenOn starts a program on a database.
func OpenOn(t testing.TB, db *pgtest.DB, env ...string) *Helpdesk {
	t.Helper()
	h := &Helpdesk{Env: append(On(db), env...)}
	h.Program = Serve(t, h.Env...)
	Superuser(t, h.Env, "root")
	h.Admin = h.SignIn(t, "root")
	return h
}

// On is the environment of a program on a database.
func On(db *pgtest.DB) []string {
	return []string{"HELPDESK_DATABASE_URL=" + db.ServiceURL, "HELPDESK_DATABASE_OWNER_URL=" + db.OwnerURL}
}

// Must runs a subcommand to its end and returns what it printed on standard output.
func Must(t testing.TB, stdin string, env []string, args ...string) string {
	t.Helper()
	stdout, stderr, err := Run(t.Context(), t, stdin, env, args...)
	if err != nil {
		t.Fatalf("helpdesk %s: %v\n%s", strings.Join(args, " "), err, stderr)
	}
	return stdout
}

// Superuser makes an admin the way operators do.
func Superuser(t testing.TB, env []string, username string) {
	t.Helper()
	Must(t, Secret+"\n", env, "createsuperuser", "--username", username, "--email", username+"@example.com")
}

// Runs runs a subcommand to its end and returns what it printed on standard output.
func (h *Helpdesk) Runs(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	return Must(t, stdin, h.Env, args...)
}

// Join registers somebody, gives them the role and signs them in.
func (h *Helpdesk) Join(t testing.TB, username, role string) *Person {
	t.Helper()
	h.Client(t).Must(t, http.StatusCreated, "POST", "/api/register/", Registration(username))
	if role != "user" {
		h.Admin.Must(t, http.StatusOK, "PATCH", "/api/users/"+username+"/", Object{"role": role})
	}
	return h.SignIn(t, username)
}

// SignUp registers somebody, who is a user then, and signs them in.
func (p *Program) SignUp(t testing.TB, username string) *Person {
	t.Helper()
	p.Client(t).Must(t, http.StatusCreated, "POST", "/api/register/", Registration(username))
	return p.SignIn(t, username)
}

// SignIn begins a session of its own.
func (p *Program) SignIn(t testing.TB, username string) *Person {
	t.Helper()
	who := &Person{Client: p.Client(t)}
	u := Read[User](t, who.Must(t, http.StatusOK, "POST", "/api/login/", Credentials(username)))
	who.ID, who.Username, who.Role = u.ID, u.Username, *u.Role
	return who
}

// Registration is the body that registers somebody.
func Registration(username string) Object {
	return Object{"username": username, "email": username + "@example.com", "password": Secret}
}

// Credentials is the body that signs somebody in.
func Credentials(username string) Object {
	return Object{"username": username, "password": Secret}
}
