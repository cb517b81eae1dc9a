//go:build browser

package browser

import (
	"fmt"
	"testing"

	"helpdesk/test/program"
)

// site is a running program with one person of each role, whose username is the
// role, and another user and agent.
type site struct {
	*program.Helpdesk
	people map[string]*program.Person
}

// open starts a program on a database of its own.
func open(t *testing.T, env ...string) *site {
	t.Helper()
	if chromium == nil {
		t.Skip("there is no Chromium here: the site is not tried in a browser (Debian: apt-get install chromium)")
	}
	s := &site{Helpdesk: program.Open(t, env...), people: map[string]*program.Person{}}
	for name, role := range map[string]string{
		"admin": "admin", "user": "user", "other": "user", "agent": "agent", "colleague": "agent", "auditor": "auditor",
	} {
		s.people[name] = s.Join(t, name, role)
	}
	return s
}

// ask calls the API as somebody, and returns the number of the ticket answered,
// if it is one.
func (s *site) ask(t *testing.T, as, method, path string, body program.Object) (number int64) {
	t.Helper()
	answer, err := s.people[as].Do(t.Context(), method, path, body)
	if err != nil || answer.Status >= 300 {
		t.Fatalf("%s %s as %s: %v %d %s", method, path, as, err, answer.Status, answer.Body)
	}
	var ticket struct {
		Number int64 `json:"number"`
	}
	answer.Into(t, &ticket)
	return ticket.Number
}

func (s *site) opens(t *testing.T, as, title, priority string) int64 {
	t.Helper()
	return s.ask(t, as, "POST", "/api/tickets/", program.Object{"title": title, "description": title + ".\n\nSince this morning.", "priority": priority})
}

// fill opens tickets in every state, and returns the number of one in which much
// has happened.
func (s *site) fill(t *testing.T) int64 {
	t.Helper()
	for i, title := range []string{"Printer jams", "Line drops", "Calendar will not open", "Battery is swollen", "Account wanted"} {
		n := s.opens(t, []string{"user", "other"}[i%2], title, []string{"low", "medium", "high"}[i%3])
		switch i {
		case 1:
			s.ask(t, "admin", "POST", fmt.Sprintf("/api/tickets/%d/escalate/", n), program.Object{"reason": "Many cannot work."})
		case 2:
			s.ask(t, "admin", "POST", fmt.Sprintf("/api/tickets/%d/close/", n), program.Object{})
		}
	}
	n := s.opens(t, "user", "Screen stays dark", "medium")
	path := fmt.Sprintf("/api/tickets/%d/", n)
	s.ask(t, "agent", "POST", path+"assign/", program.Object{"assigned_to": "agent"})
	s.ask(t, "agent", "POST", path+"start/", program.Object{})
	s.ask(t, "agent", "POST", "/api/comments/", program.Object{"ticket": n, "text": "Does the lamp on its front light up?"})
	s.ask(t, "user", "POST", "/api/comments/", program.Object{"ticket": n, "text": "It does not."})
	s.ask(t, "agent", "POST", "/api/comments/", program.Object{"ticket": n, "text": "The third of this model.", "internal": true})
	s.ask(t, "agent", "PATCH", path, program.Object{"priority": "high"})
	return n
}
