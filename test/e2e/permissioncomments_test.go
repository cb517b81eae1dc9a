package e2e

import (
	"net/http"
	"strconv"
	"testing"

	"helpdesk/test/program"
)

func number(v program.Ticket) string { return strconv.FormatInt(v.Number, 10) }

// commented are the relations in which users and agents can have commented.
var commented = []relation{own, ownTaken, openedFor, assigned, behalf, lost}

func commentRules() []rule {
	comment := func(body object) func(*cell) (string, string, any) {
		return func(c *cell) (string, string, any) {
			return "POST", "/api/comments/", body.With(object{"ticket": c.ticket.ID})
		}
	}
	return []rule{
		{name: "comment", call: comment(object{"text": "Hello."}), user: 201, agent: 201, admin: 201, auditor: 403, unseen: 422},
		{name: "comment on their own that is closed", stage: made("close"), call: comment(object{"text": "Hello."}), user: 422, agent: 422, admin: 422,
			code: "ticket_closed", at: []relation{own, ownTaken, openedFor}},
		{name: "comment on another's that is closed", stage: made("close"), call: comment(object{"text": "Hello."}), user: 201, agent: 201, admin: 201, auditor: 403,
			unseen: 422, at: []relation{assigned, behalf, unassigned, taken}},
		{name: "write an internal note", call: comment(object{"text": "Psst.", "internal": true}), user: 403, agent: 201, admin: 201, auditor: 403, unseen: 422},
		{name: "edit their own comment", stage: saidThemselves(false), call: onComment("PATCH", object{"text": "Said better."}),
			user: 200, agent: 200, admin: 200, at: commented, then: edited},
		{name: "put their own comment anew", stage: saidThemselves(false), call: onComment("PUT", object{"text": "Said better."}),
			user: 200, agent: 200, admin: 200, at: commented, then: edited},
		{name: "remove their own comment", stage: saidThemselves(false), call: onComment("DELETE", nil),
			user: 204, agent: 204, admin: 204, at: commented, then: removed},
		{name: "edit another's comment", stage: said(false), call: onComment("PATCH", object{"text": "Said better."}),
			user: 403, agent: 403, admin: 200, auditor: 403, then: edited},
		{name: "put another's comment anew", stage: said(false), call: onComment("PUT", object{"text": "Said better."}),
			user: 403, agent: 403, admin: 200, auditor: 403, then: edited},
		{name: "remove another's comment", stage: said(false), call: onComment("DELETE", nil),
			user: 403, agent: 403, admin: 204, auditor: 403, then: removed},
		{name: "touch another's comment without changing it", stage: said(false), call: onComment("PATCH", object{}),
			user: 403, agent: 403, admin: 200, auditor: 403},
	}
}

func noteRules() []rule {
	return []rule{
		{name: "edit an internal note of another", stage: said(true), call: onComment("PATCH", object{"text": "Said better."}),
			user: 404, agent: 403, admin: 200, auditor: 403, then: edited},
		{name: "remove an internal note of another", stage: said(true), call: onComment("DELETE", nil),
			user: 404, agent: 403, admin: 204, auditor: 403, then: removed},
		{name: "edit their own internal note", stage: saidThemselves(true), call: onComment("PATCH", object{"text": "Said better."}),
			agent: 200, admin: 200, at: []relation{own, assigned, behalf}, then: edited},
		{name: "remove their own internal note", stage: saidThemselves(true), call: onComment("DELETE", nil),
			agent: 204, admin: 204, at: []relation{own, assigned, behalf}, then: removed},
	}
}

func edited(t *testing.T, c *cell, a program.Answer) {
	t.Helper()
	got := program.Read[program.Comment](t, a)
	if got.Text != "Said better." || got.EditedAt == nil || got.ID != c.comment.ID {
		t.Errorf("the comment is not as asked for: %+v", got)
	}
}

func removed(t *testing.T, c *cell, _ program.Answer) {
	t.Helper()
	refused(t, c.actor.Sends(t, "GET", c.comment.Path(), nil), http.StatusNotFound)
	if after := c.office.Admin.Sees(t, c.ticket); len(after.Comments) != 0 || after.CommentCount != 0 {
		t.Errorf("the ticket still shows what was removed: %+v", after)
	}
}
