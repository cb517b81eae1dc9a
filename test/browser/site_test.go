//go:build browser

package browser

import (
	"fmt"
	"net/http"
	"testing"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// secret is everybody's password.
const secret = "lampshade-orbit-53"

// object is a JSON object to send.
type object map[string]any

// desk is a running program with one person of each role, whose username is
// the role, and another user and agent.
type desk struct {
	*program.Program
	people map[string]*program.Client
}

// open starts a program on a database of its own.
func open(t *testing.T, env ...string) *desk {
	t.Helper()
	if chromium == nil {
		t.Skip("there is no Chromium here: the site is not tried in a browser (Debian: apt-get install chromium)")
	}
	db := pgtest.New(t)
	env = append([]string{
		"HELPDESK_DATABASE_URL=" + db.ServiceURL, "HELPDESK_DATABASE_OWNER_URL=" + db.OwnerURL,
		"HELPDESK_RATE_LIMIT=0", "HELPDESK_AGENT_VISIBILITY=queue",
	}, env...)
	d := &desk{Program: program.Serve(t, env...), people: map[string]*program.Client{}}
	args := []string{"createsuperuser", "--username", "admin", "--email", "admin@example.com"}
	if _, stderr, err := program.Run(t.Context(), t, secret+"\n", env, args...); err != nil {
		t.Fatalf("createsuperuser: %v\n%s", err, stderr)
	}
	d.signIn(t, "admin")
	for name, role := range map[string]string{"user": "user", "other": "user", "agent": "agent", "colleague": "agent", "auditor": "auditor"} {
		d.Client(t).Must(t, http.StatusCreated, "POST", "/api/register/", object{"username": name, "email": name + "@example.com", "password": secret})
		if role != "user" {
			d.people["admin"].Must(t, http.StatusOK, "PATCH", "/api/users/"+name+"/", object{"role": role})
		}
		d.signIn(t, name)
	}
	return d
}

func (d *desk) signIn(t *testing.T, name string) {
	t.Helper()
	d.people[name] = d.Client(t)
	d.people[name].Must(t, http.StatusOK, "POST", "/api/login/", object{"username": name, "password": secret})
}

// ask calls the API as somebody, and returns the number of the ticket answered,
// if it is one.
func (d *desk) ask(t *testing.T, as, method, path string, body object) (number int64) {
	t.Helper()
	answer, err := d.people[as].Do(t.Context(), method, path, body)
	if err != nil || answer.Status >= 300 {
		t.Fatalf("%s %s as %s: %v %d %s", method, path, as, err, answer.Status, answer.Body)
	}
	var ticket struct {
		Number int64 `json:"number"`
	}
	answer.Into(t, &ticket)
	return ticket.Number
}

func (d *desk) opens(t *testing.T, as, title, priority string) int64 {
	t.Helper()
	return d.ask(t, as, "POST", "/api/tickets/", object{"title": title, "description": title + ".\n\nSince this morning.", "priority": priority})
}

// fill opens tickets in every state, and returns the number of one in which much
// has happened.
func (d *desk) fill(t *testing.T) int64 {
	t.Helper()
	for i, title := range []string{"Printer jams", "Line drops", "Calendar will not open", "Battery is swollen", "Account wanted"} {
		n := d.opens(t, []string{"user", "other"}[i%2], title, []string{"low", "medium", "high"}[i%3])
		switch i {
		case 1:
			d.ask(t, "admin", "POST", fmt.Sprintf("/api/tickets/%d/escalate/", n), object{"reason": "Many cannot work."})
		case 2:
			d.ask(t, "admin", "POST", fmt.Sprintf("/api/tickets/%d/close/", n), object{})
		}
	}
	n := d.opens(t, "user", "Screen stays dark", "medium")
	path := fmt.Sprintf("/api/tickets/%d/", n)
	d.ask(t, "agent", "POST", path+"assign/", object{"assigned_to": "agent"})
	d.ask(t, "agent", "POST", path+"start/", object{})
	d.ask(t, "agent", "POST", "/api/comments/", object{"ticket": n, "text": "Does the lamp on its front light up?"})
	d.ask(t, "user", "POST", "/api/comments/", object{"ticket": n, "text": "It does not."})
	d.ask(t, "agent", "POST", "/api/comments/", object{"ticket": n, "text": "The third of this model.", "internal": true})
	d.ask(t, "agent", "PATCH", path, object{"priority": "high"})
	return n
}
