package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"helpdesk/test/program"
)

// ways leads to each status: the verbs from a new ticket, and the verb that
// asks for it.
var ways = map[string]struct {
	before []string
	verb   string
}{
	"open":        {nil, "reopen"},
	"in-progress": {[]string{"start"}, "start"},
	"resolved":    {[]string{"resolve"}, "resolve"},
	"closed":      {[]string{"close"}, "close"},
	"escalated":   {[]string{"escalate"}, "escalate"},
}

// transitions is API.md's list.
var transitions = map[string][]string{
	"open":        {"in-progress", "resolved", "closed", "escalated"},
	"in-progress": {"resolved", "closed", "escalated"},
	"escalated":   {"in-progress", "resolved", "closed"},
	"resolved":    {"closed", "open"},
	"closed":      {"open"},
}

// allTransitions goes from every status to every other, by verb and by PATCH.
func allTransitions(t *testing.T, d *program.Helpdesk) {
	for from := range ways {
		for to := range ways {
			for _, by := range []string{"verb", "PATCH"} {
				t.Run(from+" to "+to+" by "+by, func(t *testing.T) { transit(t, d, from, to, by) })
			}
		}
	}
}

func transit(t *testing.T, d *program.Helpdesk, from, to, by string) {
	v := d.Admin.Opens(t, "x")
	for _, verb := range ways[from].before {
		v = d.Admin.Does(t, v, verb)
	}
	method, path, body := "POST", v.Path(ways[to].verb), object{}
	if by == "PATCH" {
		method, path, body = "PATCH", v.Path(), object{"status": to}
	}
	events := 1
	if to == "in-progress" && v.AssignedTo == nil { // it is taken, too
		events = 2
	}
	a := d.Admin.Sends(t, method, path, body)
	after := d.Admin.Sees(t, v)
	switch {
	case from == to:
		if a.Status != http.StatusOK || after.Version != v.Version {
			t.Errorf("onto the status it has: got %d and version %d, want 200 and %d", a.Status, after.Version, v.Version)
		}
	case slices.Contains(transitions[from], to):
		if a.Status != http.StatusOK || after.Status != to || after.Version != v.Version+events {
			t.Errorf("got %d, now %+v", a.Status, after)
		}
	default:
		p := refused(t, a, http.StatusUnprocessableEntity)
		if p.Code != "transition_not_allowed" || !strings.Contains(p.Detail, from) || !strings.Contains(p.Detail, to) {
			t.Errorf("the refusal does not name both ends: %+v", p)
		}
		if after.Version != v.Version || after.Status != from {
			t.Errorf("a refusal changed the ticket: %+v", after)
		}
	}
}

// instants follows the times that the statuses leave behind.
func instants(t *testing.T, d *program.Helpdesk) {
	alice := d.Join(t, "ina", "user")
	v := alice.Opens(t, "x")
	steps := []struct {
		verb                        string
		resolved, closed, escalated bool
	}{
		{"escalate", false, false, true}, {"resolve", true, false, true}, {"close", true, true, true}, {"reopen", false, false, true},
	}
	for _, s := range steps {
		v = d.Admin.Does(t, v, s.verb)
		if (v.ResolvedAt != nil) != s.resolved || (v.ClosedAt != nil) != s.closed || (v.EscalatedAt != nil) != s.escalated {
			t.Errorf("after %s: resolved %v, closed %v, escalated %v", s.verb, v.ResolvedAt, v.ClosedAt, v.EscalatedAt)
		}
		if v.UpdatedAt.Before(v.CreatedAt) || (v.ClosedAt != nil && !v.ClosedAt.Equal(v.UpdatedAt)) {
			t.Errorf("after %s: created %v, updated %v, closed %v", s.verb, v.CreatedAt, v.UpdatedAt, v.ClosedAt)
		}
	}
	alice.Comments(t, v, "Any news?", false)
	d.Admin.Comments(t, v, "Not yet.", true)
	if v = alice.Sees(t, v); v.FirstResponseAt != nil {
		t.Error("the requester's own comment, or a note, counts as the first response")
	}
	said := d.Admin.Comments(t, v, "Now.", false)
	if v = alice.Sees(t, v); v.FirstResponseAt == nil || !v.FirstResponseAt.Equal(said.CreatedAt) {
		t.Errorf("first_response_at: got %v, want %v", v.FirstResponseAt, said.CreatedAt)
	}
}
