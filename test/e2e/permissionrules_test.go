package e2e

import (
	"net/http"
	"slices"
	"testing"

	"helpdesk/test/program"
)

// rule is a row of the table: something done to a ticket, and the status it has
// for each role where they see the ticket. 0 leaves the role out; 422 is
// too_late unless code says otherwise.
type rule struct {
	name                        string
	stage                       func(t *testing.T, c *cell) // what happened before
	call                        func(c *cell) (method, path string, body any)
	user, agent, admin, auditor int
	code                        string     // of the refusals, where the status does not tell
	unseen                      int        // status where they don't see it; 0 is 404
	at                          []relation // it is about; nil is all but lost
	then                        func(t *testing.T, c *cell, a program.Answer)
}

func (r rule) about(at standing) bool {
	asked := map[string]int{"user": r.user, "agent": r.agent, "admin": r.admin, "auditor": r.auditor}
	if r.at == nil {
		return asked[at.role] != 0 && at.relation != lost
	}
	return asked[at.role] != 0 && slices.Contains(r.at, at.relation)
}

func (r rule) want(role string, seen bool) (status int, code string) {
	status = map[string]int{"user": r.user, "agent": r.agent, "admin": r.admin, "auditor": r.auditor}[role]
	switch {
	case !seen && r.unseen == http.StatusUnprocessableEntity:
		return r.unseen, "unknown_reference"
	case !seen:
		return http.StatusNotFound, "not_found"
	case status == http.StatusUnprocessableEntity && r.code == "":
		return status, "too_late"
	case status == http.StatusForbidden:
		return status, "forbidden"
	}
	return status, r.code
}

func ticketRules() []rule {
	return slices.Concat(readRules(), editRules(), statusRules(), assignRules(), deleteRules(), commentRules(), noteRules())
}

// on makes a call on the ticket itself or, with verb, on one of its verbs.
func on(method, verb string, body any) func(*cell) (string, string, any) {
	return func(c *cell) (string, string, any) {
		if verb == "" {
			return method, c.ticket.Path(), body
		}
		return method, c.ticket.Path(verb), body
	}
}

// onComment makes a call on the comment that the stage left.
func onComment(method string, body any) func(*cell) (string, string, any) {
	return func(c *cell) (string, string, any) { return method, c.comment.Path(), body }
}

// made is a stage in which an admin takes the ticket through verbs.
func made(verbs ...string) func(*testing.T, *cell) {
	return func(t *testing.T, c *cell) {
		for _, verb := range verbs {
			c.office.Admin.Does(t, c.ticket, verb)
		}
	}
}

// said is a stage in which another admin comments.
func said(internal bool) func(*testing.T, *cell) {
	return func(t *testing.T, c *cell) {
		c.comment = c.office.Admin.Comments(t, c.ticket, "Said by an admin.", internal)
	}
}

// saidThemselves is a stage in which the actor comments, if they have not.
func saidThemselves(internal bool) func(*testing.T, *cell) {
	return func(t *testing.T, c *cell) {
		if c.comment.ID != "" {
			return
		}
		c.comment = c.actor.Comments(t, c.ticket, "Said by the one who tries.", internal)
	}
}

// is checks one member of the ticket answered.
func is(check func(program.Ticket, *cell) bool) func(*testing.T, *cell, program.Answer) {
	return func(t *testing.T, c *cell, a program.Answer) {
		t.Helper()
		if got := program.Read[program.Ticket](t, a); !check(got, c) {
			t.Errorf("the ticket is not as asked for: %+v", got)
		}
	}
}

func readRules() []rule {
	return []rule{
		{name: "see a ticket and its comments", stage: said(false), call: on("GET", "", nil), user: 200, agent: 200, admin: 200, auditor: 200, then: listed},
		{name: "see a ticket by its number", call: func(c *cell) (string, string, any) {
			return "GET", "/api/tickets/" + number(c.ticket), nil
		}, user: 200, agent: 200, admin: 200, auditor: 200},
		{name: "see a comment", stage: said(false), call: onComment("GET", nil), user: 200, agent: 200, admin: 200, auditor: 200},
		{name: "see an internal note", stage: said(true), call: onComment("GET", nil), user: 404, agent: 200, admin: 200, auditor: 200, then: listed},
		{name: "a ticket hides or shows its internal notes", stage: said(true), call: on("GET", "", nil), agent: 200, admin: 200, auditor: 200,
			then: is(func(v program.Ticket, _ *cell) bool { return v.CommentCount == 1 && len(v.Comments) == 1 })},
		{name: "a ticket hides internal notes from users", stage: said(true), call: on("GET", "", nil), user: 200,
			then: is(func(v program.Ticket, _ *cell) bool { return v.CommentCount == 0 && len(v.Comments) == 0 })},
	}
}

func editRules() []rule {
	all := rule{user: 200, agent: 200, admin: 200, auditor: 403}
	edit := func(name string, body object, stage func(*testing.T, *cell), then func(program.Ticket, *cell) bool) rule {
		r := all
		r.name, r.call, r.stage, r.then = name, on("PATCH", "", body), stage, is(then)
		return r
	}
	late := func(name string, body object, verbs ...string) rule {
		r := all
		r.name, r.call, r.stage, r.user = name, on("PATCH", "", body), made(verbs...), 422
		return r
	}
	// The title must stay findable, so this one is put in front of it.
	retitle := func(c *cell) (string, string, any) {
		return "PATCH", c.ticket.Path(), object{"title": "Anew: " + c.ticket.Title}
	}
	title := all
	title.name, title.call = "edit the title", retitle
	title.then = is(func(v program.Ticket, c *cell) bool { return v.Title == "Anew: "+c.ticket.Title })
	put := all
	put.name, put.call = "put all members anew", on("PUT", "", program.Opening("Put anew").With(object{"priority": "high", "status": "open"}))
	put.then = is(func(v program.Ticket, _ *cell) bool { return v.Title == "Put anew" && v.Priority == "high" })
	return []rule{
		title, put,
		edit("edit the description", object{"description": "Told anew."}, nil, func(v program.Ticket, _ *cell) bool { return v.Description == "Told anew." }),
		edit("edit the priority", object{"priority": "high"}, nil, func(v program.Ticket, _ *cell) bool { return v.Priority == "high" }),
		edit("edit a ticket in progress", object{"priority": "medium"}, made("start"), func(v program.Ticket, _ *cell) bool { return v.Priority == "medium" }),
		edit("edit an escalated ticket", object{"priority": "medium"}, made("escalate"), func(v program.Ticket, _ *cell) bool { return v.Priority == "medium" }),
		late("edit the title of a resolved ticket", object{"title": "Too late"}, "resolve"),
		late("edit the description of a resolved ticket", object{"description": "Too late."}, "resolve"),
		late("edit the priority of a closed ticket", object{"priority": "high"}, "close"),
	}
}

func statusRules() []rule {
	verb := func(name, verb, to string, user int, before ...string) rule {
		return rule{name: name, stage: made(before...), call: on("POST", verb, object{"reason": "It is time."}),
			user: user, agent: 200, admin: 200, auditor: 403,
			then: is(func(v program.Ticket, _ *cell) bool { return v.Status == to })}
	}
	patch := func(name, to string, user int, before ...string) rule {
		return rule{name: name, stage: made(before...), call: on("PATCH", "", object{"status": to}),
			user: user, agent: 200, admin: 200, auditor: 403,
			then: is(func(v program.Ticket, _ *cell) bool { return v.Status == to })}
	}
	return []rule{
		verb("start work", "start", "in-progress", 403),
		verb("resolve", "resolve", "resolved", 403),
		verb("resolve what is in progress", "resolve", "resolved", 403, "start"),
		verb("escalate", "escalate", "escalated", 403),
		verb("close", "close", "closed", 200),
		verb("close what is resolved", "close", "closed", 200, "resolve"),
		verb("reopen what is closed", "reopen", "open", 200, "close"),
		verb("reopen what is resolved", "reopen", "open", 200, "resolve"),
		patch("start work by PATCH", "in-progress", 403),
		patch("resolve by PATCH", "resolved", 403),
		patch("escalate by PATCH", "escalated", 403),
		patch("close by PATCH", "closed", 200),
		patch("reopen by PATCH", "open", 200, "close"),
	}
}

func assignRules() []rule {
	to := func(who func(*cell) any) func(*cell) (string, string, any) {
		return func(c *cell) (string, string, any) {
			return "POST", c.ticket.Path("assign"), object{"assigned_to": who(c)}
		}
	}
	me := func(c *cell) any { return c.actor.ID }
	nobody := func(*cell) any { return nil }
	colleague := func(c *cell) any { return c.office.otto.Username }
	assignedTo := func(who func(*cell) string) func(*testing.T, *cell, program.Answer) {
		return is(func(v program.Ticket, c *cell) bool { return v.AssignedTo != nil && v.AssignedTo.Username == who(c) })
	}
	themselves := assignedTo(func(c *cell) string { return c.actor.Username })
	otto := assignedTo(func(*cell) string { return "otto" })
	free := is(func(v program.Ticket, _ *cell) bool { return v.AssignedTo == nil })
	return []rule{
		{name: "take a ticket", call: to(me), agent: 200, admin: 200, then: themselves},
		{name: "assign to themselves what nobody of their role is assigned", call: to(me), user: 403, auditor: 403},
		{name: "take a ticket by PATCH", call: func(c *cell) (string, string, any) {
			return "PATCH", c.ticket.Path(), object{"assigned_to": c.actor.Username}
		}, user: 403, agent: 200, admin: 200, auditor: 403, then: themselves},
		{name: "assign to another", call: to(colleague), user: 403, agent: 403, admin: 200, auditor: 403, then: otto,
			at: []relation{own, openedFor, assigned, behalf, unassigned}},
		{name: "give a ticket back", call: to(nobody), user: 403, agent: 200, admin: 200, auditor: 403, then: free,
			at: []relation{own, openedFor, ownTaken, assigned, behalf, unassigned}},
		{name: "take a ticket from another, leaving nobody", call: to(nobody), agent: 403, admin: 200, auditor: 403, then: free,
			at: []relation{taken}},
		{name: "unassign by PATCH what is another's", stage: func(t *testing.T, c *cell) {
			c.office.Admin.Assigns(t, c.ticket, "otto")
		}, call: on("PATCH", "", object{"assigned_to": nil}), user: 403, agent: 403, admin: 200, auditor: 403, then: free,
			at: []relation{own, behalf}},
		{name: "assign to somebody who is no staff", call: to(func(c *cell) any { return c.office.rita.ID }),
			user: 403, agent: 403, admin: 422, auditor: 403, code: "assignee_not_active_staff"},
		{name: "assign to an auditor", call: to(func(c *cell) any { return c.office.people["auditor"].ID }),
			user: 403, agent: 403, admin: 422, code: "assignee_not_active_staff"},
	}
}

func deleteRules() []rule {
	return []rule{
		{name: "delete", call: on("DELETE", "", nil), user: 204, agent: 403, admin: 204, auditor: 403, then: gone,
			at: []relation{own, openedFor, assigned, behalf, unassigned, taken}},
		{name: "delete what is assigned", call: on("DELETE", "", nil), user: 422, at: []relation{ownTaken}},
		{name: "delete what is in progress", stage: made("start"), call: on("DELETE", "", nil), user: 422, agent: 403, admin: 204, auditor: 403},
		{name: "delete what is closed", stage: made("close"), call: on("DELETE", "", nil), user: 422, agent: 403, admin: 204, auditor: 403},
		{name: "delete what another commented on", stage: said(false), call: on("DELETE", "", nil), user: 422, agent: 403, admin: 204, auditor: 403},
		{name: "delete what only they commented on", stage: saidThemselves(false), call: on("DELETE", "", nil), user: 204,
			then: gone, at: []relation{own, openedFor}},
	}
}
