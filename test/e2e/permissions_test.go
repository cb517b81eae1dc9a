package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"helpdesk/test/program"
)

// relation is what somebody has to do with a ticket.
type relation string

const (
	own        relation = "their own"
	ownTaken   relation = "their own, assigned to an agent"
	openedFor  relation = "opened for them by an agent"
	assigned   relation = "assigned to them"
	behalf     relation = "they opened for another"
	unassigned relation = "another's, unassigned"
	taken      relation = "another's, assigned to another"
	lost       relation = "assigned to them before, with their comment"
)

// standing is somebody before a ticket, and under which settings of
// HELPDESK_AGENT_VISIBILITY they see it.
type standing struct {
	role     string
	relation relation
	seen     []string
}

// depends reports whether it depends on the setting what they see.
func (at standing) depends() bool { return len(at.seen) == 1 || len(at.seen) == 2 }

var (
	always    = []string{"assigned", "queue", "all"}
	never     []string
	standings = []standing{
		{"user", own, always},
		{"user", ownTaken, always},
		{"user", openedFor, always},
		{"user", unassigned, never},
		{"user", taken, never},
		{"agent", own, always},
		{"agent", assigned, always},
		{"agent", behalf, always},
		{"agent", unassigned, []string{"queue", "all"}},
		{"agent", taken, []string{"all"}},
		{"agent", lost, []string{"all"}},
		{"admin", own, always},
		{"admin", assigned, always},
		{"admin", unassigned, always},
		{"admin", taken, always},
		{"auditor", unassigned, always},
		{"auditor", taken, always},
	}
)

// office is a program with people in every role.
type office struct {
	*program.Helpdesk
	visibility string
	people     map[string]*program.Person // by role: those who try
	rita       *program.Person            // another user
	otto       *program.Person            // another agent
	cells      atomic.Int64
}

func openOffice(t *testing.T, visibility string) *office {
	t.Helper()
	d := program.Open(t, "HELPDESK_AGENT_VISIBILITY="+visibility)
	o := &office{Helpdesk: d, visibility: visibility, people: map[string]*program.Person{}}
	for _, role := range []string{"user", "agent", "admin", "auditor"} {
		o.people[role] = d.Join(t, "the-"+role, role)
	}
	o.rita, o.otto = d.Join(t, "rita", "user"), d.Join(t, "otto", "agent")
	return o
}

// cell is one try of a rule.
type cell struct {
	*office
	actor   *program.Person
	ticket  program.Ticket
	comment program.Comment // what the stage left
}

// set makes the ticket that stands so to the actor.
func (o *office) set(t *testing.T, at standing) *cell {
	t.Helper()
	c := &cell{office: o, actor: o.people[at.role]}
	title := fmt.Sprintf("cell %d.", o.cells.Add(1))
	switch at.relation {
	case own, ownTaken:
		c.ticket = c.actor.Opens(t, title)
	case behalf:
		c.ticket = c.actor.Opens(t, title, object{"created_by": o.rita.ID})
	case openedFor:
		c.ticket = o.otto.Opens(t, title, object{"created_by": c.actor.Username})
	default:
		c.ticket = o.rita.Opens(t, title)
	}
	switch at.relation {
	case ownTaken, taken:
		c.ticket = o.Admin.Assigns(t, c.ticket, o.otto.ID)
	case assigned:
		c.ticket = o.Admin.Assigns(t, c.ticket, c.actor.ID)
	case lost:
		o.Admin.Assigns(t, c.ticket, c.actor.ID)
		saidThemselves(false)(t, c)
		c.ticket = o.Admin.Assigns(t, c.ticket, o.otto.ID)
	}
	return c
}

// TestPermissions runs every cell of API.md's table of permissions, and those
// of agents that depend on a setting under each of its values.
func TestPermissions(t *testing.T) {
	for _, visibility := range always {
		t.Run("agents see "+visibility, func(t *testing.T) {
			t.Parallel()
			o := openOffice(t, visibility)
			for _, r := range ticketRules() {
				t.Run(r.name, func(t *testing.T) {
					t.Parallel()
					for _, at := range standings {
						if r.about(at) && (visibility == "assigned" || at.depends()) {
							t.Run(at.role+", "+string(at.relation), func(t *testing.T) { o.try(t, r, at) })
						}
					}
				})
			}
		})
	}
}

// try carries out a rule in one standing, and looks that a refusal changed
// nothing.
func (o *office) try(t *testing.T, r rule, at standing) {
	c := o.set(t, at)
	if r.stage != nil {
		r.stage(t, c)
	}
	seen := slices.Contains(at.seen, o.visibility)
	before := o.Admin.Sees(t, c.ticket)
	if at.relation == unassigned && at.role == "agent" && before.AssignedTo != nil { // who began it took it
		seen = o.visibility == "all"
	}
	want, code := r.want(at.role, seen)
	method, path, body := r.call(c)
	answer := c.actor.Sends(t, method, path, body)
	if want < 300 {
		if answer.Status != want {
			t.Fatalf("%s %s: got %d %s, want %d", method, path, answer.Status, answer.Body, want)
		}
		if r.then != nil {
			r.then(t, c, answer)
		}
		return
	}
	if got := refused(t, answer, want).Code; code != "" && got != code {
		t.Errorf("code: got %q, want %q", got, code)
	}
	after := o.Admin.Sees(t, c.ticket)
	if after.Version != before.Version || len(after.Comments) != len(before.Comments) {
		t.Errorf("a refusal changed the ticket: from %+v to %+v", before, after)
	}
	if !seen {
		c.unseen(t)
	}
}

// unseen checks that no list shows the actor the ticket.
func (c *cell) unseen(t *testing.T) {
	t.Helper()
	if n := len(program.Get[program.List[program.Ticket]](t, c.actor, "/api/tickets/?title="+c.query()).Results); n != 0 {
		t.Errorf("a list of tickets shows it")
	}
	if n := len(program.Get[program.List[program.Comment]](t, c.actor, "/api/comments/?ticket="+c.ticket.ID).Results); n != 0 {
		t.Errorf("a list of comments shows what was said")
	}
}

// query is the title of the ticket as a parameter: no other cell's holds it.
func (c *cell) query() string {
	return fmt.Sprintf("cell+%s", c.ticket.Title[len("cell "):])
}

// listed checks that lists show the actor the ticket and its comments.
func listed(t *testing.T, c *cell, _ program.Answer) {
	t.Helper()
	if n := len(program.Get[program.List[program.Ticket]](t, c.actor, "/api/tickets/?title="+c.query()).Results); n != 1 {
		t.Errorf("the list of tickets shows it %d times", n)
	}
	if n := len(program.Get[program.List[program.Comment]](t, c.actor, "/api/comments/?ticket="+c.ticket.ID).Results); n != 1 {
		t.Errorf("the list of comments shows %d comments, want 1", n)
	}
}

// gone checks that nobody sees the ticket any more.
func gone(t *testing.T, c *cell, _ program.Answer) {
	t.Helper()
	refused(t, c.office.Admin.Sends(t, "GET", c.ticket.Path(), nil), http.StatusNotFound)
	refused(t, c.actor.Sends(t, "GET", c.ticket.Path(), nil), http.StatusNotFound)
}
